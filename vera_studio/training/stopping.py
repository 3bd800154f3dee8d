"""Stopping a run so that what was trained is still measured."""

from collections.abc import Callable

from vera_studio.errors import Cancelled
from vera_studio.runs.events import Part
from vera_studio.training.answers import Answers
from vera_studio.training.evaluation import predict_inputs
from vera_studio.training.inputs import Inputs


class Stopping:
    """Asks whether the user wants a run to stop, and remembers that once it was so.

    What was trained before a stop is measured to its end, which is what makes it of use; a stop
    while that goes on breaks it off.

    Attributes:
        should_stop: the question itself, for what is given up altogether where it says so.
        has_stopped: whether something was left undone because the user asked.
    """

    def __init__(self, should_stop: Callable[[], bool]) -> None:
        """Take the question, which may also raise `Cancelled` to give the run up altogether."""
        self.should_stop = should_stop
        self._noticed = self.has_stopped = False

    def stops(self) -> bool:
        """Whether to leave undone what comes next, for the user has asked to stop."""
        self.has_stopped = self._asked() or self.has_stopped
        return self.has_stopped

    def measure(self, inputs: Inputs, classes: int, part: Part) -> Answers | None:
        """Measure what was trained, as `predict_inputs`; None where it was broken off.

        Raises:
            Cancelled: the run was given up altogether.
        """
        before = self._asked()
        try:
            return predict_inputs(inputs, classes, self._asked_anew, part)
        except Cancelled:
            if self._noticed == before:
                raise
            self.has_stopped = True
            return None

    def _asked(self) -> bool:
        self._noticed = self.should_stop() or self._noticed
        return self._noticed

    def _asked_anew(self) -> bool:
        before = self._noticed
        return self._asked() and not before
