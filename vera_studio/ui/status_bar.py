"""The line at the bottom: what happened last, what is being worked on, what is open."""

import math

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QProgressBar, QStatusBar, QToolButton, QWidget

from vera_studio.ui.icons import icon
from vera_studio.ui.jobs import Progress
from vera_studio.ui.studio import Studio
from vera_studio.ui.under_way import UnderWay
from vera_studio.ui.workspace import Devices

_MESSAGE_MILLISECONDS = 10_000


class StatusBar(QStatusBar):
    """Messages at the left; the work under way, the images and the device at the right.

    The run and the comparison stand here with their share, whatever page is shown, until
    something else is begun; jobs that are worked on beside them come first.
    """

    def __init__(self, studio: Studio, under_way: UnderWay, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._under_way = under_way
        self._workspace = studio.workspace
        self._busy = QLabel(textFormat=Qt.TextFormat.PlainText)
        self._busy.setObjectName("busy_text")
        # The share is written into the bar: a changed text in the layout would have all of the
        # window laid out anew.
        self._bar = QProgressBar(minimum=0, maximum=1000)
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
        studio.busy_changed.connect(self._show_work)
        under_way.changed.connect(self._follow)
        studio.progress.connect(self._show_progress)
        self._workspace.data_changed.connect(
            lambda data: self._images.setText(data.title if data else "No images")
        )
        self._workspace.devices_changed.connect(self._show_device)
        self._workspace.recipe_changed.connect(lambda _: self._show_device())
        self._show_work()

    def _follow(self) -> None:
        if not self._studio.busy.is_busy:
            self._show_work()

    def _show_work(self, _: str = "") -> None:
        busy, under_way = self._studio.busy.name, self._under_way
        text = f"{busy}…" if busy else under_way.text
        if text != self._busy.text():
            self._busy.setText(text)
        self._busy.setVisible(bool(text))
        self._bar.setVisible(bool(busy) or under_way.is_going or self._was_cut_short())
        self._cancel.setVisible(self._studio.busy.can_cancel)
        if busy or math.isnan(under_way.share):
            self._bar.setRange(0, 0)
        else:
            self._show_share(under_way.share)

    def _was_cut_short(self) -> bool:
        """Whether the last run ended before its end, which the bar goes on showing."""
        return not math.isnan(self._under_way.share) and self._under_way.share < 1

    def _show_share(self, share: float) -> None:
        thousandths = math.floor(1000 * share)
        self._bar.setRange(0, 1000)
        if thousandths != self._bar.value():
            self._bar.setValue(thousandths)

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
