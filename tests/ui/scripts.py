"""Functions of jobs that go on until a test lets them end."""

import threading

from tests.ui.run_stories import evaluation, result
from vera_studio.errors import StudioError


class Script:
    """Stands for the function of a job: tells what it is given, and ends as it is told."""

    def __init__(self):
        self.events, self._next = [], threading.Semaphore(0)
        self._end = None

    def __call__(self, on_event, should_stop):
        while True:
            while not self._next.acquire(timeout=0.01):
                if should_stop():
                    return result(evaluation([0.5] * 10), evaluation([0.5] * 10), stopped=True)
            if self._end is not None:
                return self._end()
            on_event(self.events.pop(0))

    def tell(self, event):
        self.events.append(event)
        self._next.release()

    def end(self, how=lambda: None):
        self._end = how
        self._next.release()


def fail():
    raise StudioError("The disk is full.\nMore on that.")
