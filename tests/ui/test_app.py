"""The program as a process: what it opens, where it cannot write, and how it ends."""

import os
import signal
import subprocess
import sys

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from tests.command_line import write_class
from vera_studio.runs.run_folder import load_result
from vera_studio.ui.app import _ENDING, close_on_signals, folder_problem

# Runs the program and, once all is loaded, the code in the first argument.
_PROGRAM = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox
from vera_studio.ui import app
from vera_studio.__main__ import main
code = sys.argv.pop(1)
make_window = app.make_window
def make(reporter):
    window = make_window(reporter)
    studio = window.studio
    boxes = lambda: [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox)]
    scope = {"window": window, "studio": studio, "boxes": boxes, "QTimer": QTimer}
    def when_free(_):
        if studio.is_free and "done" not in scope:
            scope["done"] = True
            exec(code, scope)
    studio.busy_changed.connect(when_free)
    return window
app.make_window = make
sys.exit(main())
"""


@pytest.fixture
def start():
    """Starts the program on a data folder, with code for when all is loaded."""
    started = []

    def start_one(folder, code, *arguments):
        command = [sys.executable, "-c", _PROGRAM, code, "--data-dir", folder, *arguments]
        process = subprocess.Popen(
            [str(one) for one in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1"},
        )
        started.append(process)
        return process

    yield start_one
    for process in started:
        process.kill()
        process.communicate()


def ended(process):
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err, err
    return process.returncode, out


_OPENED = """
def tell(data):
    if data.source == "folder":
        print("opened", data.title, flush=True)
        window.close()
studio.workspace.data_changed.connect(tell)
print("ready", flush=True)
"""


def test_a_folder_that_cannot_be_written_is_told_and_nothing_is_kept(start, tmp_path):
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "studio"
    code = (
        "print(boxes()[0].text()); print(boxes()[0].informativeText());"
        "studio.start_run(); studio.run.finished.connect(lambda r: (print('trained'), "
        "QTimer.singleShot(0, window.close)))"
    )
    status, out = ended(start(folder, code))
    assert status == 0
    assert out.startswith("Nothing of this session is kept.")
    assert str(folder) in out
    assert "trained" in out
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_can_be_written_is_no_problem(tmp_path):
    assert folder_problem(tmp_path / "new") == ""


def test_a_settings_file_that_is_a_folder_does_not_keep_the_window_shut(start, tmp_path):
    (tmp_path / "settings.json").mkdir()
    assert ended(start(tmp_path, "print('ready'); window.close()")) == (0, "ready\n")
    assert "Settings cannot be read" in (tmp_path / "logs" / "vera-studio.log").read_text()


_CRASH = """
import faulthandler
studio.run.state_changed.connect(lambda state: faulthandler._sigsegv())
print("started", flush=True)
studio.start_run()
"""
_LOOK_FOR_REPORT = """
report = [w for w in window.findChildren(object, "bug_report")]
print(report[0].report if report else "nothing")
window.close()
"""


@pytest.mark.skipif(os.name == "nt", reason="has signals of its own")
def test_a_crash_leaves_a_report_that_the_next_start_offers(start, tmp_path):
    crashing = start(tmp_path, _CRASH)
    crashing.communicate(timeout=60)
    assert crashing.returncode == -signal.SIGSEGV
    status, out = ended(start(tmp_path, _LOOK_FOR_REPORT))
    assert status == 0
    assert "Fatal Python error: Segmentation fault" in out
    assert "VeRA Studio" in out
    assert "Device: " in out
    assert 'optimizer = "adam' in out
    assert str(tmp_path) not in out.partition("Fatal")[0]
    assert ended(start(tmp_path, _LOOK_FOR_REPORT)) == (0, "nothing\n")


def test_a_second_start_opens_its_folder_in_the_first_window(start, tmp_path):
    images = tmp_path / "images <b>"
    for name in ("cat", "dog", "ship"):
        write_class(images / "train", name, 12, 0)
    first = start(tmp_path / "data", _OPENED)
    assert first.stdout.readline() == "ready\n"
    second = subprocess.run(
        [sys.executable, "-m", "vera_studio", "--data-dir", tmp_path / "data", images],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        timeout=60,
        check=False,
    )
    assert second.returncode == 0
    status, out = ended(first)
    assert status == 0
    assert out.startswith("opened")


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_a_signal_keeps_the_run_whole_and_closes(start, tmp_path):
    code = (
        "studio.workspace.edit_training(epochs=5000, batch_size=8);"
        "done = lambda events: any(type(one).__name__ == 'EpochDone' for one in events);"
        "studio.run.events.connect(lambda e, done=done: done(e) and print('going', flush=True));"
        "studio.start_run()"
    )
    process = start(tmp_path, code)
    while process.stdout.readline() != "going\n":
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    status, _ = ended(process)
    assert status == 128 + signal.SIGTERM
    (run,) = (path for path in (tmp_path / "runs").iterdir() if path.is_dir())
    assert load_result(run).stopped
    assert list((tmp_path / "adapters").glob("*.safetensors")), "it is in the library"
    assert not (tmp_path / "window.lock").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_each_signal_that_ends_a_program_closes(qtbot, name):
    number = getattr(signal, name)
    before = {one: signal.getsignal(one) for one in _ENDING}
    closed = []
    try:
        came = close_on_signals(lambda: closed.append(True))
        os.kill(os.getpid(), number)
        qtbot.waitUntil(lambda: closed == [True])
        assert came == [number]
        assert signal.getsignal(number) == signal.SIG_DFL, "a second one ends it at once"
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        for timer in heartbeats():
            timer.deleteLater()


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_a_signal_that_is_ignored_stays_so(qapp):
    before = {one: signal.getsignal(one) for one in _ENDING}
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        close_on_signals(lambda: None)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
        for timer in heartbeats():
            timer.deleteLater()


def heartbeats():
    return [one for one in QApplication.instance().findChildren(QTimer) if one.interval() == 250]
