"""The adapter: its method, what the method needs, its layers, and what they come to."""

import math
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QGroupBox,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from vera_studio.errors import AdapterError
from vera_studio.recipe import (
    MAX_ALPHA,
    MAX_RANK,
    MAX_SEED,
    METHOD_SETTINGS,
    AdapterSettings,
    Recipe,
    problems,
)
from vera_studio.ui import jobs
from vera_studio.ui.jobs import Plan
from vera_studio.ui.pages.setup.fields import (
    add_row,
    choice,
    describe,
    number,
    select,
    signals_blocked,
    slider,
    whole_number,
)
from vera_studio.ui.widgets.flow_layout import FlowLayout
from vera_studio.ui.workspace import Workspace

_STEPS_PER_DOUBLING = 4
_AUTO = 0  # what the field holds for no alpha of the user's
_METHODS = [
    ("VeRA", "vera"),
    ("LoRA", "lora"),
    ("Linear layers, full", "full"),
    ("Biases only (BitFit)", "bias"),
]
_SHARING = [("A pair for each shape", "shape"), ("One pair for all layers", "all")]


class AdapterForm(QGroupBox):
    """Edits the draft's adapter section and shows its size live."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__("Adapter", parent)
        self._workspace = workspace
        self._layers: dict[str, QCheckBox] = {}
        self._make_fields()
        self._form = form = QFormLayout()
        add_row(form, "Method", self._method)
        add_row(form, "Rank", self._rank)
        form.addRow("", self._rank_slider)
        add_row(form, "Alpha", self._alpha)
        add_row(form, "d starts at", self._d_initial)
        add_row(form, "Projections", self._sharing)
        add_row(form, "Adapter seed", self._seed)
        form.addRow("Linear layers", self._layer_box)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self._figures)
        workspace.recipe_changed.connect(self._show)
        workspace.model_changed.connect(self._show_layers)
        self._show(workspace.recipe)

    def _make_fields(self) -> None:
        edit = self._workspace.edit_adapter
        self._method = describe(
            choice(_METHODS),
            "method",
            "Method",
            "VeRA trains two vectors a layer on shared random projections, LoRA two matrices a "
            "layer. The other two are baselines: every number of the linear layers, or only "
            "their biases",
        )
        self._method.activated.connect(lambda: edit(method=self._method.currentData()))
        self._rank = describe(
            whole_number(1, MAX_RANK),
            "rank",
            "Rank",
            "Rows of A and columns of B. A higher rank trains more numbers: with VeRA a few, "
            "for they are the length of d; with LoRA many, for A and B are trained",
        )
        self._rank.valueChanged.connect(lambda value: edit(rank=value))
        self._rank_slider = describe(
            slider(0, 10 * _STEPS_PER_DOUBLING),
            "rank_slider",
            "Rank, on a scale of doublings",
            "Rank from 1 to 1,024; four steps double it",
        )
        self._rank_slider.valueChanged.connect(self._slide_rank)
        self._d_initial = describe(
            number(-10, 10, 6),
            "d_initial",
            "Initial value of d",
            "Every entry of d before training; b starts at zero, so the network starts unchanged",
        )
        self._d_initial.valueChanged.connect(lambda value: edit(d_initial=value))
        self._make_method_fields()
        self._seed = describe(
            whole_number(0, MAX_SEED),
            "projection_seed",
            "Seed of the adapter",
            "VeRA's frozen random matrices A and B come from this seed, and the first values of "
            "LoRA's A; the adapter file keeps it",
        )
        self._seed.valueChanged.connect(lambda value: edit(seed=value))
        self._layer_box = QWidget()
        self._layer_row = FlowLayout(self._layer_box, spacing=10, line_spacing=4)
        self._figures = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._figures.setObjectName("adapter_figures")
        self._figures.setAccessibleName("Size of the adapter")
        self._figures.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def _make_method_fields(self) -> None:
        edit = self._workspace.edit_adapter
        self._alpha = describe(
            number(_AUTO, MAX_ALPHA, 3),
            "alpha",
            "Alpha",
            "LoRA's change is multiplied by alpha / rank; Auto takes alpha as large as the rank",
        )
        self._alpha.setSpecialValueText("Auto (the rank)")
        self._alpha.valueChanged.connect(lambda value: edit(alpha=value or None))
        self._sharing = describe(
            choice(_SHARING),
            "sharing",
            "Projections",
            "Which layers share the frozen matrices A and B. One pair for all layers, sliced to "
            "each layer's size, is what PEFT's VeRA has; adapters with a pair for each shape are "
            "exported to PEFT as the exactly equal LoRA",
        )
        self._sharing.activated.connect(lambda: edit(sharing=self._sharing.currentData()))

    def _slide_rank(self, position: int) -> None:
        self._workspace.edit_adapter(rank=round(2 ** (position / _STEPS_PER_DOUBLING)))

    def _show(self, recipe: Recipe) -> None:
        adapter = recipe.adapter
        fields = (self._rank, self._rank_slider, self._d_initial, self._seed, self._alpha)
        select(self._method, adapter.method)
        select(self._sharing, adapter.sharing)
        with signals_blocked(*fields, *self._layers.values()):
            self._alpha.setValue(adapter.alpha or _AUTO)
            self._rank.setValue(adapter.rank)
            self._rank_slider.setValue(_slider_position(adapter.rank))
            self._d_initial.setValue(adapter.d_initial)
            self._seed.setValue(adapter.seed)
            for name, box in self._layers.items():
                box.setChecked(adapter.layers is None or name in adapter.layers)
        self._show_rows(adapter)
        self._show_figures()

    def _show_rows(self, adapter: AdapterSettings) -> None:
        """Only what has a meaning for the method."""
        rows = {
            "rank": (self._rank, self._rank_slider),
            "alpha": (self._alpha,),
            "d_initial": (self._d_initial,),
            "sharing": (self._sharing,),
            "seed": (self._seed,),
        }
        for name, fields in rows.items():
            for field in fields:
                self._form.setRowVisible(field, name in METHOD_SETTINGS[adapter.method])

    def _show_layers(self, _: object) -> None:
        """Offer the linear layers of the network that was opened."""
        from vera_studio.adapters.sites import find_sites

        model = self._workspace.model
        assert model is not None
        for box in self._layers.values():
            box.deleteLater()
        self._layers = {}
        for name, layer in find_sites(model.network).items():
            if layer.kind != "linear":
                continue
            shape = f"{layer.fan_in} in, {layer.out} out"
            tip = f"Attach the adapter to {name} ({shape})"
            box = describe(QCheckBox(name), f"layer_{name}", f"Layer {name}", tip)
            box.toggled.connect(partial(self._toggle_layer, name))
            self._layer_row.addWidget(box)
            self._layers[name] = box
        self._show(self._workspace.recipe)

    def _toggle_layer(self, _: str, __: bool) -> None:
        chosen = tuple(name for name, box in self._layers.items() if box.isChecked())
        everything = len(chosen) == len(self._layers)
        self._workspace.edit_adapter(layers=None if everything else chosen)

    def _show_figures(self) -> None:
        model, adapter = self._workspace.model, self._workspace.recipe.adapter
        if model is None:
            self._figures.setText("Counted once the network is open.")
            return
        if problems(Recipe(adapter=adapter), layer_names=self._workspace.layer_names):
            self._figures.setText("")  # the start bar says what is wrong
            return
        try:
            self._figures.setText(_figures(jobs.plan(model, adapter)))
        except AdapterError as error:
            self._figures.setText(str(error))


def _figures(plan: Plan) -> str:
    """What the adapter comes to."""
    counts = plan.counts
    share = f"{counts.trainable:,} of {counts.total:,} numbers are trained ({counts.share:.2%})."
    lines = [share]
    if counts.pairs:
        pairs = "1 pair" if counts.pairs == 1 else f"{counts.pairs} pairs"
        numbers = f"{counts.projections:,} numbers made from the seed"
        lines.append(f"{pairs} of frozen projections, {numbers}.")
    lines.append(f"The adapter file takes about {plan.file_bytes / 1000:,.1f} KB.")
    return "\n".join(lines)


def _slider_position(rank: int) -> int:
    return round(_STEPS_PER_DOUBLING * math.log2(rank))
