"""Importing the engine on a thread."""

import os
import subprocess
import sys

import pytest

from vera_studio.errors import Cancelled
from vera_studio.runs.events import Stage
from vera_studio.ui.jobs import loading
from vera_studio.ui.jobs.loading import load_engine
from vera_studio.ui.runner import Runner


@pytest.fixture(autouse=True)
def same_threads_after():
    import torch

    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def test_the_engine_is_loaded_by_the_runner_step_by_step(qtbot):
    runner = Runner()
    job = runner.start(load_engine, name="Loading")
    steps, failures = [], []
    job.events.connect(steps.extend)
    job.failed.connect(failures.append)
    with qtbot.waitSignal(job.ended, timeout=60_000):
        pass
    assert failures == []
    assert [type(step) for step in steps] == [Stage] * 2
    assert steps[0].text == "Loading PyTorch"
    assert "vera_studio.training.loop" in sys.modules


def test_loading_stops_between_two_steps():
    told = []
    with pytest.raises(Cancelled):
        load_engine(told.append, lambda: len(told) == 1)
    assert len(told) == 1


@pytest.mark.parametrize(
    ("cores", "torch_threads", "expected"),
    [(8, 8, 7), (2, 2, 1), (1, 1, 1), (16, 8, 8), (8, 1, 1)],
)
def test_a_core_is_left_to_the_window(monkeypatch, cores, torch_threads, expected):
    import torch

    monkeypatch.setattr(loading, "_usable_cores", lambda: cores)
    # It is found once a process; here for each machine.
    monkeypatch.setattr(loading, "_thread_count", loading._thread_count.__wrapped__)
    monkeypatch.setattr(torch, "get_num_threads", lambda: torch_threads)
    chosen = []
    monkeypatch.setattr(torch, "set_num_threads", chosen.append)
    load_engine(lambda event: None, lambda: False)
    assert chosen == [expected]


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="Linux only")
def test_only_cores_that_the_process_may_use_are_counted(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 3, 5})
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert loading._usable_cores() == 3


def test_the_module_itself_does_not_import_torch():
    code = "import sys, vera_studio.ui.jobs.loading; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_torchvision_is_left_for_later():
    code = (
        "import sys; from vera_studio.ui.jobs.loading import load_engine; "
        "load_engine(lambda event: None, lambda: False); assert 'torchvision' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_window_says_what_is_being_loaded(qtbot):
    from vera_studio.ui.state.busy import BusyJobs

    runner = Runner()
    busy = BusyJobs(runner)
    told = []
    busy.changed.connect(told.append)
    done = []
    busy.start("Loading", load_engine, done.append)
    qtbot.waitUntil(lambda: bool(done), timeout=60_000)
    assert "Loading the training engine" in told
    assert told[-1] == ""
