"""What the table of adapted layers says of each."""

import math
from typing import TYPE_CHECKING

from vera_studio.runs.events import Evaluation
from vera_studio.ui.widgets.figure_table import Cell, Column

if TYPE_CHECKING:
    from vera_studio.adapters.site_changes import SiteChange

_MINUS = "\N{MINUS SIGN}"
COLUMNS = (
    Column("Layer", "Full name of the layer that is adapted", is_text=True),
    Column(
        "Change",
        "Size of the change ΔW against that of the weight W: their Frobenius norms, the square "
        "roots of the sums of all squares",
    ),
    Column(
        "Effective rank",
        "In how many directions ΔW acts: e to the entropy of its singular values, each divided "
        "by their sum (Roy and Vetterli, 2007)",
        gives_way=2,
    ),
    Column("Trained", "How many numbers of the layer are trained", gives_way=1),
    Column("Without it", "Accuracy with the layer set to zero, and how many points that is off"),
)


def row_of(
    change: "SiteChange", without: Evaluation | None, whole: Evaluation | None
) -> tuple[Cell, ...]:
    """A row of the table.

    Args:
        change: what the adapter did to the layer.
        without: how the network does with the layer set to zero; None where that is not measured.
        whole: how it does with all layers.
    """
    trained = sum(len(values) for values in change.parameters.values())
    rank = change.effective_rank
    return (
        Cell(change.name, change.name),
        _share(change),
        Cell() if math.isnan(rank) else Cell(f"{rank:.1f}", rank),
        Cell(f"{trained:,}", trained),
        Cell() if without is None or whole is None else _accuracy(without, whole),
    )


def _share(change: "SiteChange") -> Cell:
    if math.isnan(change.relative):
        return Cell("new layer", -1.0, f"Norm of the change: {change.change_norm:.4g}")
    tip = f"Norm of the change: {change.change_norm:.4g}; of the weight: {change.weight_norm:.4g}"
    return Cell(f"{change.relative:.1%}", change.relative, tip)


def _accuracy(without: Evaluation, whole: Evaluation) -> Cell:
    points = f"{100 * (without.accuracy - whole.accuracy):+.1f}".replace("-", _MINUS)
    return Cell(f"{without.accuracy:.1%} ({points})", without.accuracy)
