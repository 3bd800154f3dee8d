"""Before against after: figures, confusion, calibration, and the pictures behind them."""

import html
import math
from functools import partial
from pathlib import Path
from typing import cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QSplitter,
    QStackedLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from vera_studio.runs.events import RunResult
from vera_studio.runs.prediction_figures import broken, mended
from vera_studio.ui import evaluation_jobs
from vera_studio.ui.evaluation_jobs import PARTS, Evaluated
from vera_studio.ui.icons import icon
from vera_studio.ui.newest_job import NewestJob
from vera_studio.ui.pages.evaluation.calibration_view import CalibrationView
from vera_studio.ui.pages.evaluation.classes_view import ClassesView
from vera_studio.ui.pages.evaluation.confusion_view import ConfusionView
from vera_studio.ui.pages.evaluation.gallery_pane import GalleryPane
from vera_studio.ui.pages.evaluation.marks_bar import MarksBar
from vera_studio.ui.pages.evaluation.pairs_view import PairsView
from vera_studio.ui.pages.evaluation.pictures import Pictures
from vera_studio.ui.pages.evaluation.selection import Selection, When
from vera_studio.ui.studio import Studio
from vera_studio.ui.widgets.choice_row import Choice, ChoiceRow
from vera_studio.ui.widgets.empty_state import EmptyState
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.widgets.wrapped_label import WrappedLabel
from vera_studio.ui.workspace import Part
from vera_studio.wording import printable

_MOST_CELLS = 40  # classes: of more, the worst pairs are shown first
_PARTS = (
    Choice("validation", "Validation", "The images held out of training: look at their mistakes"),
    Choice(
        "test", "Test", "The images measured at the end; choosing by them makes them count less"
    ),
)
_VIEWS = (
    Choice("classes", "Classes", "Precision, recall and F1 of every class"),
    Choice("confusion", "Confusion", "Which class was taken for which, as a matrix"),
    Choice("pairs", "Worst Pairs", "The classes that are mistaken for each other most often"),
    Choice("calibration", "Calibration", "Whether shares mean what they say"),
)
_TEST_NOTE = " The test images are measured once, at the end; look for what to mend in the others."


class EvaluationPage(QWidget):
    """Shows a run, or what the network has on now.

    Signals:
        about_changed(str): what is shown is about this now.
    """

    about_changed = Signal(str)

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._run: Path | None = None  # folder of the run that can be chosen
        self._evaluated: Evaluated | None = None
        self._is_stale = True
        self._evaluating = NewestJob("Evaluating", studio.runner, self)
        self._evaluating.failed.connect(self._show_failure)
        self._make_top()
        self._make_views()
        self.gallery = GalleryPane(studio)
        self.marks = MarksBar(studio)
        self.marks.changed.connect(self.gallery.set_marks)
        self.gallery.pane.mark_requested.connect(self.marks.mark)
        self._empty = EmptyState(icon("results"), "", "")
        self._empty.action_triggered.connect(self._choose_present)
        self._lay_out()
        workspace = studio.workspace
        workspace.result_changed.connect(self._follow_result)
        for signal in (workspace.model_changed, workspace.data_changed, workspace.adapter_changed):
            signal.connect(self._follow_present)
        studio.busy_changed.connect(self._follow_present)
        self._fill_source()

    # Building

    def _make_top(self) -> None:
        self.source = QComboBox()
        self.source.setObjectName("evaluation_source")
        self.source.setAccessibleName("What is evaluated")
        self.source.setToolTip("A run as it ended, or the network with what it has on now")
        self.source.setMinimumContentsLength(24)
        self.source.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.source.activated.connect(lambda _: self._reload())
        self.part = ChoiceRow("evaluation_part", "Images", _PARTS)
        self.part.chosen.connect(lambda _: self._reload())
        self.summary = WrappedLabel(
            "evaluation_summary", "Before and after", Qt.TextFormat.RichText
        )

    def _make_views(self) -> None:
        self.classes, self.confusion = ClassesView(), ConfusionView()
        self.pairs, self.calibration = PairsView(), CalibrationView(self._studio)
        self.classes.class_chosen.connect(lambda row: self._select(Selection("class", row)))
        self.confusion.cell_chosen.connect(self._select_cell)
        self.pairs.pair_chosen.connect(lambda true, other: self._select_cell(true, other, "after"))
        self.calibration.temperature_kept.connect(self._choose_present)
        self.view = ChoiceRow("evaluation_view", "Figures", _VIEWS)
        self.view.chosen.connect(self._show_view)
        self.filter = QLineEdit(placeholderText="Filter classes", clearButtonEnabled=True)
        self.filter.setObjectName("evaluation_filter")
        self.filter.setAccessibleName("Filter classes")
        self.filter.setToolTip("Show classes only that have this in their names")
        for one in (self.classes, self.confusion, self.pairs):
            self.filter.textChanged.connect(one.set_filter)
        self._views = QStackedWidget()
        for view in (self.classes, self.confusion, self.pairs, self.calibration):
            self._views.addWidget(view)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.source, 1)
        top.addWidget(self.part)
        heads = QHBoxLayout()
        heads.addWidget(self.view)
        heads.addWidget(self.filter, 1)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 6, 0)
        column.addLayout(heads)
        column.addWidget(self._views, 1)
        right = QWidget()
        pictures = QVBoxLayout(right)
        pictures.setContentsMargins(6, 0, 0, 0)
        pictures.addWidget(self.gallery, 1)
        pictures.addWidget(self.marks)
        sides = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        sides.addWidget(left)
        sides.addWidget(right)
        sides.setSizes([500, 480])
        filled = QWidget()
        inner = QVBoxLayout(filled)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(self.summary)
        inner.addWidget(sides, 1)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(filled)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addLayout(self._stack, 1)

    # What is evaluated

    def show_run(self, folder: Path) -> None:
        """Evaluate the run in `folder`."""
        self._run = folder
        self._fill_source(is_run=True)
        self._reload()

    @property
    def is_run(self) -> bool:
        """Whether a run is shown, and not the network as it is."""
        return self.source.currentData() is not None

    def _follow_result(self, result: RunResult | None) -> None:
        if result is not None:
            self.show_run(result.folder)

    def _follow_present(self, _: object = None) -> None:
        """Other things are open, or on, than what was evaluated or where pictures come from."""
        self._fill_source(self.is_run)
        if self.is_run:
            self._find_pictures()
        elif not self._studio.busy.is_busy:
            self._reload()

    def _choose_present(self) -> None:
        self.source.setCurrentIndex(self.source.count() - 1)
        self._reload()

    def _fill_source(self, is_run: bool = False) -> None:
        workspace = self._studio.workspace
        self.source.clear()
        if self._run is not None:
            self.source.addItem(f"Run {printable(self._run.name)}", self._run)
        on = printable(workspace.adapter.title) if workspace.adapter else "the network, nothing on"
        self.source.addItem(f"Now: {on}", None)
        self.source.setCurrentIndex(0 if is_run else self.source.count() - 1)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self._load()

    def _reload(self) -> None:
        self._is_stale = True
        self._evaluating.forget()
        if self.isVisible():
            self._load()

    def _load(self) -> None:
        self._is_stale = False
        self._tell_about()
        folder = cast(Path | None, self.source.currentData())
        parts = self._parts_of(folder)
        for part in PARTS:
            self.part.allow(part, "" if part in parts else f"There are no {part} images.")
        if not parts:
            self._show_none(folder)
            return
        if self.part.choice not in parts:
            self.part.set_choice(parts[0])
        part = cast(Part, self.part.choice)
        workspace = self._studio.workspace
        model, adapter, data = workspace.model, workspace.adapter, workspace.data
        settings = workspace.recipe.data
        if folder is not None:
            run = partial(evaluation_jobs.evaluate_run, folder, part)
            self._evaluating.start(run, self._take)
        elif model is not None and data is not None:
            evaluate = evaluation_jobs.evaluate_network
            now = partial(evaluate, model, adapter, data, settings, part)
            self._evaluating.start(now, self._take)

    def _parts_of(self, folder: Path | None) -> tuple[Part, ...]:
        if folder is not None:
            return evaluation_jobs.parts_of_run(folder)
        workspace = self._studio.workspace
        if workspace.model is None or workspace.data is None or workspace.is_untrained:
            return ()
        data = workspace.data
        return tuple(p for p in PARTS if len(data.validation if p == "validation" else data.test))

    # What came of it

    def _show_none(self, folder: Path | None) -> None:
        self._evaluated = None
        self._stack.setCurrentIndex(0)
        if folder is None:
            why = "Open a network and images, and train an adapter or switch one on."
            self._empty.set_text("Nothing to evaluate yet", why)
            return
        self._empty.set_text(
            "This run kept no predictions",
            "It did not come to its end, or was made by an older version. Switch its adapter on "
            "in the room Adapters to evaluate that on the images that are open.",
            "Evaluate What Is On",
        )

    def _show_failure(self, error: Exception) -> None:
        self._stack.setCurrentIndex(0)
        self._empty.set_text("It could not be evaluated", str(error))

    def _take(self, evaluated: Evaluated) -> None:
        is_first = self._evaluated is None
        self._evaluated = evaluated
        self._stack.setCurrentIndex(1)
        self.summary.setText(_summary(evaluated))
        for view in (self.classes, self.confusion, self.pairs, self.calibration):
            view.show_figures(evaluated)
        classes = len(evaluated.predictions.class_names)
        if is_first and classes > _MOST_CELLS:
            self.view.set_choice("pairs")
            self._show_view("pairs")
        self._find_pictures()

    def _find_pictures(self) -> None:
        if (evaluated := self._evaluated) is None:
            return
        workspace = self._studio.workspace
        pictures = Pictures(
            evaluated.predictions, evaluated.data, workspace.data, workspace.recipe.data
        )
        self.marks.set_folder(pictures.folder, pictures.is_open)
        self.gallery.set_marks(self.marks.marks)
        self.gallery.show_figures(evaluated, pictures)

    def _show_view(self, key: str) -> None:
        self._views.setCurrentIndex([view.key for view in _VIEWS].index(key))
        why = "Calibration is of all classes together." if key == "calibration" else ""
        allow(self.filter, why)

    def _select(self, selection: Selection) -> None:
        self.gallery.select(selection)

    def _select_cell(self, true: int, other: int, when: str) -> None:
        self.gallery.select(Selection("cell", true, other, cast(When, when)))

    def _tell_about(self) -> None:
        workspace = self._studio.workspace
        model, data, result = workspace.model, workspace.data, workspace.result
        if self.is_run and result is not None and result.folder == self._run:
            self.about_changed.emit("")  # the room says that
        elif self.is_run or model is None or data is None:
            self.about_changed.emit(self.source.currentText())
        else:
            on = printable(workspace.adapter.title) if workspace.adapter else "nothing on"
            parts = (f"{model.kind.title}, {model.weights}", data.title, on)
            self.about_changed.emit(" \N{MIDDLE DOT} ".join(parts))


def _summary(evaluated: Evaluated) -> str:
    """Rich text: how many are right before and after, and what changed."""
    one, after, before = evaluated.predictions, evaluated.after, evaluated.before
    part = f"{len(one.files):,} {one.part} images"
    if math.isnan(after.accuracy):
        return "There are no images."
    wrong = int((~one.right).sum())
    if before is None:
        told = f"<b>{after.accuracy:.1%} right</b> of {part}; {wrong:,} wrong"
    else:
        gain = f"{100 * (after.accuracy - before.accuracy):+.1f}".replace("-", "\N{MINUS SIGN}")
        both = int((~one.right & ~one.base_right).sum())
        told = (
            f"<b>{before.accuracy:.1%} \N{RIGHTWARDS ARROW} {after.accuracy:.1%}, "
            f"{gain} points</b> on {part}: {int(mended(one).sum()):,} mended, "
            f"{int(broken(one).sum()):,} broken, "
            f"{both:,} wrong in both"
        )
    return told + "." + (html.escape(_TEST_NOTE) if one.part == "test" else "")
