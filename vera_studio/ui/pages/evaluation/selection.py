"""Which of the images are shown: the surest mistakes, what was mended, those of a cell."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vera_studio.runs.prediction_figures import broken, mended
from vera_studio.ui.jobs.evaluation import Evaluated

Kind = Literal["wrong", "mended", "broken", "cell", "class"]
When = Literal["after", "before", "difference"]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Selection:
    """Which images, in words and by what they are."""

    kind: Kind
    true: int = -1  # class, for "cell" and "class"
    other: int = -1  # what it was taken for, for "cell"
    when: When = "after"


def images_of(selection: Selection, evaluated: Evaluated) -> Indices:
    """The images (n,), those of which the network is the surest first.

    What was mended comes by how sure the network was of the mistake before.
    """
    one = evaluated.predictions
    surest = one.shares[:, 0]
    match selection.kind:
        case "wrong":
            wanted = ~one.right
        case "mended":
            wanted, surest = mended(one), one.base_shares[:, 0] if one.has_base else surest
        case "broken":
            wanted = broken(one)
        case "class":
            wanted = (one.truth == selection.true) & ~one.right
        case "cell":
            wanted, surest = _of_cell(selection, evaluated)
    found = np.flatnonzero(wanted)
    return found[np.argsort(-surest[found], kind="stable")]


def _of_cell(
    selection: Selection, evaluated: Evaluated
) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Images of a class that are taken for another, or were; of the difference those that moved."""
    one = evaluated.predictions
    of_class = one.truth == selection.true
    now = of_class & (one.told[:, 0] == selection.other)
    if selection.when == "after" or not one.has_base:
        return now, one.shares[:, 0]
    once = of_class & (one.base_told[:, 0] == selection.other)
    if selection.when == "before":
        return once, one.base_shares[:, 0]
    return now ^ once, one.shares[:, 0]


def words_for(selection: Selection, evaluated: Evaluated) -> str:
    """What these images are, for a person."""
    names = evaluated.predictions.class_names
    match selection.kind:
        case "wrong":
            return "Wrong, the surest first"
        case "mended":
            return "Mended by the adapter"
        case "broken":
            return "Broken by the adapter"
        case "class":
            return f"Wrong: {names[selection.true]}"
    how = {"after": "", "before": ", before", "difference": ", come or gone"}[selection.when]
    true, other = names[selection.true], names[selection.other]
    what = "right" if true == other else f"taken for {other}"
    return f"{true} {what}{how}"
