"""The recorder that other tests rely on hears what they say is not there."""

import pickle
import socket
import subprocess
import sys
import threading

from tests import audit


def test_reading_and_writing_are_told_apart(tmp_path):
    with audit.recording() as seen:
        (tmp_path / "a").write_text("x")
        (tmp_path / "a").read_text()
        (tmp_path / "a").rename(tmp_path / "b")
        (tmp_path / "b").unlink()
    assert seen.read == [tmp_path / "a"]
    assert set(seen.written) == {tmp_path / "a", tmp_path / "b"}
    assert seen.strays(tmp_path, writable=(tmp_path,)) == []
    assert seen.strays(tmp_path)[0] == f"write {tmp_path / 'a'}"
    assert f"read {tmp_path / 'a'}" in seen.strays()


def test_programs_and_connections_are_heard_in_threads_too():
    with audit.recording() as seen:
        subprocess.run([sys.executable, "-c", ""], check=True)
        with socket.socket() as one:
            one.settimeout(1)
            thread = threading.Thread(target=one.connect_ex, args=(("127.0.0.1", 1),))
            thread.start()
            thread.join()
    assert seen.programs
    assert len(seen.connections) == 1
    assert len(seen.strays()) == len(seen.programs) + 1


def test_what_a_pickle_asks_for_is_heard():
    content = pickle.dumps(subprocess.Popen)
    with audit.recording() as seen:
        pickle.loads(content)
    assert seen.unpickled == ["subprocess.Popen"]


def test_nothing_is_heard_outside(tmp_path):
    with audit.recording() as seen:
        pass
    (tmp_path / "a").write_text("x")
    assert seen == audit.Seen()
