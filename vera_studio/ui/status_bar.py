"""The line at the bottom: what happened last, what is being worked on, what is open."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QProgressBar, QStatusBar, QToolButton, QWidget

from vera_studio.ui.icons import icon
from vera_studio.ui.jobs import Progress
from vera_studio.ui.studio import Studio
from vera_studio.ui.workspace import Devices

_MESSAGE_MILLISECONDS = 10_000


class StatusBar(QStatusBar):
    """Messages at the left; the work under way, the images and the device at the right."""

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._workspace = studio.workspace
        self._busy = QLabel(textFormat=Qt.TextFormat.PlainText)
        self._busy.setObjectName("busy_text")
        self._bar = QProgressBar(textVisible=False)
        self._bar.setMaximumWidth(140)
        self._bar.setObjectName("busy_progress")
        self._bar.setAccessibleName("Progress of the work under way")
        self._cancel = QToolButton(autoRaise=True)
        self._cancel.setObjectName("cancel_busy_button")
        self._cancel.setAccessibleName("Cancel")
        self._cancel.setToolTip("Break off the work under way")
        self._cancel.setIcon(icon("close"))
        self._cancel.clicked.connect(studio.busy.cancel)
        self._images = QLabel(textFormat=Qt.TextFormat.PlainText)
        self._device = QLabel(textFormat=Qt.TextFormat.PlainText)
        self._images.setObjectName("status_images")
        self._device.setObjectName("status_device")
        for widget in (self._busy, self._bar, self._cancel, self._images, self._device):
            self.addPermanentWidget(widget)
        studio.message.connect(lambda text: self.showMessage(text, _MESSAGE_MILLISECONDS))
        studio.busy_changed.connect(self._show_busy)
        studio.progress.connect(self._show_progress)
        self._workspace.data_changed.connect(lambda data: self._images.setText(data.title))
        self._workspace.devices_changed.connect(self._show_device)
        self._workspace.recipe_changed.connect(lambda _: self._show_device())
        self._show_busy("")

    def _show_busy(self, text: str) -> None:
        self._busy.setText(f"{text}…" if text else "")
        self._bar.setRange(0, 0)
        for widget in (self._busy, self._bar):
            widget.setVisible(bool(text))
        self._cancel.setVisible(self._studio.busy.can_cancel)

    def _show_progress(self, progress: Progress) -> None:
        # A bar counts in 32 bits; thousandths show any number of bytes.
        self._bar.setRange(0, 1000 if progress.total else 0)
        self._bar.setValue(1000 * progress.done // max(progress.total, 1))

    def _show_device(self, _: Devices | None = None) -> None:
        devices = self._workspace.devices
        if devices is None:
            return
        wanted = self._workspace.recipe.training.device
        chosen = devices.available[0] if wanted == "auto" else wanted
        self._device.setText(chosen.upper())
        self._device.setToolTip(devices.auto_reason if wanted == "auto" else "As chosen")
