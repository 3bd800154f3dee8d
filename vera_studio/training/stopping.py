"""Stopping a run so that what was trained is still measured."""

from collections.abc import Callable

from vera_studio.errors import Cancelled
from vera_studio.runs.events import Evaluation, Part
from vera_studio.training.evaluation import evaluate_inputs
from vera_studio.training.inputs import Inputs


class Stopping:
    """Asks whether the user wants a run to stop, and remembers that once it was so.

    What was trained before a stop is measured to its end, which is what makes it of use; a stop
    while that goes on breaks it off.
    """

    def __init__(self, should_stop: Callable[[], bool]) -> None:
        """Take the question, which may also raise `Cancelled` to give the run up altogether."""
        self._should_stop = should_stop
        self._noticed = False

    def asked(self) -> bool:
        """Whether the user has asked to stop."""
        self._noticed = self._should_stop() or self._noticed
        return self._noticed

    def measure(self, inputs: Inputs, classes: int, part: Part) -> Evaluation | None:
        """Measure what was trained, as `evaluate_inputs`; None where it was broken off.

        Raises:
            Cancelled: the run was given up altogether.
        """
        before = self.asked()
        try:
            return evaluate_inputs(inputs, classes, self._asked_anew, part)
        except Cancelled:
            if self._noticed == before:
                raise
            return None

    def _asked_anew(self) -> bool:
        before = self._noticed
        return self.asked() and not before
