"""Copies of pictures: whole, under names that any system takes, nothing overwritten."""

import os
import shutil

import pytest

from vera_studio.errors import StudioError
from vera_studio.runs.sorted_copies import SortedCopies, folder_names


def test_no_two_classes_share_a_folder():
    names = ("a:b", "a?b", "Unsure", "unsure", "..", " ", "A_B")
    folders = folder_names(names)
    assert folders == ["a_b", "a_b (2)", "Unsure (2)", "unsure (3)", "_", "_ (2)", "A_B (3)"]


def test_any_system_takes_the_names():
    names = ("con", "LPT1.x", "\u202etxt.exe", "\u00e4" * 300, "\ud800", "a\nb")
    folders = folder_names(names)
    assert folders[:3] == ["con_", "LPT1.x_", "_txt.exe"]
    assert all(len(name.encode()) <= 104 for name in folders)
    assert len({name.casefold() for name in folders}) == len(names)


def test_a_copy_has_content_and_time_and_what_is_there_stays(tmp_path):
    file = tmp_path / "a.jpg"
    file.write_bytes(b"first")
    os.utime(file, (1e9, 1e9))
    copies = SortedCopies()
    first = copies.copy(file, tmp_path / "cat")
    assert first.read_bytes() == b"first"
    assert first.stat().st_mtime == 1e9
    file.write_bytes(b"second")
    assert copies.copy(file, tmp_path / "cat").name == "a (2).jpg"
    assert copies.copy(file, tmp_path / "cat").name == "a (3).jpg"
    assert SortedCopies().copy(file, tmp_path / "cat").name == "a (4).jpg"
    assert first.read_bytes() == b"first"


def test_half_a_copy_is_taken_away(tmp_path, monkeypatch):
    file = tmp_path / "a.jpg"
    file.write_bytes(b"all of it")

    def full(source, target):
        target.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(StudioError, match=r"Cannot copy .*a\.jpg to .*cat: No space left"):
        SortedCopies().copy(file, tmp_path / "cat")
    assert list((tmp_path / "cat").iterdir()) == []


def test_what_cannot_be_copied_is_told(tmp_path):
    with pytest.raises(StudioError, match="No such file"):
        SortedCopies().copy(tmp_path / "gone.jpg", tmp_path / "cat")
    (tmp_path / "a.jpg").touch()
    (tmp_path / "file").touch()
    with pytest.raises(StudioError, match="Cannot copy"):
        SortedCopies().copy(tmp_path / "a.jpg", tmp_path / "file")
