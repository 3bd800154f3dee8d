"""Closing the window: what becomes of a run or a comparison, and of work under way."""

import logging
import os
from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMainWindow

from vera_studio.ui.state.run_control import RunState
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.window.asking import ask_about_comparison, ask_about_run

_log = logging.getLogger(__name__)
_MILLISECONDS = 20_000


class Closing(QObject):
    """Has the window closed once a run or a comparison has ended and is kept."""

    def __init__(self, studio: Studio, window: QMainWindow) -> None:
        super().__init__(window)
        self._studio = studio
        self._window = window
        self._is_wanted = False
        self._without_asking = False
        self.may_lose: Callable[[], bool] = lambda: True  # asks about what was not saved
        studio.run.state_changed.connect(self._follow)
        studio.comparison.state_changed.connect(self._follow)
        studio.run.failed.connect(self._stay_open)
        studio.comparison.failed.connect(self._stay_open)

    def close_without_asking(self) -> None:
        """Close as when the system ends the program: what was trained so far is kept whole."""
        self._without_asking = True
        self._window.close()

    def may_close(self) -> bool:
        """Whether nothing is going on; else asks, and the window closes when that has ended.

        Asks as well about what is there and was not saved.
        """
        studio = self._studio
        if studio.run.is_going:
            self._end_run()
            return False
        if studio.comparison.is_going:
            self._end_comparison()
            return False
        return self._without_asking or self.may_lose()

    def end_jobs(self) -> None:
        """Break off the work under way and wait for it; for a window that is hidden already."""
        runner = self._studio.runner
        self._studio.queue.end()
        runner.cancel_all()
        while not runner.wait(_MILLISECONDS):
            if not any(job.handling.is_saving for job in runner.jobs):
                # An import of torch or a read that hangs cannot be broken off, and Qt aborts
                # where a thread outlives the application. Nothing is left to be saved.
                names = ", ".join(job.name for job in runner.unfinished)
                _log.warning("Closed while this did not end: %s", names)
                logging.shutdown()
                os._exit(0)

    def _end_run(self) -> None:
        run = self._studio.run
        if run.state is RunState.STOPPING:
            self._is_wanted = True
            return
        fate = "save" if self._without_asking else ask_about_run(self._window)
        self._end(fate != "keep", lambda: run.stop(discard=fate == "discard"))

    def _end_comparison(self) -> None:
        comparison = self._studio.comparison
        if not comparison.can_stop:
            self._is_wanted = True
            return
        agreed = self._without_asking or ask_about_comparison(self._window)
        self._end(agreed, comparison.stop)

    def _end(self, agreed: bool, stop: Callable[[], None]) -> None:
        self._is_wanted = agreed
        if agreed and self._is_idle:  # it ended while the question was open
            self._window.close()
        elif agreed:
            stop()

    def _follow(self, _: object = None) -> None:
        if self._is_wanted and self._is_idle:
            self._window.close()

    def _stay_open(self, _: Exception) -> None:
        """Stay, to show why the run that was to be saved was not."""
        self._is_wanted = self._without_asking

    @property
    def _is_idle(self) -> bool:
        studio = self._studio
        return not studio.run.is_going and not studio.comparison.is_going
