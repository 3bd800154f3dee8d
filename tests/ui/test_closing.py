"""Closing cuts off what hangs, and never what is to be saved."""

import logging
import os
import threading
from functools import partial

import pytest

from vera_studio.ui.state.busy import EXPORTING, SAVING
from vera_studio.ui.window import closing


@pytest.fixture
def exits(monkeypatch):
    """Statuses that the program would have ended with at once."""
    found = []
    monkeypatch.setattr(closing, "_MILLISECONDS", 50)
    monkeypatch.setattr(logging, "shutdown", lambda: None)
    monkeypatch.setattr(os, "_exit", found.append)
    return found


def test_a_read_that_hangs_is_cut_off_and_logged(new_window, monkeypatch, caplog, exits):
    window, hangs = new_window(), threading.Event()
    monkeypatch.setattr(os, "_exit", lambda status: (exits.append(status), hangs.set()))
    window.studio.busy.start("Opening the network", lambda *_: hangs.wait(20), lambda _: None)
    window.close()
    assert exits
    assert set(exits) == {0}
    assert "Opening the network" in caplog.text


def test_an_export_that_takes_long_is_waited_for(new_window, exits):
    window, written, told = new_window(), threading.Event(), []
    saving = partial(window.studio.busy.start, handling=SAVING)
    saving(EXPORTING, lambda *_: written.wait(20), told.append)
    timer = threading.Timer(0.5, written.set)
    timer.start()
    window.close()
    timer.join()
    assert told == [True]
    assert exits == []


def test_a_window_that_is_to_close_without_asking_asks_nothing(new_window):
    window = new_window()
    window.closing.close_without_asking()
    assert not window.isVisible()
