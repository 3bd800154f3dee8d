"""Every number of the network: what it is, whether it is trained, where it lies."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from vera_studio.ui.jobs import parameters as parameter_jobs
from vera_studio.ui.jobs.parameters import Inspection
from vera_studio.ui.state.newest_job import NewestJob
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.state.workspace import LoadedAdapter
from vera_studio.ui.widgets.page_when_seen import PageWhenSeen
from vera_studio.ui.widgets.parameter_tree import ParameterRow, ParameterTree
from vera_studio.ui.widgets.vector_plot import VectorPlot

if TYPE_CHECKING:
    from vera_studio.adapters.inspection import TensorInfo

_SETTLING_MILLISECONDS = 150  # of rest after an edit before the network is inspected anew
_DRAFT, _LOADED = range(2)


class ParametersPage(PageWhenSeen):
    """The tree of modules and parameters, with a plot of the vector selected in it."""

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = studio.workspace
        self._inspection: Inspection | None = None
        # One goes and one waits at most: each has a copy of the network.
        self._inspecting = NewestJob("Inspecting", studio.runner, self)
        self._inspecting.failed.connect(studio.failed)
        self._inspecting.cancelled.connect(self._find_later)
        self._selected = ""
        self._timer = QTimer(self, singleShot=True, interval=_SETTLING_MILLISECONDS)
        self._timer.timeout.connect(self._find_when_seen)
        self.choice = QComboBox()
        self.choice.setObjectName("inspected_adapter")
        self.choice.setAccessibleName("Adapter to show")
        self.choice.setToolTip("Show the adapter as it is set up, or the one on the model")
        self.choice.addItems(["The adapter as set up, before training", "No adapter is on yet"])
        self._let_choose_loaded(False)
        self.choice.currentIndexChanged.connect(self._timer.start)
        self.tree = ParameterTree()
        self.vector_plot = VectorPlot()
        self._lay_out()
        self._workspace.model_changed.connect(self._timer.start)
        self._workspace.recipe_changed.connect(self._follow_recipe)
        self._workspace.adapter_changed.connect(self._follow_adapter)
        self.tree.parameter_selected.connect(self._select)
        self._adapter_settings = self._workspace.recipe.adapter

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(QLabel("Show"))
        top.addWidget(self.choice, 1)
        halves = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        halves.addWidget(self.tree)
        halves.addWidget(self.vector_plot)
        halves.setStretchFactor(0, 3)
        halves.setStretchFactor(1, 2)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(halves, 1)

    def _follow_recipe(self, _: object) -> None:
        """Show the draft again when the adapter in it was edited."""
        if self._workspace.recipe.adapter != self._adapter_settings:
            self._adapter_settings = self._workspace.recipe.adapter
            self._choose(_DRAFT)

    def _follow_adapter(self, adapter: LoadedAdapter | None) -> None:
        """Show the adapter that was put on, or the draft when one was taken off."""
        there = adapter is not None
        title = f"On the model: {adapter.title}" if adapter else "No adapter is on yet"
        self.choice.setItemText(_LOADED, title)
        self._let_choose_loaded(there)
        self._choose(_LOADED if there else _DRAFT)

    def _let_choose_loaded(self, there: bool) -> None:
        model = self.choice.model()
        assert isinstance(model, QStandardItemModel)
        model.item(_LOADED).setEnabled(there)
        model.item(_LOADED).setToolTip("" if there else "The model has no adapter on.")

    def _choose(self, which: int) -> None:
        with QSignalBlocker(self.choice):
            self.choice.setCurrentIndex(which)
        self._timer.start()

    def _find(self) -> None:
        """Inspect on a thread: at high ranks the projections take a moment to make."""
        model, adapter = self._workspace.model, self._workspace.adapter
        settings = self._workspace.recipe.adapter
        if model is None:
            return
        if self.choice.currentIndex() == _LOADED and adapter is not None:
            function = partial(parameter_jobs.inspect_adapter, model, adapter)
        elif self._workspace.layer_problems():
            self._inspecting.forget()  # such as no layer: the set-up panel says so
            return
        else:
            function = partial(parameter_jobs.inspect_draft, model, settings)
        self._inspecting.start(function, self._show)

    def _show(self, inspection: Inspection) -> None:
        self._inspection = inspection
        self.tree.set_rows([_row(tensor) for tensor in inspection.tensors])
        self._select(self._selected)

    def _select(self, name: str) -> None:
        self._selected = name
        inspection = self._inspection
        if inspection is None or name not in inspection.before:
            self.vector_plot.clear()
            return
        after = inspection.after.get(name)
        self.vector_plot.set_values(name, inspection.before[name], after)


def _row(tensor: "TensorInfo") -> ParameterRow:
    if tensor.trainable:
        state = "trainable"
    else:
        state = "frozen, shared" if tensor.shared_with else "frozen"
    return ParameterRow(
        name=tensor.name,
        module_kinds=tensor.module_kinds,
        kind=tensor.kind,
        shape=tensor.shape,
        count=tensor.count,
        state=state,
        dtype=tensor.dtype,
        bytes=tensor.bytes,
        address=tensor.address,
        shared_with=tensor.shared_with,
    )
