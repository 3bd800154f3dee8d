"""One window a data folder: a second start hands over what it was to open."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from vera_studio.ui.window.one_window import OneWindow

_CLAIM = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from vera_studio.ui.window.one_window import OneWindow
application = QCoreApplication([])
one = OneWindow(Path(sys.argv[1]))
print(one.claim(Path(sys.argv[2]) if len(sys.argv) > 2 else None), flush=True)
if "wait" in sys.argv:
    application.exec()
"""


def start(*arguments):
    command = [sys.executable, "-c", _CLAIM, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def one(qapp, tmp_path):
    window = OneWindow(tmp_path)
    assert window.claim(None)
    yield window
    window.release()


@pytest.mark.parametrize("path", ["birds & <b>.safetensors", None])
def test_a_second_start_hands_its_file_to_the_first(qtbot, one, tmp_path, path):
    with qtbot.waitSignal(one.asked, timeout=30_000) as asked:
        second = start(tmp_path, *([path] if path else []))
    assert asked.args == [None if path is None else (tmp_path.cwd() / path)]
    out, _ = second.communicate(timeout=30)
    assert out.strip() == "False"


def test_after_the_end_the_next_one_opens(one, tmp_path):
    one.release()
    assert sorted(path.name for path in tmp_path.iterdir()) == []
    out, _ = start(tmp_path).communicate(timeout=30)
    assert out.strip() == "True"


def test_two_folders_have_a_window_each(one, tmp_path):
    (tmp_path / "other").mkdir()
    out, _ = start(tmp_path / "other").communicate(timeout=30)
    assert out.strip() == "True"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal")
def test_the_lock_of_a_dead_process_is_taken_over(qapp, tmp_path):
    dead = start(tmp_path, "x", "wait")
    assert dead.stdout.readline().strip() == "True"
    dead.kill()
    dead.communicate()
    assert (tmp_path / "window.lock").exists()
    started = time.monotonic()
    window = OneWindow(tmp_path)
    assert window.claim(None)
    assert time.monotonic() - started < 1
    window.release()


def test_a_window_that_does_not_answer_keeps_nobody_out(qapp, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("vera_studio.ui.window.one_window._PATIENCE_MILLISECONDS", 300)
    monkeypatch.setattr("vera_studio.ui.window.one_window._ANSWER_MILLISECONDS", 100)
    hung = start(tmp_path, "x", "wait")
    assert hung.stdout.readline().strip() == "True"
    os.kill(hung.pid, signal.SIGSTOP)
    second = OneWindow(tmp_path)
    try:
        assert second.claim(None)
        assert "does not answer" in caplog.text
    finally:
        hung.kill()
        hung.communicate()
        second.release()


@pytest.mark.parametrize(
    "request_", [b"[]\n", b'{"open": 3}\n', b"[" * 70_000, b"\xff\n", b'{"open": ["x"]}\n']
)
def test_a_foreign_request_opens_nothing(qtbot, one, tmp_path, request_):
    socket = QLocalSocket()
    socket.connectToServer((tmp_path / "window.address").read_text())
    asked = []
    one.asked.connect(asked.append)
    socket.write(request_)
    qtbot.waitUntil(
        lambda: socket.state() is QLocalSocket.LocalSocketState.UnconnectedState, timeout=10_000
    )
    assert asked == []


def test_only_the_same_user_can_ask(one, tmp_path):
    server = one.findChild(QLocalServer)
    assert server.socketOptions() == QLocalServer.SocketOption.UserAccessOption
    if os.name == "posix":
        assert Path(server.fullServerName()).stat().st_mode & 0o077 == 0
