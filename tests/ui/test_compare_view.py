"""Two adapters side by side, in a small window and in a large one."""

import pytest
from PySide6.QtWidgets import QApplication

from vera_studio.runs.events import Evaluation
from vera_studio.ui.jobs.adapters import PairComparison
from vera_studio.ui.pages.adapters.compare_view import CompareView

NAMES = ("bird", "cat", "dog")


@pytest.mark.parametrize("width", [410, 900])
def test_figures_and_names_have_room(qtbot, width):
    """Beside each other in a small window the columns were two letters wide."""
    view = CompareView()
    qtbot.addWidget(view)
    view.resize(width, 500)
    with qtbot.waitExposed(view):
        view.show()
    measured = Evaluation(0.5, 0.5, (0.25, 0.5, 0.75), (4, 4, 4))
    found = PairComparison(NAMES, (measured, measured), {"fc1": 0.5, "fc2": -0.5})
    view.show_comparison(("Birds and cats at night", "Birds and cats by day"), found)
    QApplication.processEvents()
    header = view.classes.horizontalHeader()
    assert min(header.sectionSize(column) for column in (1, 2, 3)) >= 80
    assert (view.layers.geometry().top() > view.classes.geometry().bottom()) == (width < 560)
