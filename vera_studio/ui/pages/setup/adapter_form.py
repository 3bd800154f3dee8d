"""The adapter: its method, what the method needs, its layers, and what they come to."""

import math

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QFormLayout,
    QGroupBox,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from vera_studio.methods import METHOD_FACTS
from vera_studio.recipe import (
    MAX_ALPHA,
    MAX_RANK,
    MAX_SEED,
    MIN_ALPHA,
    AdapterSettings,
    Recipe,
)
from vera_studio.ui.pages.setup.fields import (
    Choice,
    Editor,
    SettingRow,
    add_row,
    describe,
)
from vera_studio.ui.pages.setup.figures import figures_text
from vera_studio.ui.pages.setup.layers_field import LayersField
from vera_studio.ui.state.cut_estimate import CutEstimate
from vera_studio.ui.state.workspace import Workspace
from vera_studio.ui.widgets.marked_slider import MarkedSlider
from vera_studio.ui.widgets.number_boxes import NumberBox, WholeNumberBox

_STEPS_PER_DOUBLING = 4
_AUTO_ALPHA = "Auto (the rank)"
_AUTO = 0  # what the field holds for no alpha of the user's
_METHODS = [(facts.title, method) for method, facts in METHOD_FACTS.items()]
_SHARING = [("A pair for each shape", "shape"), ("One pair for all layers", "all")]


class AdapterForm(QGroupBox):
    """Edits the draft's adapter section and shows its size live."""

    def __init__(
        self, workspace: Workspace, estimate: CutEstimate, parent: QWidget | None = None
    ) -> None:
        super().__init__("Adapter", parent)
        self._workspace = workspace
        self._rows: dict[str, SettingRow] = {}
        self._form = QFormLayout()
        self._add_fields()
        self._make_figures()
        layers = LayersField(workspace, estimate, before=self._rows["seed"].reset)
        self._form.addRow("Layers", layers)
        self._layers = layers
        layout = QVBoxLayout(self)
        layout.addLayout(self._form)
        layout.addWidget(self._figures)
        workspace.recipe_changed.connect(self._show)
        workspace.model_changed.connect(lambda _: self._show(workspace.recipe))
        self._show(workspace.recipe)

    def _add(self, text: str, name: str, editor: Editor) -> None:
        row = SettingRow(self._workspace, "adapter", name, editor)
        self._rows[name] = add_row(self._form, text, row)

    def _add_fields(self) -> None:
        method = describe(
            Choice(_METHODS),
            "method",
            "Method",
            "VeRA trains two vectors a layer on shared random projections, LoRA two matrices a "
            "layer. All weights, and biases with the scales of normalisations, are baselines. "
            "Last layer alone trains nothing but what gives the classes: the quickest",
        )
        rank = describe(
            WholeNumberBox(1, MAX_RANK),
            "rank",
            "Rank",
            "Rows of A and columns of B. A higher rank trains more numbers: with VeRA a few, "
            "for they are the length of d; with LoRA many, for A and B are trained",
        )
        default = AdapterSettings().rank
        self._rank_slider = describe(
            MarkedSlider(0, 10 * _STEPS_PER_DOUBLING, _slider_position(default)),
            "rank_slider",
            "Rank, on a scale of doublings",
            f"Rank from 1 to 1,024; four steps double it. The mark is the default, {default}",
        )
        self._rank_slider.valueChanged.connect(self._slide_rank)
        self._add("Method", "method", method)
        self._add("Rank", "rank", rank)
        self._form.addRow("", self._rank_slider)
        self._add_fields_of_methods()

    def _add_fields_of_methods(self) -> None:
        self._alpha = alpha = describe(
            NumberBox(MIN_ALPHA, MAX_ALPHA, _AUTO),
            "alpha",
            "Alpha",
            "LoRA's change is multiplied by alpha / rank; Auto takes alpha as large as the rank",
        )
        alpha.set_auto_text(_AUTO_ALPHA)
        d_initial = describe(
            NumberBox(-10, 10, besides=0),
            "d_initial",
            "Initial value of d",
            "Every entry of d before training; b starts at zero, so the network starts unchanged",
        )
        sharing = describe(
            Choice(_SHARING),
            "sharing",
            "Projections",
            "Which layers share the frozen matrices A and B. One pair for all layers, sliced to "
            "each layer's size, is what PEFT's VeRA has; adapters with a pair for each shape are "
            "exported to PEFT as the exactly equal LoRA",
        )
        seed = describe(
            WholeNumberBox(0, MAX_SEED),
            "projection_seed",
            "Seed of the adapter",
            "VeRA's frozen random matrices A and B come from this seed, and the first values of "
            "LoRA's A; the adapter file keeps it",
        )
        self._add("Alpha", "alpha", alpha)
        self._add("d starts at", "d_initial", d_initial)
        self._add("Projections", "sharing", sharing)
        self._add("Adapter seed", "seed", seed)

    def _make_figures(self) -> None:
        self._figures = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._figures.setObjectName("adapter_figures")
        self._figures.setAccessibleName("Size of the adapter")
        self._figures.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def _slide_rank(self, position: int) -> None:
        self._workspace.edit_adapter(rank=round(2 ** (position / _STEPS_PER_DOUBLING)))

    def _show(self, recipe: Recipe) -> None:
        adapter = recipe.adapter
        with QSignalBlocker(self._rank_slider):
            self._rank_slider.setValue(_slider_position(adapter.rank))
        self._alpha.set_auto_text(_AUTO_ALPHA, adapter.rank)
        settings = METHOD_FACTS[adapter.method].settings
        for name, row in self._rows.items():  # only what has a meaning for the method
            row.leave_out(self._form, name not in settings and name != "method")
        self._form.setRowVisible(self._rank_slider, "rank" in settings)
        self._form.setRowVisible(self._layers, adapter.method != "head")
        self._figures.setText(figures_text(self._workspace))


def _slider_position(rank: int) -> int:
    return round(_STEPS_PER_DOUBLING * math.log2(rank))
