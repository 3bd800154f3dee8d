"""What a camera sees, as one of the pictures that are tried."""

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QPushButton, QWidget

from vera_studio.ui.icons import icon
from vera_studio.ui.pages.try_images.sources import content_of
from vera_studio.ui.state.camera import Camera, missing_module
from vera_studio.ui.state.try_control import TryControl
from vera_studio.ui.widgets.reasons import allow

_SIDE = 640  # pixels, at most


class LivePicture(QObject):
    """A button that switches a camera on and off, and one that keeps what it sees now.

    It is off while the page is not shown. Where there is no camera the button says why.

    Signals:
        wanted(int): the picture with this number is the camera's.
        message(str): why there is no camera.

    Attributes:
        camera: that is used.
        number: of the camera's picture; 0 without one.
        button, keep: to be shown by the page.
    """

    wanted = Signal(int)
    message = Signal(str)

    def __init__(self, control: TryControl, page: QWidget) -> None:
        super().__init__(page)
        self._control = control
        self.camera = Camera(self)
        self.number = 0
        self.button = QPushButton(icon("camera"), "Camera", page)
        self.button.setCheckable(True)
        self.button.setObjectName("camera_button")
        self.button.setAccessibleName("Camera")
        self.button.setToolTip("Classify what a camera sees, as it sees it")
        allow(self.button, missing_module())
        self.keep = QPushButton(icon("check"), "Keep", page)
        self.keep.setObjectName("keep_frame_button")
        self.keep.setAccessibleName("Keep what the camera sees")
        self.keep.setToolTip("Keep what the camera sees now as a picture of its own")
        self.keep.hide()
        self.button.toggled.connect(self._toggle)
        self.keep.clicked.connect(self._keep_frame)
        self.camera.frame.connect(self._take)
        self.camera.failed.connect(self._refuse)
        page.installEventFilter(self)

    def stop(self) -> None:
        """Switch the camera off; what it saw last stays."""
        self.button.setChecked(False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Hide:
            self.stop()
        return False

    def _toggle(self, is_on: bool) -> None:
        reason = self.camera.start() if is_on else ""
        if reason:
            self._refuse(reason)
            return
        if not is_on:
            self.camera.stop()
            self.number = 0
        self.keep.setVisible(is_on)

    def _refuse(self, reason: str) -> None:
        self.button.setChecked(False)
        allow(self.button, reason)
        self.message.emit(reason)

    def _take(self, frame: QImage) -> None:
        if self.number not in self._control.pictures:
            self._control.add([("Camera", content_of(frame, _SIDE))])
            self.number = max(self._control.pictures, default=0)
            self.wanted.emit(self.number)
        elif not self._control.is_going:  # no faster than they can be classified
            self._control.replace(self.number, content_of(frame, _SIDE))

    def _keep_frame(self) -> None:
        picture = self._control.pictures.get(self.number)
        if picture is not None:
            title = f"From the camera, {len(self._control.pictures)}"
            self._control.add([(title, picture.source)])
