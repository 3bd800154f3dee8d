"""Two adapters side by side: accuracy of each class, likeness of each layer's change."""

import math
from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QGroupBox,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from vera_studio.ui.icons import icon
from vera_studio.ui.jobs.adapters import PairComparison
from vera_studio.ui.state.adapter_names import apart
from vera_studio.ui.widgets.adapter_model import points_text
from vera_studio.ui.widgets.bar_table import Bar, BarTable
from vera_studio.ui.widgets.empty_state import EmptyState
from vera_studio.ui.widgets.reasons import allow

_SIDE_BY_SIDE = 560  # pixels that the two tables need for that
_MOST_EMPTY = 50  # classes: of more, those without images are not listed
_MOST_ROWS = 12  # of a table in sight at once
_FULL_BAR = 20.0  # points of difference that fill half a cell
_MEANING = (
    "Cosine of the two weight changes: 1 means the same direction, 0 that they have nothing to "
    "do with each other, \N{MINUS SIGN}1 that each undoes the other. \N{EN DASH}: not both change "
    "the layer's weight."
)


class CompareView(QGroupBox):
    """Invites to compare, then shows the outcome.

    Signals:
        compare_requested(): the user wants the two compared.
    """

    compare_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Compare", parent)
        self._names = ("", "")
        self.invitation = EmptyState(icon("versus"), "", "", "Compare")
        self.invitation.button.setObjectName("compare_button")
        self.invitation.action_triggered.connect(self.compare_requested)
        self.classes = BarTable(
            "compared_classes",
            "Accuracy of each class",
            "Accuracy of each class on the validation images, and the second less the first",
        )
        self.layers = BarTable(
            "compared_layers", "Likeness of the weight changes, layer by layer", _MEANING
        )
        meaning = QLabel(_MEANING, wordWrap=True)
        meaning.setObjectName("cosine_meaning")
        meaning.setForegroundRole(meaning.palette().ColorRole.PlaceholderText)
        right = QVBoxLayout()
        right.addWidget(self.layers, 1)
        right.addWidget(meaning)
        self._tables_page = tables = QWidget()
        self._tables = row = QBoxLayout(QBoxLayout.Direction.LeftToRight, tables)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.classes, 3)
        row.addLayout(right, 2)
        layout = QVBoxLayout(self)  # no stack, in which what is not shown takes its room
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.invitation)
        layout.addWidget(tables)
        self.invite(True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the tables below each other where two beside each other would be too narrow."""
        super().resizeEvent(event)
        direction = QBoxLayout.Direction
        is_narrow = self.width() < _SIDE_BY_SIDE
        self._tables.setDirection(direction.TopToBottom if is_narrow else direction.LeftToRight)

    def _show_tables(self, shown: bool) -> None:
        self._tables_page.setVisible(shown)
        self.invitation.setVisible(not shown)

    def invite(self, is_possible: bool, reason: str = "") -> None:
        """Offer to compare two adapters, or give the reason why that cannot be done."""
        self._show_tables(False)
        text = reason or (
            "Measures both on the validation images, class by class, and shows how alike "
            "their changes of each layer are."
        )
        self.invitation.set_text("What sets the two apart?", text, "Compare")
        allow(self.invitation.button, "" if is_possible else reason or "Not now.")

    def wait(self) -> None:
        """Say that the two are being measured."""
        self._show_tables(False)
        self.invitation.set_text("Measuring both…", "The validation images are going through.")

    def show_comparison(self, names: tuple[str, str], found: PairComparison) -> None:
        """Show what sets the adapters called `names` apart."""
        first, second = (evaluation.per_class for evaluation in found.accuracies)
        rows = [
            (name, _class_bars(one, other))
            for name, one, other in zip(found.class_names, first, second, strict=True)
            if len(first) <= _MOST_EMPTY or not math.isnan(one)
        ]
        overall = ("all images", _class_bars(*(one.accuracy for one in found.accuracies)))
        if len(rows) > _MOST_EMPTY:  # of so many, what differs most is looked for
            rows = [overall, *sorted(rows, key=_difference, reverse=True)]
        else:
            rows.append(overall)
        self.classes.set_rows(("Class", *apart(*names), "Difference"), rows)
        layers = [(name, [_cosine_bar(value)]) for name, value in found.similarities.items()]
        self.layers.set_rows(("Layer", "Cosine"), layers)
        for table in (self.classes, self.layers):
            table.setMinimumHeight(table.height_of(_MOST_ROWS))
        self._show_tables(True)


def _class_bars(one: float, other: float) -> Sequence[Bar]:
    difference = 100 * (other - one)
    return (
        Bar(_percent(one), one),
        Bar(_percent(other), other),
        Bar(points_text(difference), difference / _FULL_BAR, is_signed=True),
    )


def _difference(row: tuple[str, Sequence[Bar]]) -> float:
    """How far the two are apart on the class of a row; nothing where that is not known."""
    size = abs(row[1][-1].length)
    return 0.0 if math.isnan(size) else size


def _percent(share: float) -> str:
    return "no images" if math.isnan(share) else f"{share:.1%}"


def _cosine_bar(cosine: float) -> Bar:
    if math.isnan(cosine):
        return Bar("\N{EN DASH}", math.nan)
    return Bar(f"{cosine:+.2f}".replace("-", "\N{MINUS SIGN}"), cosine, is_signed=True)
