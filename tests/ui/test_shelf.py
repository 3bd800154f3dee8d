"""The library as the window has it, without a window."""

import os

import pytest

from tests.ui.adapters import make_adapter, put_in_library
from vera_studio import environment
from vera_studio.adapters import adapter_file
from vera_studio.models.model import open_model
from vera_studio.recipe import ModelSettings
from vera_studio.ui.state.shelf import Shelf


@pytest.fixture(scope="module")
def model():
    return open_model(ModelSettings())


@pytest.fixture
def shelf(qapp, model):
    put_in_library(make_adapter(model), "Birds")
    put_in_library(make_adapter(model, seed=1), "Cats", minutes=1)
    shelf = Shelf()
    shelf.told, shelf.errors, shelf.undo = [], [], []
    shelf.message.connect(shelf.told.append)
    shelf.failed.connect(shelf.errors.append)
    shelf.undo_changed.connect(shelf.undo.append)
    shelf.load()
    return shelf


def names(shelf):
    return [entry.name for entry in shelf.entries]


def path_of(shelf, name):
    return next(entry.path for entry in shelf.entries if entry.name == name)


def test_it_lists_the_library_and_what_is_damaged_in_it(shelf):
    assert names(shelf) == ["Cats", "Birds"]
    (environment.library_folder() / "broken.safetensors").write_bytes(b"x")
    shelf.refresh()
    assert "broken.safetensors" in shelf.problems[0]


def test_what_is_deleted_comes_back_the_newest_first(shelf):
    birds, cats = path_of(shelf, "Birds"), path_of(shelf, "Cats")
    deleted = []
    shelf.deleted.connect(deleted.append)
    shelf.delete([birds])
    shelf.delete([cats])
    assert names(shelf) == []
    assert deleted == [(birds,), (cats,)]
    shelf.undo_delete()
    assert names(shelf) == ["Cats"]
    shelf.undo_delete()
    assert names(shelf) == ["Cats", "Birds"]
    shelf.undo_delete()
    assert shelf.undo == ["Birds", "Cats", "Birds", ""]
    assert shelf.errors == []


def test_two_that_are_deleted_together_come_back_together(shelf):
    shelf.delete([entry.path for entry in shelf.entries])
    assert shelf.undo == ["2 adapters"]
    shelf.undo_delete()
    assert names(shelf) == ["Cats", "Birds"]


def test_a_second_start_leaves_what_the_first_can_bring_back(shelf):
    shelf.delete([path_of(shelf, "Birds")])
    again = Shelf()
    again.load()
    assert names(again) == ["Cats"]
    shelf.undo_delete()
    assert set(names(shelf)) == {"Birds", "Cats"}
    assert shelf.errors == []


def test_what_is_gone_meanwhile_is_told_and_not_brought_back(shelf):
    shelf.delete([path_of(shelf, "Birds")])
    for path in environment.library_folder().glob(".deleted/*"):
        os.utime(path, (0, 0))  # long ago
    Shelf().load()
    shelf.undo_delete()
    assert "found nothing" in str(shelf.errors[0])
    assert names(shelf) == ["Cats"]


def test_a_name_that_is_taken_is_refused_and_nothing_changes(shelf):
    shelf.rename(path_of(shelf, "Birds"), "Cats")
    assert "another adapter called Cats" in str(shelf.errors[0])
    assert names(shelf) == ["Cats", "Birds"]


def test_new_names_and_notes_are_in_the_file_and_told(shelf):
    path, changed = path_of(shelf, "Birds"), []
    shelf.entry_changed.connect(changed.append)
    shelf.rename(path, "Owls")
    shelf.annotate(path, "learned at night")
    info = adapter_file.inspect(path)
    assert (info.name, info.notes) == ("Owls", "learned at night")
    assert [entry.info.notes for entry in changed] == ["", "learned at night"]


def test_the_same_adapter_is_kept_once(shelf, model):
    kept = shelf.keep(make_adapter(model), "Birds again")
    assert (kept.entry.name, kept.is_new) == ("Birds", False)
    assert names(shelf) == ["Cats", "Birds"]
    kept = shelf.keep(make_adapter(model, seed=2), "Dogs")
    assert (kept.entry.name, kept.is_new) == ("Dogs", True)
    assert set(names(shelf)) == {"Birds", "Cats", "Dogs"}


def test_a_library_that_cannot_be_written_says_so(shelf, model, monkeypatch):
    from vera_studio.errors import StudioError

    def refuse(*_):
        raise StudioError("The disk is full.")

    monkeypatch.setattr(adapter_file, "write", refuse)
    assert shelf.keep(make_adapter(model, seed=2), "Dogs") is None
    assert str(shelf.errors[0]) == "The disk is full."


def test_notes_that_cannot_be_kept_leave_the_field_alone(shelf):
    """What shows the notes is told of a change only when there is one."""
    changes = []
    shelf.changed.connect(lambda: changes.append("library"))
    shelf.entry_changed.connect(changes.append)
    shelf.annotate(path_of(shelf, "Birds"), "x" * 10_001)
    assert "10,001" in str(shelf.errors[0])
    assert changes == []
    shelf.annotate(path_of(shelf, "Birds"), "owls")
    assert [change if change == "library" else change.info.notes for change in changes] == [
        "library",
        "owls",
    ]
