"""The line at the bottom: what happened last, what is being worked on, what is open."""

import math

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QProgressBar, QStatusBar, QToolButton, QWidget

from vera_studio.ui.icons import icon
from vera_studio.ui.state.activities import Activity
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.state.workspace import Devices
from vera_studio.ui.widgets.reasons import allow

_MESSAGE_MILLISECONDS = 10_000


class StatusBar(QStatusBar):
    """Messages at the left; the foremost activity, the images and the device at the right."""

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._activities = studio.activities
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
        self._cancel.clicked.connect(self._stop)
        self._images = QLabel(textFormat=Qt.TextFormat.PlainText)
        self._device = QLabel(textFormat=Qt.TextFormat.PlainText)
        self._images.setObjectName("status_images")
        self._device.setObjectName("status_device")
        for widget in (self._busy, self._bar, self._cancel, self._images, self._device):
            self.addPermanentWidget(widget)
        studio.message.connect(lambda text: self.showMessage(text, _MESSAGE_MILLISECONDS))
        studio.activities.listed.connect(self._show)
        studio.activities.told.connect(self._follow)
        self._workspace.data_changed.connect(
            lambda data: self._images.setText(data.title if data else "No images")
        )
        self._workspace.devices_changed.connect(self._show_device)
        self._workspace.recipe_changed.connect(lambda _: self._show_device())
        self._show()

    def _follow(self, activity: Activity) -> None:
        if activity is self._activities.foremost:
            self._show()

    def _show(self) -> None:
        activity = self._activities.foremost
        text = _text(activity) if activity else ""
        if text != self._busy.text():
            self._busy.setText(text)
        self._busy.setVisible(bool(text))
        self._bar.setVisible(activity is not None and (activity.is_going or _was_cut(activity)))
        self._cancel.setVisible(activity is not None and _may_be_cancelled(activity))
        if activity is not None:
            allow(self._cancel, activity.why_no_stop)
            self._show_share(activity.share)

    def _show_share(self, share: float) -> None:
        # A bar counts in 32 bits; thousandths show any number of bytes.
        thousandths = 0 if math.isnan(share) else math.floor(1000 * share)
        self._bar.setRange(0, 0 if math.isnan(share) else 1000)
        if thousandths != self._bar.value():
            self._bar.setValue(thousandths)

    def _stop(self) -> None:
        if activity := self._activities.foremost:
            activity.stop()

    def _show_device(self, _: Devices | None = None) -> None:
        devices = self._workspace.devices
        if devices is None:
            return
        wanted = self._workspace.recipe.training.device
        chosen = devices.available[0] if wanted == "auto" else wanted
        self._device.setText(chosen.upper())
        self._device.setToolTip(devices.auto_reason if wanted == "auto" else "As chosen")


def _text(activity: Activity) -> str:
    if activity.handling.is_main or not activity.is_going:
        return activity.sentence
    return f"{activity.stage or activity.sentence}…"


def _was_cut(activity: Activity) -> bool:
    """Whether it ended before its end, which the bar goes on showing."""
    return not activity.is_going and activity.share < 1


def _may_be_cancelled(activity: Activity) -> bool:
    """Runs and comparisons have a Stop of their own, which is not pressed by mistake."""
    return activity.is_going and activity.handling.can_stop and not activity.handling.is_main
