"""Before against after: figures, confusion, calibration, and the pictures behind them."""

from functools import partial
from typing import cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QSplitter,
    QStackedLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from vera_studio.errors import StudioError
from vera_studio.ui.icons import icon
from vera_studio.ui.jobs import evaluation as evaluation_jobs
from vera_studio.ui.jobs.evaluation import Evaluated
from vera_studio.ui.pages.evaluation.calibration_view import CalibrationView
from vera_studio.ui.pages.evaluation.classes_view import ClassesView
from vera_studio.ui.pages.evaluation.confusion_view import ConfusionView
from vera_studio.ui.pages.evaluation.gallery_pane import GalleryPane
from vera_studio.ui.pages.evaluation.marks_bar import MarksBar
from vera_studio.ui.pages.evaluation.pairs_view import PairsView
from vera_studio.ui.pages.evaluation.pictures import Pictures
from vera_studio.ui.pages.evaluation.selection import Selection, When
from vera_studio.ui.pages.evaluation.source_row import SourceRow
from vera_studio.ui.pages.evaluation.summary import summary
from vera_studio.ui.state.newest_job import NewestJob
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.widgets.choice_row import Choice, ChoiceRow
from vera_studio.ui.widgets.empty_state import EmptyState
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.widgets.wrapped_label import WrappedLabel

_MOST_CELLS = 40  # classes: of more, the worst pairs are shown first
_VIEWS = (
    Choice("classes", "Classes", "Precision, recall and F1 of every class"),
    Choice("confusion", "Confusion", "Which class was taken for which, as a matrix"),
    Choice("pairs", "Worst Pairs", "The classes that are mistaken for each other most often"),
    Choice("calibration", "Calibration", "Whether shares mean what they say"),
)


class EvaluationPage(QWidget):
    """Shows a run, or what the network has on now.

    Signals:
        about_changed(str): what is shown is about this now.
    """

    about_changed = Signal(str)

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._evaluated: Evaluated | None = None
        self._is_stale = True
        self._evaluating = NewestJob("Evaluating", studio.runner, self)
        self._evaluating.failed.connect(self._show_failure)
        self._evaluating.cancelled.connect(self._show_stopped)
        self.source = SourceRow(studio.workspace)
        self.source.changed.connect(self._reload)
        self.source.surroundings_changed.connect(self._find_pictures)
        self.summary = WrappedLabel(
            "evaluation_summary", "Before and after", Qt.TextFormat.RichText
        )
        self._make_views()
        self.gallery = GalleryPane(studio)
        self.gallery.open_requested.connect(self._open_images)
        self.marks = MarksBar(studio)
        self.marks.changed.connect(self.gallery.set_marks)
        self.gallery.pane.mark_requested.connect(self.marks.mark)
        self._empty = EmptyState(icon("results"), "", "")
        self._empty.action_triggered.connect(self._begin_anew)
        self._lay_out()

    def _make_views(self) -> None:
        self.classes, self.confusion = ClassesView(), ConfusionView()
        self.pairs, self.calibration = PairsView(), CalibrationView(self._studio)
        self.classes.class_chosen.connect(lambda row: self.gallery.select(Selection("class", row)))
        self.confusion.cell_chosen.connect(self._select_cell)
        self.pairs.pair_chosen.connect(lambda true, other: self._select_cell(true, other, "after"))
        self.calibration.temperature_kept.connect(self.source.choose_present)
        self.view = ChoiceRow("evaluation_view", "Figures", _VIEWS)
        self.view.chosen.connect(self._show_view)
        self.filter = QLineEdit(placeholderText="Filter classes", clearButtonEnabled=True)
        self.filter.setObjectName("evaluation_filter")
        self.filter.setAccessibleName("Filter classes")
        self.filter.setToolTip("Show classes only that have this in their names")
        for one in (self.classes, self.confusion, self.pairs):
            self.filter.textChanged.connect(one.set_filter)
        self._views: dict[str, ClassesView | ConfusionView | PairsView | CalibrationView] = {
            "classes": self.classes,
            "confusion": self.confusion,
            "pairs": self.pairs,
            "calibration": self.calibration,
        }
        self._out_of_date: set[str] = set()  # views that show other figures still
        self._view_stack = QStackedWidget()
        for view in self._views.values():
            self._view_stack.addWidget(view)

    def _lay_out(self) -> None:
        heads = QHBoxLayout()
        heads.addWidget(self.view)
        heads.addWidget(self.filter, 1)
        left, right = QWidget(), QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 6, 0)
        column.addLayout(heads)
        column.addWidget(self._view_stack, 1)
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
        layout.addWidget(self.source)
        layout.addLayout(self._stack, 1)

    # Evaluating

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self._load()

    def _reload(self) -> None:
        """Evaluate anew, once somebody looks."""
        self._is_stale = True
        self._evaluating.forget()
        if self.isVisible():
            self._load()

    def _load(self) -> None:
        self._is_stale = False
        self.about_changed.emit(self.source.about)
        workspace, folder, part = self._studio.workspace, self.source.run, self.source.part
        model, adapter, data = workspace.model, workspace.adapter, workspace.data
        if part is None:
            self._show_none()
        elif folder is not None:
            run = partial(evaluation_jobs.evaluate_run, folder, part)
            self._evaluating.start(run, self._take)
        elif model is not None and data is not None:
            evaluate, settings = evaluation_jobs.evaluate_network, workspace.recipe.data
            now = partial(evaluate, model, adapter, data, settings, part)
            self._evaluating.start(now, self._take)
        if part is not None and self._evaluated is None:
            self._empty.set_text("Evaluating\N{HORIZONTAL ELLIPSIS}")

    def _show_none(self) -> None:
        self._evaluated = None
        self._stack.setCurrentIndex(0)
        if self.source.run is None:
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
        if not isinstance(error, StudioError):
            self._studio.failed.emit(error)
        self._evaluated = None
        self._stack.setCurrentIndex(0)
        self._empty.set_text("It could not be evaluated", str(error))

    def _show_stopped(self) -> None:
        self._evaluated, self._is_stale = None, True
        self._stack.setCurrentIndex(0)
        self._empty.set_text("The evaluation was stopped", "", "Evaluate Again")

    def _begin_anew(self) -> None:
        """Evaluate what is chosen where that was stopped, else what is on now."""
        if self._is_stale:
            self._load()
        else:
            self.source.choose_present()

    def _take(self, evaluated: Evaluated) -> None:
        is_first = self._evaluated is None
        self._evaluated = evaluated
        self._stack.setCurrentIndex(1)
        self.summary.setText(summary(evaluated))
        self._out_of_date = set(self._views)
        if is_first and len(evaluated.predictions.class_names) > _MOST_CELLS:
            self.view.set_choice("pairs")
        self._show_view(self.view.choice)
        self._find_pictures()

    # What is shown of it

    def _find_pictures(self) -> None:
        if (evaluated := self._evaluated) is None:
            return
        workspace = self._studio.workspace
        pictures = Pictures(
            evaluated.predictions, evaluated.data, workspace.data, workspace.recipe.data
        )
        self.marks.set_folder(pictures.folder, pictures.is_open)
        self.gallery.show_figures(evaluated, pictures, self.marks.marks)

    def _open_images(self) -> None:
        """Open what the run was on, as its recipe names it."""
        if (folder := self.source.run) is not None:
            self._studio.open_recipe(folder / "recipe.toml")

    def _show_view(self, key: str) -> None:
        self._view_stack.setCurrentWidget(self._views[key])
        if key in self._out_of_date and self._evaluated is not None:
            self._out_of_date.remove(key)
            self._views[key].show_figures(self._evaluated)  # of 1,000 classes that takes a while
        why = "Calibration is of all classes together." if key == "calibration" else ""
        allow(self.filter, why)

    def _select_cell(self, true: int, other: int, when: str) -> None:
        self.gallery.select(Selection("cell", true, other, cast(When, when)))
