"""The one run: stopped it is kept, discarded it ends at once, and without a gain nothing is on."""

import pytest

from vera_studio.errors import Cancelled
from vera_studio.ui.runner import Runner
from vera_studio.ui.state.run_control import RunControl, RunState


@pytest.fixture
def control(qtbot):
    runner = Runner()
    control = RunControl(runner)
    control.said = []
    control.message.connect(control.said.append)
    yield control
    runner.cancel_all()
    assert runner.wait(5000)


class Run:
    """Stands for a run: works until it is asked to stop, then measures what was trained."""

    def __init__(self, folder):
        self.folder, self.measured = folder, False
        (folder / "last.safetensors").write_bytes(b"")

    def __call__(self, on_event, should_stop):
        while not should_stop():
            pass
        self.measured = True
        return "result"


def test_a_stopped_run_is_measured_and_kept(control, qtbot, tmp_path):
    run = Run(tmp_path)
    control.start(run, tmp_path)
    with qtbot.waitSignal(control.finished) as finished:
        control.stop()
    assert finished.args == ["result"]
    assert run.measured
    qtbot.waitUntil(lambda: control.state is RunState.IDLE)
    assert tmp_path.exists()


def test_a_discarded_run_is_not_measured_first(control, qtbot, tmp_path):
    run = Run(tmp_path)
    control.start(run, tmp_path)
    control.stop(discard=True)
    qtbot.waitUntil(lambda: control.state is RunState.IDLE)
    assert not run.measured
    assert not tmp_path.exists()
    assert control.said[1:] == ["Fine-tuning stopped; the run was discarded."]


def test_a_run_that_is_stopped_before_it_trains_says_so(control, qtbot, tmp_path):
    def cancelled(on_event, should_stop):
        while not should_stop():
            pass
        raise Cancelled

    control.start(cancelled, tmp_path)
    control.stop()
    qtbot.waitUntil(lambda: control.state is RunState.IDLE)
    assert control.said[1:] == ["Stopped before training began."]


def test_a_run_that_does_no_better_puts_nothing_on(qtbot, window, settle):
    said = []
    window.studio.message.connect(said.append)
    window.studio.workspace.edit_training(epochs=1, learning_rate=10.0)
    window.actions_by_name["start"].trigger()
    qtbot.waitUntil(lambda: window.studio.workspace.result is not None, timeout=60_000)
    settle()
    result = window.studio.workspace.result
    assert result.fell_short
    assert not result.best_adapter.exists()
    assert window.studio.workspace.adapter is None
    assert window.studio.shelf.entries == ()
    assert said[-1] == (
        "Fine-tuning finished after 1 epoch; none did better than the network before training."
    )


def test_the_run_folder_knows_what_its_adapter_is_called(qtbot, window, settle):
    from vera_studio.runs.run_folder import load_result

    window.studio.workspace.edit_training(epochs=1)
    window.actions_by_name["start"].trigger()
    qtbot.waitUntil(lambda: window.studio.workspace.adapter is not None, timeout=60_000)
    settle()
    result = load_result(window.studio.workspace.result.folder)
    assert result.adapter_name == window.studio.workspace.adapter.title
