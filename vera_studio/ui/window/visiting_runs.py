"""What the page of runs asks the rest of the window for."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from vera_studio.runs.comparison_results import Comparison
from vera_studio.ui.pages.comparison.page import ComparisonPage
from vera_studio.ui.pages.runs.page import RunsPage
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.window.continuing import Continuing
from vera_studio.ui.window.rooms import Rooms
from vera_studio.ui.window.run_reports import RunReports


class VisitingRuns(QObject):
    """Shows runs and comparisons of the past on the pages that show the present ones."""

    def __init__(
        self,
        studio: Studio,
        rooms: Rooms,
        page: RunsPage,
        comparison_page: ComparisonPage,
        continuing: Continuing,
        reports: RunReports,
        open_folder: Callable[[Path], None],
    ) -> None:
        super().__init__(page)
        self._studio, self._rooms, self._comparison_page = studio, rooms, comparison_page
        page.evaluate_requested.connect(self._evaluate)
        page.comparison_requested.connect(self._show_comparison)
        page.set_up_requested.connect(self._set_up)
        page.continue_requested.connect(continuing.ask_about)
        page.report_requested.connect(reports.ask)
        page.folder_requested.connect(open_folder)

    def _evaluate(self, folder: Path) -> None:
        if self._studio.show_run(folder):
            self._rooms.show_page("evaluate" if "evaluate" in self._rooms.pages else "results")

    def _set_up(self, folder: Path) -> None:
        self._rooms.show_page("training")
        self._studio.open_recipe(folder / "recipe.toml")

    def _show_comparison(self, comparison: Comparison) -> None:
        self._rooms.show_page("comparison")
        self._comparison_page.show_comparison(comparison)
