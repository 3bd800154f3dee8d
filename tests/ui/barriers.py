"""Holds a piece of the engine's work, so that a test can act in the midst of it."""

import threading


class Barrier:
    """Stands before a function: the first call after `close` waits until it is opened."""

    def __init__(self, monkeypatch, owner, name):
        self._real = getattr(owner, name)
        self._closed, self.entered, self._opened = False, threading.Event(), threading.Event()
        self.calls = 0  # since it was entered, that one not counted
        barrier = self

        def held(*arguments, **named):
            barrier._pass()
            return barrier._real(*arguments, **named)

        monkeypatch.setattr(owner, name, held)

    def close(self):
        """Hold the next call."""
        self.entered.clear()
        self._opened.clear()
        self.calls, self._closed = 0, True

    def open(self):
        """Let it go on, and whatever comes after."""
        self._opened.set()

    def _pass(self):
        if self._closed:
            self._closed = False
            self.entered.set()
            assert self._opened.wait(30)
        elif self.entered.is_set():
            self.calls += 1
