"""A camera, where the machine has one and Qt's multimedia is installed; neither is needed."""

import importlib.util
import time
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

_MISSING = "It needs Qt's multimedia, which is not installed: pip install PySide6-Addons."
_NONE = "No camera was found on this machine."
_FRAME_SECONDS = 0.1  # between two frames that are looked at


def missing_module() -> str:
    """Why no camera can be used, whatever there is, a sentence; empty where one could."""
    return "" if importlib.util.find_spec("PySide6.QtMultimedia") else _MISSING


class Camera(QObject):
    """The first camera of the machine.

    Signals:
        frame(QImage): what it sees, some ten times a second.
        failed(str): it cannot be used; why.
    """

    frame = Signal(QImage)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts: tuple[Any, ...] = ()  # of Qt's, while it is on
        self._last = 0.0

    @property
    def is_on(self) -> bool:
        """Whether frames come."""
        return bool(self._parts)

    def start(self) -> str:
        """Switch it on; why it cannot be, or empty."""
        if missing := missing_module():
            return missing
        # Imported when it is first wanted: it takes a while, and looks at devices.
        try:
            from PySide6.QtMultimedia import (
                QCamera,
                QMediaCaptureSession,
                QMediaDevices,
                QVideoSink,
            )
        except ImportError as error:  # a library of the system that it needs
            return f"Qt's multimedia cannot be loaded: {error}."

        if not QMediaDevices.videoInputs():
            return _NONE
        camera = QCamera(QMediaDevices.defaultVideoInput(), self)
        session, sink = QMediaCaptureSession(self), QVideoSink(self)
        session.setCamera(camera)
        session.setVideoSink(sink)
        sink.videoFrameChanged.connect(self._take)
        camera.errorOccurred.connect(lambda _, text: self._fail(text))
        self._parts = camera, session, sink
        camera.start()
        return ""

    def stop(self) -> None:
        """Switch it off."""
        for part in self._parts[:1]:
            part.stop()
        for part in self._parts:
            part.deleteLater()
        self._parts = ()

    def _take(self, frame: Any) -> None:
        now = time.monotonic()
        if self.is_on and now - self._last >= _FRAME_SECONDS:
            self._last = now
            self.frame.emit(frame.toImage())

    def _fail(self, text: str) -> None:
        if self.is_on:
            self.stop()
            self.failed.emit(f"The camera cannot be used: {text}.")
