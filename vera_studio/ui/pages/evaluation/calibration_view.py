"""Whether shares mean what they say, and the temperature that makes them."""

import math
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from vera_studio.runs.prediction_figures import Calibration
from vera_studio.ui.jobs import evaluation as evaluation_jobs
from vera_studio.ui.jobs.evaluation import Evaluated, Side
from vera_studio.ui.state.newest_job import NewestJob
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.widgets.reliability_plot import ReliabilityBin, ReliabilityPlot
from vera_studio.ui.widgets.wrapped_label import WrappedLabel
from vera_studio.wording import printable

_LITTLE = 0.005  # a mean difference that is none


class CalibrationView(QWidget):
    """Signals:
    temperature_kept(): the adapter that is on has another temperature now.
    """

    temperature_kept = Signal()

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._fitted: float | None = None
        self._fitting = NewestJob("Fitting a temperature", studio.runner, self)
        self._fitting.failed.connect(studio.failed)
        for ended in (self._fitting.failed, self._fitting.cancelled):
            ended.connect(self._allow)
        self.text = WrappedLabel("calibration_text", "How far shares are from being right")
        self.plot = ReliabilityPlot()
        self.plot.setToolTip(
            "Bars: of the images with such a share, those that are right. On the dashed line "
            "shares mean what they say. Circles: the network before"
        )
        self._legend = QLabel()
        self._legend.setForegroundRole(self.palette().ColorRole.PlaceholderText)
        self.temperature = WrappedLabel("temperature_text", "The adapter's temperature")
        self.fit = _button("fit_temperature", "Fit a Temperature")
        self.fit.setToolTip(
            "Find the one number by which to divide what the adapter that is on says, so that "
            "its shares mean what they say on the validation images. No class changes by it"
        )
        self.fit.clicked.connect(self._start)
        self.keep = _button("keep_temperature", "Keep in the Adapter")
        self.keep.setToolTip("Write the temperature into the adapter's file in the library")
        self.keep.clicked.connect(self._keep)
        buttons = QHBoxLayout()
        buttons.addWidget(self.fit)
        buttons.addWidget(self.keep)
        buttons.addStretch()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.text)
        layout.addWidget(self.plot, 1)
        layout.addWidget(self._legend)
        layout.addWidget(self.temperature)
        layout.addLayout(buttons)
        workspace = studio.workspace
        for signal in (workspace.adapter_changed, workspace.data_changed, studio.busy_changed):
            signal.connect(self._follow)
        self._follow()

    def show_figures(self, evaluated: Evaluated) -> None:
        """Show the calibration of these."""
        after, before = evaluated.after, evaluated.before
        self.text.setText(_sentence(after, before))
        self.plot.set_bins(_bins(after.calibration), _bins(before.calibration) if before else ())
        self._legend.setText("Bars: now" + ("; circles: before" if before else ""))

    def _follow(self, _: object = None) -> None:
        workspace = self._studio.workspace
        adapter = workspace.adapter
        self._fitting.forget()
        self._fitted = None
        if adapter is None:
            self.temperature.setText("No adapter is on whose temperature could be fitted.")
        else:
            now = adapter.content.info.temperature
            title = printable(adapter.title)
            self.temperature.setText(f"{title} is on; its temperature is {now:.4g}.")
        self._allow()

    def _allow(self, _: object = None) -> None:
        workspace, studio = self._studio.workspace, self._studio
        adapter, data = workspace.adapter, workspace.data
        reason = studio.obstacle
        if adapter is None:
            reason = "No adapter is on."
        elif adapter.path is None:
            reason = "Two adapters are combined: keep the combination first."
        elif data is None or not len(data.validation):
            reason = "No validation images are open."
        allow(self.fit, reason or ("It is being fitted." if self._fitting.is_going else ""))
        allow(self.keep, reason or ("" if self._fitted else "None has been fitted yet."))

    def _start(self) -> None:
        workspace = self._studio.workspace
        model, adapter, data = workspace.model, workspace.adapter, workspace.data
        if model is None or adapter is None or data is None:
            return
        function = partial(evaluation_jobs.fit_temperature, model, adapter, data)
        self._fitting.start(function, self._take)
        self._allow()

    def _take(self, fitted: float) -> None:
        adapter, data = self._studio.workspace.adapter, self._studio.workspace.data
        assert adapter is not None
        assert data is not None
        self._fitted = fitted
        now = adapter.content.info.temperature
        self.temperature.setText(
            f"{fitted:.4g} suits {printable(adapter.title)} best, by {len(data.validation):,} "
            f"validation images; its temperature is {now:.4g} now."
        )
        self._allow()

    def _keep(self) -> None:
        adapter, fitted = self._studio.workspace.adapter, self._fitted
        if adapter is None or adapter.path is None or fitted is None:
            return
        if self._studio.shelf.keep_temperature(adapter.path, fitted):
            self._studio.adapters.switch_on(adapter.path)
            self._studio.message.emit(f"{adapter.title} has the temperature {fitted:.4g} now.")
            self.temperature_kept.emit()


def _sentence(after: Side, before: Side | None) -> str:
    found = after.calibration
    if math.isnan(found.error):
        return "There are no images to go by."
    was = f" ({100 * before.calibration.error:.1f} before)" if before else ""
    surest = float(after.shares[:, 0].mean()) - after.accuracy
    if abs(surest) < _LITTLE:
        how = "in the mean they are as high as they should be"
    else:
        high = "too high" if surest > 0 else "too low"
        how = f"in the mean they are {high}, by {100 * abs(surest):.1f} points"
    return (
        f"Expected calibration error: {100 * found.error:.1f} points{was}. Shares are off by so "
        f"much; {how}."
    )


def _bins(found: Calibration) -> list[ReliabilityBin]:
    return [
        ReliabilityBin(
            float(found.edges[index]),
            float(found.edges[index + 1]),
            int(found.count[index]),
            float(found.share[index]),
            float(found.right[index]),
        )
        for index in range(len(found.count))
    ]


def _button(name: str, text: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(f"{name}_button")
    button.setAccessibleName(text)
    return button
