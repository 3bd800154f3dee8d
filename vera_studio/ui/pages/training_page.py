"""Watching a run: progress, losses and accuracies, live."""

import math
import time
from array import array

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from vera_studio.runs.events import (
    EpochDone,
    Evaluation,
    Notice,
    RunResult,
    RunStarted,
    Stage,
    StepsDone,
)
from vera_studio.ui.run_caption import RunCaption
from vera_studio.ui.state.run_control import RunState
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.curve_plot import CurvePlot
from vera_studio.ui.widgets.more_choice import MoreChoice
from vera_studio.ui.widgets.run_progress import RunProgress
from vera_studio.ui.widgets.smoothing import Smoothing
from vera_studio.ui.widgets.wrapped_label import WrappedLabel
from vera_studio.wording import epochs_text, of_few

_PROGRESS_SECONDS = 0.25  # from one figure to the next: more often cannot be read
# Keys of curves. Classes have their numbers: a class may have any of these for its name.
_RAW, _SMOOTHED = "raw", "smoothed"
_ALL, _TARGETS, _OTHERS = "validation", "validation_targets", "validation_others"
_MEAN_OF_TARGETS, _MEAN_OF_OTHERS = "targets", "others"
_MOST_CURVES = 10  # of classes, shown by themselves
_MOST_MORE = 10  # that may be added


class TrainingPage(QWidget):
    """Draws what the run reports."""

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._start: RunStarted | None = None
        self._is_open = False  # a run has begun and how it ended has not been shown
        self._progress_shown = 0.0  # when
        self._smoothing = Smoothing(1)
        self._are_apart = False  # the validation losses of targets and others
        self._curves: list[int] = []  # classes that have one
        # Epoch, and the accuracy of each class in 4 bytes: there may be 10,000 of 1,000.
        self._validations: list[tuple[int, array[float]]] = []
        self.caption = RunCaption("training_caption", studio.workspace)
        self.progress = RunProgress()
        self._notices = WrappedLabel("run_notices", "Notices of the run")
        self._notices.setVisible(False)
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
        self.more = MoreChoice(_MOST_MORE)
        self.more.setObjectName("more_classes")
        self.more.setAccessibleName("Show the curve of another class")
        self.more.setToolTip("Show the curve of another target class")
        self.more.wanted.connect(self._add_curve)
        self.accuracies.tools.insertWidget(0, self.more)
        plots = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        plots.addWidget(self.losses)
        plots.addWidget(self.accuracies)
        layout = QVBoxLayout(self)
        layout.addWidget(self.caption)
        layout.addWidget(self.progress)
        layout.addWidget(self._notices)
        layout.addWidget(plots, 1)
        studio.run.events.connect(self._take_events)
        studio.run.state_changed.connect(self._show_state)
        studio.run.finished.connect(self._show_end)
        studio.run.failed.connect(self._show_failure)

    def _take_events(self, events: list[object]) -> None:
        newest = None
        data = self._studio.workspace.data
        known = data.notes if data else ()  # the page of images says that
        for event in events:
            match event:
                case Stage(text, done):
                    self.progress.set_busy(text, done)
                case Notice(text):
                    if text not in known:
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
        self._notices.setText("\n".join(filter(None, (self._notices.text(), text))))
        self._notices.setVisible(True)

    def _begin(self, event: RunStarted) -> None:
        self._start = event
        self._smoothing = Smoothing(event.epochs * event.steps_per_epoch)
        self.caption.set_run(event.subject)
        sizes = f"{event.train_images:,} images an epoch, {event.batch_size:,} a step."
        self._add_notice(f"{sizes} {event.chosen_by}")
        self._begin_losses(event)
        self._begin_accuracies(event)
        self._add_validation(0, 0, event.validation)
        self._set_live(True)

    def _begin_accuracies(self, event: RunStarted) -> None:
        self.accuracies.clear()
        self._curves, self._validations = [], []
        measured = event.validation
        shown = _weakest(event.target_classes, measured)
        for index in shown:
            self._add_curve(index)
        rest = [index for index in event.target_classes if index not in shown]
        self.more.offer(
            f"{len(rest):,} more classes", [(index, event.class_names[index]) for index in rest]
        )
        if rest:
            self.accuracies.set_series(
                _MEAN_OF_TARGETS, "mean of the targets", role="target", width=3, points=True
            )
        if not math.isnan(event.validation.mean_over(event.other_classes)):
            self.accuracies.set_series(
                _MEAN_OF_OTHERS,
                "mean of the others",
                role="other",
                width=2,
                dashed=True,
                points=True,
            )

    def _add_curve(self, index: int) -> None:
        """Show the curve of a class, with what is known of it by now."""
        assert self._start is not None
        names, images = self._start.class_names, self._start.validation.counts[index]
        # A class keeps its colour from run to run, as long as there are colours for all.
        color = index if len(names) <= _MOST_CURVES else len(self._curves)
        self._curves.append(index)
        label = _class_label(names[index], images)
        self.accuracies.set_series(class_key(index), label, color_index=color, width=2, points=True)
        epochs = [epoch for epoch, _ in self._validations]
        self.accuracies.append(class_key(index), epochs, [s[index] for _, s in self._validations])

    def _set_live(self, live: bool) -> None:
        self.losses.set_live(live)
        self.accuracies.set_live(live)

    def _begin_losses(self, event: RunStarted) -> None:
        validation = event.validation
        kinds = (event.target_classes, event.other_classes)
        self._are_apart = not any(math.isnan(validation.loss_over(classes)) for classes in kinds)
        if self._are_apart:
            names = {
                _TARGETS: "validation, target classes",
                _OTHERS: "validation, other classes",
            }
        else:  # there are images of one kind only
            names = {_ALL: "validation"}
        self.losses.clear()
        self.losses.set_series(_RAW, "every step", role="raw", width=1)
        self.losses.set_series(_SMOOTHED, "smoothed", role="target", width=2)
        for key, name in names.items():
            dashed = key == _OTHERS
            self.losses.set_series(key, name, role="other", width=2, points=True, dashed=dashed)

    def _add_steps(self, event: StepsDone) -> None:
        end = event.first_step + len(event.losses)
        smoothed = self._smoothing.add(event.losses)
        self.losses.append(_RAW, range(event.first_step, end), event.losses)
        self.losses.append(_SMOOTHED, range(end - len(smoothed), end), smoothed)

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
        self._add_validation(event.epoch, event.step, event.validation)
        if event.is_best:
            self.losses.set_marker(event.step, "best")
            self.accuracies.set_marker(event.epoch, "best")

    def _add_validation(self, epoch: int, step: int, validation: Evaluation) -> None:
        assert self._start is not None
        others = self._start.other_classes
        if self._are_apart:
            targets = validation.loss_over(self._start.target_classes)
            self.losses.append(_TARGETS, [step], [targets])
            self.losses.append(_OTHERS, [step], [validation.loss_over(others)])
        else:
            self.losses.append(_ALL, [step], [validation.loss])
        self._validations.append((epoch, array("f", validation.per_class)))
        for index in self._curves:
            self.accuracies.append(class_key(index), [epoch], [validation.per_class[index]])
        if len(self._start.target_classes) > _MOST_CURVES:
            mean = validation.mean_over(self._start.target_classes)
            if not math.isnan(mean):
                self.accuracies.append(_MEAN_OF_TARGETS, [epoch], [mean])
        mean = validation.mean_over(others)
        if not math.isnan(mean):
            self.accuracies.append(_MEAN_OF_OTHERS, [epoch], [mean])

    def _show_state(self, state: RunState) -> None:
        if state is RunState.RUNNING:
            if not self._is_open:  # a new run, not a resumed one
                self._notices.clear()
                self._notices.setVisible(False)
                self.caption.clear_run()
                self.progress.set_idle("Beginning")
            self._is_open = True
        elif state is RunState.PAUSED:
            self.progress.set_paused()
        elif state is RunState.STOPPING:
            self.progress.set_busy("Stopping")
        elif state is RunState.IDLE and self._is_open:
            self._is_open = False
            self.progress.set_stopped("Stopped; nothing was kept")
        if state is RunState.IDLE:
            self._set_live(False)

    def _show_end(self, result: RunResult) -> None:
        self._is_open = False
        text = f"after {epochs_text(result.epochs_done)}, {result.images_per_second:,.0f} images/s"
        if result.fell_short:
            before = "class means" if result.has_own_classes else "network before training"
            text += f"; none was better than the {before}"
            for plot in (self.losses, self.accuracies):
                plot.set_marker(0, "best")
        if result.stopped:
            self.progress.set_stopped(f"Stopped {text}")
        else:
            self.progress.set_finished(f"Finished {text}")

    def _show_failure(self, _: Exception) -> None:
        self._is_open = False
        self.progress.set_stopped("Stopped by an error")


def class_key(index: int) -> str:
    """The key of the curve of the class `index` in the plot of accuracies."""
    return f"class {index}"


def _weakest(classes: tuple[int, ...], measured: Evaluation) -> list[int]:
    """Those of `classes` to show by themselves: all, or of many the weakest, in their order."""
    if len(classes) <= _MOST_CURVES:
        return list(classes)
    with_images = [index for index in classes if measured.counts[index]]
    weakest = sorted(with_images, key=lambda index: measured.per_class[index])[:_MOST_CURVES]
    return sorted(weakest)


def _class_label(name: str, images: int) -> str:
    """The class in the legend; with its validation images, where a few of them say little."""
    if images and not of_few(1.0, images):
        return name
    return f"{name}, {images or 'no'} {'image' if images == 1 else 'images'}"
