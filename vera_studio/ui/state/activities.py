"""All that goes on in the window, and how the last of it ended: one list for whatever shows it."""

import math
import time
from functools import partial

from PySide6.QtCore import QObject, Signal

from vera_studio.runs.comparison_results import ComparisonStands
from vera_studio.runs.events import Stage, StepsDone
from vera_studio.ui.jobs.progress import Progress
from vera_studio.ui.runner import Job, JobState, Runner

_LONG_SECONDS = 0.7  # what takes less comes and goes before one could read of it
_WORDS = {
    JobState.PAUSED: "paused",
    JobState.STOPPING: "is stopping",
    JobState.FINISHED: "finished",
    JobState.STOPPED: "stopped",
    JobState.FAILED: "stopped by an error",
}


class Activity:
    """Something that goes on, or did.

    Attributes:
        title: what it does, for a person.
        handling: what may be done with it while it goes on.
        state: where it is.
        stage: what it is busy with now; empty where it does not say so.
        share: of all of it that is done, 0 to 1; NaN while that is not known.
        stage_share: of its present stage, likewise.
        seconds: that it took; only once it has ended.
        problem: why it failed; empty where it did not.
    """

    def __init__(self, job: Job) -> None:
        self.title, self.handling, self.state = job.name, job.handling, job.state
        self.stage, self.share, self.stage_share = "", math.nan, math.nan
        self.seconds, self.problem = 0.0, ""
        self._clock = time.perf_counter()
        self._runs_done, self._runs, self._now = 0, 1, ""  # of a comparison
        self._job: Job | None = job  # until it has ended

    @property
    def is_going(self) -> bool:
        """Whether it has not ended."""
        return self._job is not None

    @property
    def is_long(self) -> bool:
        """Whether it takes so long that it is to be shown."""
        takes_long = time.perf_counter() - self._clock >= _LONG_SECONDS
        return self.handling.at_once or (takes_long and not self.handling.is_quiet)

    @property
    def sentence(self) -> str:
        """Its title and how it is with it, such as "Fine-tuning paused"."""
        return f"{self.title} {_WORDS[self.state]}" if self.state in _WORDS else self.title

    @property
    def why_no_stop(self) -> str:
        """Why it cannot be stopped now, a sentence; empty where it can."""
        if not self.is_going:
            return "It has ended."
        if self.state is JobState.STOPPING:
            return "It is stopping already."
        return "" if self.handling.can_stop else "It cannot be broken off, and ends soon."

    @property
    def why_no_pause(self) -> str:
        """Why it can neither be paused nor resumed now; empty where it can."""
        if not self.is_going or self.state is JobState.STOPPING:
            return self.why_no_stop
        return "" if self.handling.can_pause else "It cannot be paused."

    def stop(self) -> None:
        """Ask it to stop, where it can."""
        if self._job is not None and not self.why_no_stop:
            self._job.cancel()

    def pause_or_resume(self) -> None:
        """Hold it, or let it go on, where it can be held."""
        if self._job is None or self.why_no_pause:
            return
        if self.state is JobState.PAUSED:
            self._job.resume()
        else:
            self._job.pause()

    def take(self, event: object) -> bool:
        """Take note of what it reports; whether that changes anything of the above."""
        match event:
            case Progress(done, total, text):
                self._enter(text, done / total if total else math.nan)
            case Stage(text, share):
                self._enter(text, math.nan if share is None else share)
            case ComparisonStands(comparison, now):
                self._runs_done, self._runs = len(comparison.runs), max(comparison.total, 1)
                self.share, self._now = self._runs_done / self._runs, now
                self._enter(now, math.nan)
            case StepsDone(progress=progress):
                self.share = min((self._runs_done + progress) / self._runs, 1.0)
                self.stage = self._now  # what came before the first step is over
            case _:
                return False
        return True

    def _enter(self, stage: str, share: float) -> None:
        self.stage, self.stage_share = stage, share
        if not self.handling.is_main:  # of a run or a comparison a stage is a small part
            self.share = share

    def end(self, state: JobState) -> None:
        """Let go of its job, which has ended like that."""
        self._job, self.state, self.stage = None, state, ""
        self.seconds = time.perf_counter() - self._clock
        if state is JobState.FINISHED:
            self.share = 1.0


class Activities(QObject):
    """Follows every job of the runner; what takes less than a moment is not told of.

    Signals:
        listed(): something began or ended, and so `going` or `foremost` is another.
        told(Activity): one of those that go on is in another state or further on.
        ended(Activity): one that took longer than a moment, or failed.
    """

    listed = Signal()
    told = Signal(object)
    ended = Signal(object)

    def __init__(self, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: list[Activity] = []  # that go on, the oldest first
        self._going: tuple[Activity, ...] = ()
        self._last_main: Activity | None = None  # that ended, while that is of interest
        runner.started.connect(self._follow)
        runner.delivered.connect(self._look)

    @property
    def going(self) -> tuple[Activity, ...]:
        """Those that go on and are shown, the oldest first."""
        return self._going

    @property
    def foremost(self) -> Activity | None:
        """The one to tell of where there is room for one only.

        The newest; but a run or a comparison, which takes longest, gives way to what goes on
        beside it, and stands to be read when it has ended, until it is forgotten.
        """
        beside = [one for one in self._going if not one.handling.is_main]
        return (beside or [*self._going])[-1] if self._going else self._last_main

    @property
    def main(self) -> Activity | None:
        """The run or the comparison that goes on."""
        return next((one for one in self._going if one.handling.is_main), None)

    @property
    def title(self) -> str:
        """Of the run or the comparison, such as "42% fine-tuning paused"; empty without one."""
        if (main := self.main) is None:
            return ""
        text = main.sentence
        if math.isnan(main.share):
            return text
        return f"{math.floor(100 * main.share)}% {text[:1].lower()}{text[1:]}"

    def forget_last(self, _: object = None) -> None:
        """Have the last run or comparison no longer told of: something else was begun."""
        if self._last_main is not None:
            self._last_main = None
            self.listed.emit()

    def _follow(self, job: Job) -> None:
        activity = Activity(job)
        self._all.append(activity)
        job.state_changed.connect(partial(self._change, activity))
        job.events.connect(partial(self._take, activity))
        job.failed.connect(lambda error: setattr(activity, "problem", _first_line(error)))
        job.ended.connect(lambda: self._end(activity, job.state))
        if job.handling.is_main:
            self._last_main = None
        self._look()

    def _look(self) -> None:
        """List what goes on for so long by now that it is to be shown."""
        going = tuple(one for one in self._all if one.is_long)
        if going != self._going:
            self._going = going
            self.listed.emit()

    def _change(self, activity: Activity, state: JobState) -> None:
        activity.state = state
        self.told.emit(activity)

    def _take(self, activity: Activity, events: list[object]) -> None:
        changes = [activity.take(event) for event in events]
        if any(changes) and activity in self._going:
            self.told.emit(activity)

    def _end(self, activity: Activity, state: JobState) -> None:
        activity.end(state)
        self._all.remove(activity)
        if activity.handling.is_main:
            self._last_main = activity
        self._going = tuple(one for one in self._going if one is not activity)
        was_long = activity.seconds >= _LONG_SECONDS and not activity.handling.is_quiet
        if activity.problem or was_long:
            self.ended.emit(activity)
        self.listed.emit()


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
