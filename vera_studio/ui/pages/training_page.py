"""Watching a run: progress, losses and accuracies, live."""

import time

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSplitter, QVBoxLayout, QWidget

from vera_studio.runs.events import (
    EpochDone,
    Evaluation,
    Notice,
    RunResult,
    RunStarted,
    Stage,
    StepsDone,
)
from vera_studio.ui.run_control import RunState
from vera_studio.ui.studio import Studio
from vera_studio.ui.widgets.curve_plot import CurvePlot
from vera_studio.ui.widgets.run_progress import RunProgress

_PROGRESS_SECONDS = 0.25  # from one figure to the next: more often cannot be read
_WINDOWS = 50  # of smoothing in a run: the longer the run, the more steps the mean goes over
_OTHERS = "mean of the others"


class TrainingPage(QWidget):
    """Draws what the run reports."""

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._start: RunStarted | None = None
        self._is_open = False  # a run has begun and how it ended has not been shown
        self._progress_shown = 0.0  # when
        self._smoothed: float | None = None
        self._weight = 1.0  # of the newest loss in the smoothed one
        self.progress = RunProgress()
        self._notices = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._notices.setVisible(False)
        self._notices.setObjectName("run_notices")
        self._notices.setAccessibleName("Notices of the run")
        self.losses = CurvePlot(
            "Loss",
            "Step",
            "Cross entropy",
            empty_text="The loss of every step appears here as soon as a run trains.",
        )
        self.accuracies = CurvePlot(
            "Accuracy on the validation images",
            "Epoch",
            "Accuracy",
            percent=True,
            empty_text="A line for each target class appears here, with a point an epoch.",
        )
        self.losses.setObjectName("loss_plot")
        self.accuracies.setObjectName("accuracy_plot")
        plots = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        plots.addWidget(self.losses)
        plots.addWidget(self.accuracies)
        layout = QVBoxLayout(self)
        layout.addWidget(self.progress)
        layout.addWidget(self._notices)
        layout.addWidget(plots, 1)
        studio.run.events.connect(self._take_events)
        studio.run.state_changed.connect(self._show_state)
        studio.workspace.result_changed.connect(self._show_end)
        studio.run.failed.connect(self._show_failure)

    def _take_events(self, events: list[object]) -> None:
        newest = None
        for event in events:
            match event:
                case Stage(text, done):
                    self.progress.set_busy(text, done)
                case Notice(text):
                    self._add_notice(text)
                case RunStarted():
                    self._begin(event)
                case StepsDone():
                    self._add_steps(event)
                    newest = event
                case EpochDone():
                    self._add_epoch(event)
        if newest and time.perf_counter() - self._progress_shown >= _PROGRESS_SECONDS:
            self._show_progress(newest)
        if self._studio.run.state is RunState.PAUSED:
            self.progress.set_paused()  # the last steps came in after the pause

    def _add_notice(self, text: str) -> None:
        lines = [*filter(None, self._notices.text().split("\n")), text]
        self._notices.setText("\n".join(lines))
        self._notices.setVisible(True)

    def _begin(self, event: RunStarted) -> None:
        self._start, self._smoothed = event, None
        self._add_notice(f"{event.train_images:,} images an epoch, {event.batch_size:,} a step.")
        window = event.epochs * event.steps_per_epoch / _WINDOWS
        self._weight = 2 / (min(max(window, 8), 100) + 1)
        self.losses.clear()
        self.losses.set_series("raw", "every step", role="raw", width=1)
        self.losses.set_series("smoothed", "smoothed", role="target", width=2)
        self.losses.set_series("validation", "validation", role="other", width=2, points=True)
        self.losses.append("validation", [0], [event.validation.loss])
        self.accuracies.clear()
        for index in event.target_classes:
            name = event.class_names[index]
            self.accuracies.set_series(name, name, color_index=index, width=2, points=True)
        if len(event.target_classes) < len(event.class_names):
            self.accuracies.set_series(
                "others", _OTHERS, role="other", width=2, dashed=True, points=True
            )
        self._add_accuracies(0, event.validation)

    def _add_steps(self, event: StepsDone) -> None:
        smoothed = []
        for loss in event.losses:
            past = loss if self._smoothed is None else self._smoothed
            self._smoothed = past + self._weight * (loss - past)
            smoothed.append(self._smoothed)
        steps = range(event.first_step, event.first_step + len(event.losses))
        self.losses.append("raw", steps, event.losses)
        self.losses.append("smoothed", steps, smoothed)

    def _show_progress(self, event: StepsDone) -> None:
        assert self._start is not None
        self._progress_shown = time.perf_counter()
        self.progress.set_progress(
            event.progress,
            event.epoch,
            self._start.epochs,
            event.images_per_second,
            event.seconds_left,
        )

    def _add_epoch(self, event: EpochDone) -> None:
        self.losses.append("validation", [event.step], [event.validation.loss])
        self._add_accuracies(event.epoch, event.validation)
        if event.is_best:
            self.losses.set_marker(event.step, "best")
            self.accuracies.set_marker(event.epoch, "best")

    def _add_accuracies(self, epoch: int, validation: Evaluation) -> None:
        assert self._start is not None
        names, targets = self._start.class_names, self._start.target_classes
        for index in targets:
            self.accuracies.append(names[index], [epoch], [validation.per_class[index]])
        others = [index for index in range(len(names)) if index not in targets]
        if others:
            self.accuracies.append("others", [epoch], [validation.mean_over(others)])

    def _show_state(self, state: RunState) -> None:
        if state is RunState.RUNNING:
            if not self._is_open:  # a new run, not a resumed one
                self._notices.clear()
                self._notices.setVisible(False)
            self._is_open = True
        elif state is RunState.PAUSED:
            self.progress.set_paused()
        elif state is RunState.STOPPING:
            self.progress.set_busy("Stopping")
        elif state is RunState.IDLE and self._is_open:
            self._is_open = False
            self.progress.set_stopped("Stopped; nothing was kept")

    def _show_end(self, result: RunResult | None) -> None:
        if result is None:
            return
        self._is_open = False
        text = f"after {result.epochs_done} epochs, {result.images_per_second:,.0f} images/s"
        if result.stopped:
            self.progress.set_stopped(f"Stopped {text}")
        else:
            self.progress.set_finished(f"Finished {text}")

    def _show_failure(self, _: Exception) -> None:
        self._is_open = False
        self.progress.set_stopped("Stopped by an error")
