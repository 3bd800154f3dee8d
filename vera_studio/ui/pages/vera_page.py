"""What the adapter did to each layer: a drawing, what was trained, and the change of the weight."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QSplitter, QVBoxLayout, QWidget

from vera_studio.runs.events import Evaluation
from vera_studio.ui.jobs import insight as insight_jobs
from vera_studio.ui.jobs.insight import WhatItDid, Without
from vera_studio.ui.runner import Job
from vera_studio.ui.state.layer_parts import drawing_of, words_on
from vera_studio.ui.state.layer_rows import COLUMNS, row_of
from vera_studio.ui.state.newest_job import NewestJob
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.state.workspace import Part
from vera_studio.ui.widgets.figure_table import FigureTable
from vera_studio.ui.widgets.heat_map import HeatMap
from vera_studio.ui.widgets.layer_drawing import LayerDrawing
from vera_studio.ui.widgets.page_when_seen import PageWhenSeen
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.widgets.vector_plot import VectorPlot
from vera_studio.ui.widgets.wrapped_label import WrappedLabel

if TYPE_CHECKING:
    from vera_studio.adapters.site_changes import SiteChange

_HALVES = (400, 600)  # pixels, at first
_SETTLING_MILLISECONDS = 150  # of rest after an edit before the layers are looked at anew


class VeraPage(PageWhenSeen):
    """A table of the layers; beside it the one that is chosen, drawn and in figures."""

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._studio = studio.workspace, studio
        self._found: WhatItDid | None = None
        self._without: dict[str, Evaluation] = {}  # by the layer that was set to zero
        self._measuring: Job | None = None
        self._looking = NewestJob("Looking at each layer", studio.runner, self)
        self._looking.failed.connect(studio.failed)
        self._looking.cancelled.connect(self._find_later)
        self._timer = QTimer(self, singleShot=True, interval=_SETTLING_MILLISECONDS)
        self._timer.timeout.connect(self._find_when_seen)
        self.about = WrappedLabel("vera_about", "Which adapter this is of")
        self.table = FigureTable(COLUMNS)
        self.table.setObjectName("adapted_layers")
        self.table.setAccessibleName("Layers that are adapted")
        self.table.setToolTip("Choose a layer to see what was done to it")
        self.zero = _button("zero_layer", "Set to Zero", "Set the chosen layer to zero")
        self.zero_each = _button("zero_each", "Each in Turn", "Set each layer to zero in turn")
        self.outcome = WrappedLabel("zero_outcome", "What accuracy does without a layer")
        self.drawing = LayerDrawing()
        self.words = WrappedLabel("layer_words", "What is trained of the layer")
        self.parameter = QComboBox()
        self.parameter.setObjectName("shown_parameter")
        self.parameter.setAccessibleName("Trained numbers to show")
        self.parameter.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.parameter.setToolTip("Which of the trained numbers to show before and after")
        self.vector = VectorPlot()
        self.heat = HeatMap("Change of the weight", "The change of the weight appears here.")
        self._lay_out()
        self._connect()
        self._enable()

    def _connect(self) -> None:
        workspace = self._workspace
        for signal in (workspace.model_changed, workspace.adapter_changed):
            signal.connect(self._forget)
        workspace.data_changed.connect(self._forget_measured)
        workspace.recipe_changed.connect(self._follow_recipe)
        self._studio.run.state_changed.connect(self._enable)
        self.table.current_changed.connect(self._show_layer)
        self.parameter.currentIndexChanged.connect(self._show_parameter)
        self.zero.clicked.connect(self._measure_chosen)
        self.zero_each.clicked.connect(self._measure_each)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        for button in (self.zero, self.zero_each):
            buttons.addWidget(button)
        buttons.addStretch()
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.about)
        column.addWidget(self.table, 1)
        column.addLayout(buttons)
        column.addWidget(self.outcome)
        self.vector.tools.insertWidget(0, self.parameter)
        plots = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        for plot in (self.vector, self.heat):
            plots.addWidget(plot)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.drawing)
        column.addWidget(self.words)
        column.addWidget(plots, 1)
        halves = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        halves.addWidget(left)
        halves.addWidget(right)
        halves.setStretchFactor(1, 1)
        halves.setSizes(list(_HALVES))
        QVBoxLayout(self).addWidget(halves)

    # Looking at the layers

    def _follow_recipe(self, _: object) -> None:
        if self._workspace.adapter is None:  # the adapter as it is set up is shown
            self._timer.start()

    def _forget(self, _: object) -> None:
        self._forget_measured(None)
        self._timer.start()

    def _find(self) -> None:
        model, adapter = self._workspace.model, self._workspace.adapter
        if model is None:
            return
        if adapter is None and self._workspace.layer_problems():
            self._looking.forget()  # such as no layer: the set-up panel says so
            return
        settings = self._workspace.recipe.adapter
        function = partial(insight_jobs.what_it_did, model, adapter, settings)
        self._looking.start(function, self._show)

    def _show(self, found: WhatItDid) -> None:
        before = self._chosen
        self._found = found
        self.about.setText(found.title)
        self._show_rows()
        names = [change.name for change in found.changes]
        if names:
            self.table.select(names.index(before.name) if before and before.name in names else 0)
        self._show_layer()
        self._enable()

    def _show_rows(self) -> None:
        changes = self._found.changes if self._found else ()
        whole = self._without.get("")
        self.table.set_rows(
            [row_of(change, self._without.get(change.name), whole) for change in changes]
        )

    # One layer

    @property
    def _chosen(self) -> "SiteChange | None":
        row = self.table.current_row
        if self._found is None or row is None or row >= len(self._found.changes):
            return None
        return self._found.changes[row]

    def _show_layer(self) -> None:
        change = self._chosen
        self._enable()
        self.drawing.set_drawing(None if change is None else drawing_of(change))
        self.words.setText("" if change is None else words_on(change))
        shown = self.parameter.currentText()
        with QSignalBlocker(self.parameter):
            self.parameter.clear()
            if change is not None:
                self.parameter.addItems(list(change.parameters))
                self.parameter.setCurrentIndex(max(self.parameter.findText(shown), 0))
        self.parameter.setVisible(self.parameter.count() > 1)
        self._show_parameter()
        if change is None:
            self.heat.clear()
        else:
            self.heat.set_values(change.heat, (change.out, change.fan_in))

    def _show_parameter(self) -> None:
        change, found, name = self._chosen, self._found, self.parameter.currentText()
        full_name = f"{change.name}.{name}" if change else ""
        if found is None or change is None or full_name not in found.before:
            self.vector.clear()
            return
        after = change.parameters[name] if self._workspace.adapter else None
        self.vector.set_values(full_name, found.before[full_name], after)

    # Without a layer

    def _measure_chosen(self) -> None:
        if self._chosen is not None:
            self._measure([self._chosen.name])

    def _measure_each(self) -> None:
        if self._found is not None:
            self._measure([change.name for change in self._found.changes])

    def _measure(self, names: list[str]) -> None:
        model, adapter, data = (
            self._workspace.model,
            self._workspace.adapter,
            self._workspace.data,
        )
        if model is None or adapter is None or data is None or self._measuring is not None:
            return
        function = partial(insight_jobs.measure_without, model, adapter, data, names)
        self._measuring = job = self._studio.runner.start(function, name="Measuring without layers")

        def show(found: tuple[Part, Evaluation, tuple[Without, ...]]) -> None:
            is_same = self._workspace.adapter is adapter and self._workspace.data is data
            if is_same:  # else another one is on by now
                self._show_measured(*found)

        job.finished.connect(show)
        job.failed.connect(self._studio.failed)
        job.ended.connect(self._measured)
        self._enable()

    def _measured(self) -> None:
        self._measuring = None
        self._enable()

    def _show_measured(self, part: Part, whole: Evaluation, found: tuple[Without, ...]) -> None:
        self._without |= {"": whole} | {one.name: one.evaluation for one in found}
        self._show_rows()
        about = f"of the {whole.images:,} {part} images. The adapter on the model is as it was."
        if len(found) == 1:
            (one,) = found
            text = f"Without {one.name} {one.evaluation.accuracy:.1%}, with it {whole.accuracy:.1%}"
            self.outcome.setText(f"{text} {about}")
        else:
            self.outcome.setText(f"With all layers {whole.accuracy:.1%} {about}")

    def _forget_measured(self, _: object) -> None:
        self._without = {}
        self.outcome.setText("")
        self._show_rows()
        self._enable()

    def _enable(self, _: object = None) -> None:
        reason = ""
        if self._workspace.adapter is None:
            reason = "No adapter is on the model: there is nothing to set to zero."
        elif self._workspace.data is None:
            reason = "No images are open to measure on."
        elif self._measuring is not None:
            reason = "It is being measured."
        elif self._studio.run.is_going:
            reason = "Not while a run is going on."
        allow(self.zero_each, reason)
        allow(self.zero, reason or ("" if self._chosen else "Choose a layer in the table."))


def _button(name: str, text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAccessibleName(tip)
    button.setToolTip(f"{tip} for a moment, and measure what accuracy does on held-out images")
    return button
