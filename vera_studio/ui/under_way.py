"""What the status bar and the window's title tell of the run or the comparison, on every page."""

import math

from PySide6.QtCore import QObject, Signal

from vera_studio.runs.comparison_results import Comparison, ComparisonStands
from vera_studio.runs.events import RunResult, StepsDone
from vera_studio.ui.run_control import RunState
from vera_studio.ui.studio import Studio

_RUN, _COMPARING = "Fine-tuning", "Comparing"


class UnderWay(QObject):
    """Follows the run and the comparison, of which at most one goes on.

    Signals:
        changed(): text, share, or whether something goes on.

    Attributes:
        text: what goes on, or how the last thing ended; empty before the first.
        share: of it that is done, 0 to 1; NaN while that is not known.
        is_going: whether it still goes on.
    """

    changed = Signal()

    def __init__(self, studio: Studio, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self.text, self.share, self.is_going = "", math.nan, False
        self._end = ""
        self._runs_done, self._runs = 0, 1  # of the comparison
        self._present = 0.0  # share of its present run that is done
        studio.run.state_changed.connect(self._follow_run)
        studio.run.events.connect(self._take_run_events)
        studio.run.finished.connect(self._end_run)
        studio.run.failed.connect(self._fail)
        studio.comparison.state_changed.connect(self._follow_comparison)
        studio.comparison.events.connect(self._take_comparison_events)
        studio.comparison.finished.connect(self._end_comparison)
        studio.comparison.failed.connect(self._fail)
        for opened in (studio.workspace.model_changed, studio.workspace.data_changed):
            opened.connect(self._forget)

    @property
    def title(self) -> str:
        """For the window's title, such as "42% fine-tuning"; empty while nothing goes on."""
        if not self.is_going:
            return ""
        if math.isnan(self.share):
            return self.text
        return f"{math.floor(100 * self.share)}% {self.text[:1].lower()}{self.text[1:]}"

    # The run

    def _follow_run(self, state: RunState) -> None:
        if state is RunState.IDLE:
            self._stand(f"{_RUN} {self._end or 'stopped'}", self.share, is_going=False)
            return
        if not self.is_going:
            self._end, self.share = "", math.nan
        words = {RunState.PAUSED: " paused", RunState.STOPPING: " is stopping"}
        self._stand(f"{_RUN}{words.get(state, '')}", self.share)

    def _take_run_events(self, events: list[object]) -> None:
        steps = [event for event in events if isinstance(event, StepsDone)]
        if steps:
            self._stand(self.text, steps[-1].progress)

    def _end_run(self, result: RunResult) -> None:
        self._end_as(result.stopped)

    # The comparison

    def _follow_comparison(self) -> None:
        comparison = self._studio.comparison
        if not comparison.is_going:
            self._stand(f"Comparison {self._end or 'stopped'}", self.share, is_going=False)
            return
        if not self.is_going:
            self._end, self.share = "", math.nan
            self._runs_done, self._present = 0, 0.0
        stopping = "" if comparison.can_stop else " is stopping"
        self._stand(f"{_COMPARING}{stopping}", self.share)

    def _take_comparison_events(self, events: list[object]) -> None:
        for event in events:
            match event:
                case ComparisonStands(comparison, _):
                    self._runs_done, self._runs = len(comparison.runs), comparison.total
                    self._present = 0.0
                case StepsDone():
                    self._present = event.progress
        done = self._runs_done + self._present
        self._stand(self.text, min(done / max(self._runs, 1), 1.0))

    def _end_comparison(self, comparison: Comparison) -> None:
        self._end_as(comparison.stopped)

    def _forget(self, _: object = None) -> None:
        """How the last thing ended is past once something else is opened."""
        if not self.is_going:
            self._stand("", math.nan, is_going=False)

    def _end_as(self, stopped: bool) -> None:
        self._end = "stopped" if stopped else "finished"
        self.share = self.share if stopped else 1.0

    def _fail(self, _: Exception) -> None:
        self._end = "stopped by an error"

    def _stand(self, text: str, share: float, is_going: bool = True) -> None:
        self.text, self.share, self.is_going = text, share, is_going
        self.changed.emit()
