"""Atomic writing: whole, or as it was. Reading: regular files of a bounded size, and no other."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from vera_studio import files
from vera_studio.errors import StudioError
from vera_studio.files import read_regular, read_text, write_atomically, write_together, writing_in


def test_writes_and_replaces_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "deep" / "file.bin"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "file.bin"
    write_atomically(path, b"old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(StudioError, match=r"file\.bin: No space left on device"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_files_that_belong_together_are_all_replaced_or_none(tmp_path, monkeypatch):
    first, second = tmp_path / "first", tmp_path / "second"
    write_together({first: b"old", second: b"old"})
    true_fsync, calls = os.fsync, []

    def disk_fills_up_at_the_second(handle):
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        true_fsync(handle)

    monkeypatch.setattr(os, "fsync", disk_fills_up_at_the_second)
    with pytest.raises(StudioError, match="second: No space left on device"):
        write_together({first: b"new", second: b"new"})
    assert (first.read_bytes(), second.read_bytes()) == (b"old", b"old")
    assert sorted(tmp_path.iterdir()) == [first, second]


def test_a_name_that_no_file_can_have_is_told(tmp_path):
    with pytest.raises(StudioError, match="no file can have that name"):
        write_atomically(tmp_path / "a\0b", b"")
    with pytest.raises(OSError, match="no file can have that name"):
        read_regular(tmp_path / "a\0b")


def test_a_file_follows_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "file.bin", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "file.bin").stat().st_mode & 0o777 == 0o640


def test_the_umask_of_the_process_is_never_touched(tmp_path, monkeypatch):
    """Setting it, as is needed to read it, would hold for the files of all other threads."""
    monkeypatch.setattr(os, "umask", lambda mask: pytest.fail("the umask was set"))
    write_atomically(tmp_path / "file.bin", b"")


def test_reads_what_is_there_and_passes_over_a_byte_order_mark(tmp_path):
    (tmp_path / "text").write_bytes(b"\xef\xbb\xbfa = 1")
    assert read_text(tmp_path / "text") == "a = 1"
    assert read_regular(tmp_path / "text") == b"\xef\xbb\xbfa = 1"
    with pytest.raises(OSError, match="it has more than the 7 bytes"):
        read_regular(tmp_path / "text", 7)


@pytest.mark.skipif(os.name == "nt", reason="needs pipes and devices that are files")
@pytest.mark.timeout(10)
def test_pipes_devices_and_folders_are_told_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for name, kind in (("pipe", "a pipe"), ("zero", "a device"), (".", "a folder")):
        with pytest.raises(OSError, match=f"it is {kind}, not a file"):
            read_regular(tmp_path / name)


@pytest.mark.skipif(os.name == "nt", reason="needs pipes that are files")
@pytest.mark.timeout(10)
def test_a_file_that_becomes_a_pipe_while_it_is_opened_is_not_waited_for(tmp_path, monkeypatch):
    path = tmp_path / "file"
    os.mkfifo(path)
    checked = iter([lambda *_: None, files._check_regular])
    monkeypatch.setattr(files, "_check_regular", lambda *values: next(checked)(*values))
    with pytest.raises(OSError, match="it is a pipe"):
        read_regular(path)


def test_a_sparse_file_of_gigabytes_is_refused_by_its_size(tmp_path):
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(4 * 2**30)
    with pytest.raises(OSError, match="it has more than the 1,048,576 bytes"):
        read_text(tmp_path / "huge")


def test_many_threads_write_at_once_and_leave_nothing_else(tmp_path):
    paths = [tmp_path / f"{number}.bin" for number in range(8)]
    threads = [threading.Thread(target=write_atomically, args=(p, b"x")) for p in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(tmp_path.iterdir()) == paths


_HOLD = """
import sys
from pathlib import Path
from vera_studio.files import writing_in
with writing_in(Path(sys.argv[1])):
    print("in", flush=True)
    sys.stdin.read()
"""


def test_one_process_at_a_time_writes_in_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_PATIENCE_SECONDS", 0.2)
    folder = tmp_path / "new" / "folder"
    command = [sys.executable, "-c", _HOLD, str(folder)]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert other.stdout.readline().strip() == b"in"
        with pytest.raises(StudioError, match="Another program is writing in"), writing_in(folder):
            pass
    finally:
        other.communicate(b"")
    with writing_in(folder), writing_in(folder):  # again in itself
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(StudioError, match=r"Cannot write to .*folder"),
        writing_in(tmp_path / "file" / "folder"),
    ):
        pass
