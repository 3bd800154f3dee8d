"""Stopping a run so that what was trained is still measured."""

from collections.abc import Callable

from vera_studio.errors import Cancelled
from vera_studio.runs.events import Part
from vera_studio.training.answers import Answers
from vera_studio.training.evaluation import predict_inputs
from vera_studio.training.inputs import Inputs
from vera_studio.training.processes import ALONE, Processes


class Stopping:
    """Asks whether the user wants a run to stop, and remembers that once it was so.

    What was trained before a stop is measured to its end, which is what makes it of use; a stop
    while that goes on breaks it off.

    Attributes:
        should_stop: the question itself, for what is given up altogether where it says so.
        has_stopped: whether something was left undone because the user asked.
    """

    def __init__(self, should_stop: Callable[[], bool], processes: Processes = ALONE) -> None:
        """Take the question, which may also raise `Cancelled` to give the run up altogether.

        Of several processes all stop where one is asked to.
        """
        self._processes = processes
        self.should_stop = should_stop
        self._noticed = self.has_stopped = False

    def stops(self) -> bool:
        """Whether to leave undone what comes next, for the user has asked to stop."""
        self.has_stopped = self._any_asked() or self.has_stopped
        return self.has_stopped

    def measure(self, inputs: Inputs, classes: int, part: Part) -> Answers | None:
        """Measure what was trained, as `predict_inputs`; None where it was broken off.

        Raises:
            Cancelled: the run was given up altogether.
        """
        own: Answers | None = None
        before = self._any_asked()
        try:
            own = predict_inputs(inputs, classes, self._asked_anew, part)
        except Cancelled:
            if self._noticed == before:
                raise
        if self._processes.any(own is None) or own is None:
            self._noticed = self.has_stopped = True
            return None
        return self._processes.joined(own)

    def _any_asked(self) -> bool:
        self._noticed = self._processes.any(self._asked())
        return self._noticed

    def _asked(self) -> bool:
        self._noticed = self.should_stop() or self._noticed
        return self._noticed

    def _asked_anew(self) -> bool:
        before = self._noticed
        return self._asked() and not before
