"""The library: a folder of adapter files that can be named, annotated, deleted and restored."""

import contextlib
import dataclasses
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import pytest
import torch

from vera_studio.adapters import adapter_file
from vera_studio.adapters.gains import Gains, gains, target_classes
from vera_studio.adapters.library import DAYS_KEPT, MAX_NAME, MAX_NOTES, Contents, Library
from vera_studio.adapters.library_names import claim
from vera_studio.adapters.training_record import TrainingRecord
from vera_studio.errors import AdapterError, StudioError

NOON = datetime(2026, 11, 24, 12, tzinfo=timezone(timedelta(hours=1)))


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "library")


@pytest.fixture
def adapter(path):
    return adapter_file.load(path)


def names(library):
    return [entry.name for entry in library.contents().entries]


def test_an_empty_library(library):
    assert library.contents().entries == ()
    with pytest.raises(AdapterError, match="no adapter 'birds'; it has none at all"):
        library.find("birds")


def test_what_is_added_is_listed_newest_first(library, adapter):
    first = library.add(adapter, "Birds, 32", NOON)
    library.add(adapter, "Cats", NOON + timedelta(hours=1))
    assert names(library) == ["Cats", "Birds, 32"]
    entry = library.contents().entries[1]
    assert entry == first
    assert (entry.bytes, entry.added) == (entry.path.stat().st_size, NOON)
    assert entry.path.name == "Birds-32.safetensors"
    assert library.find("Birds, 32") == library.find("Birds-32") == entry.path
    assert gains(entry.info) == gains(adapter.info)


def test_what_is_added_is_the_same_adapter(library, adapter):
    kept = adapter_file.load(library.add(adapter, "Birds", NOON).path)
    for name, value in adapter.parameters.items():
        assert torch.equal(kept.parameters[name], value)
    assert kept.info == dataclasses.replace(
        adapter.info, name="Birds", added="2026-11-24T12:00:00+01:00"
    )


@pytest.mark.parametrize(
    "name", ["Birds", "../../outside", "a/b\\c", "...", "  ", "鳥" * 100, "x" * 300, "con"]
)
def test_any_name_stays_in_the_folder_and_is_used_once(library, adapter, name):
    first, second = (library.add(adapter, name, NOON) for _ in range(2))
    assert first.path.parent == second.path.parent == library.folder
    assert second.name == f"{first.name[: MAX_NAME - 2]} 2"
    assert max(len(first.name), len(second.name)) <= MAX_NAME
    assert first.path != second.path


def test_renaming_and_annotating(library, adapter):
    path = library.add(adapter, "Birds", NOON).path
    library.rename(path, " Owls ")
    library.annotate(path, "line\nline")
    (entry,) = library.contents().entries
    assert (entry.name, entry.info.notes, entry.added) == ("Owls", "line\nline", NOON)
    assert torch.equal(adapter_file.load(path).parameters["fc1.b"], adapter.parameters["fc1.b"])


@pytest.mark.parametrize(
    ("name", "message"),
    [("", "1 to 100 characters"), ("x" * 101, "not 101"), ("Cats", "another adapter called Cats")],
)
def test_names_that_cannot_be_taken_change_nothing(library, adapter, name, message):
    path = library.add(adapter, "Birds", NOON).path
    library.add(adapter, "Cats", NOON)
    with pytest.raises(StudioError, match=message):
        library.rename(path, name)
    assert sorted(names(library)) == ["Birds", "Cats"]
    library.rename(path, "Birds")  # its own name is not taken by another


def test_notes_that_are_too_long_change_nothing(library, adapter):
    path = library.add(adapter, "Birds", NOON).path
    with pytest.raises(StudioError, match="not 10,001"):
        library.annotate(path, "x" * (MAX_NOTES + 1))
    assert library.contents().entries[0].info.notes == ""


def test_what_is_deleted_comes_back(library, adapter):
    path = library.add(adapter, "Birds", NOON).path
    content = path.read_bytes()
    deleted = library.delete(path)
    assert names(library) == []
    library.add(adapter, "Birds", NOON)  # in the place of the former
    restored = library.restore(deleted)
    assert restored != path
    assert set(names(library)) == {"Birds", "Birds 2"}
    assert adapter_file.inspect(restored).name == "Birds 2"
    library.delete(library.find("Birds"))
    library.rename(restored, "Birds")
    assert restored.read_bytes() == content


def test_deleting_two_of_one_name_keeps_both(library, adapter):
    deleted = [library.delete(library.add(adapter, "Birds", NOON).path) for _ in range(2)]
    assert len(set(deleted)) == 2
    library.forget_deleted()
    assert all(path.exists() for path in deleted)  # another window may bring them back
    for path, days in zip(deleted, (DAYS_KEPT + 1, DAYS_KEPT - 1), strict=True):
        os.utime(path, (0, time.time() - days * 24 * 60 * 60))
    library.forget_deleted()
    assert [path.exists() for path in deleted] == [False, True]
    with pytest.raises(StudioError, match="found nothing"):
        library.restore(deleted[0])


def test_a_name_comes_before_the_name_of_a_file(library, adapter):
    library.rename(library.add(adapter, "cats", NOON + timedelta(days=1)).path, "old")
    dogs = library.add(adapter, "dogs", NOON).path
    library.rename(dogs, "cats")
    assert library.find("cats") == dogs
    assert library.find("old") == library.find("cats.safetensors")


@pytest.mark.parametrize(
    "added", ["yesterday", "0001-01-01T00:00:00", "9999-12-31T23:59:59-14:00", "x" * 10_000]
)
def test_a_date_that_cannot_be_is_taken_from_the_file(library, adapter, added):
    library.folder.mkdir()
    path = library.folder / "a.safetensors"
    info = dataclasses.replace(adapter.info, added=added)
    adapter_file.write(path, dataclasses.replace(adapter, info=info))
    (entry,) = library.contents().entries
    assert entry.added.timestamp() == pytest.approx(path.stat().st_mtime)


def test_names_that_would_steer_a_terminal_are_shown_on_one_line(library, adapter):
    library.folder.mkdir()
    info = dataclasses.replace(adapter.info, name="a\n\x1b[31mb" + "x" * 1000)
    adapter_file.write(library.folder / "a.safetensors", dataclasses.replace(adapter, info=info))
    (name,) = names(library)
    assert name.startswith("a [31mbxxx")
    assert len(name) == MAX_NAME


def test_adapters_added_at_once_are_all_kept(library, adapter):
    with ThreadPoolExecutor(8) as pool:
        entries = list(pool.map(lambda _: library.add(adapter, "x", NOON), range(8)))
    assert len({entry.path for entry in entries}) == 8
    assert len(library.contents().entries) == 8


def test_a_name_that_was_claimed_and_never_written_is_no_adapter(library):
    assert claim(library.folder, "Birds").stat().st_size == 0
    assert library.contents() == Contents((), ())


def test_the_same_numbers_are_found_under_another_name(library, adapter):
    entry = library.add(adapter, "Birds", NOON)
    other = dataclasses.replace(adapter.info, name="Mine", notes="from home")
    assert library.find_same(dataclasses.replace(adapter, info=other)) == entry
    changed = {name: value + 1 for name, value in adapter.parameters.items()}
    assert library.find_same(dataclasses.replace(adapter, parameters=changed)) is None
    elsewhere = dataclasses.replace(adapter.info, base_digest="0" * 64)
    assert library.find_same(dataclasses.replace(adapter, info=elsewhere)) is None


def test_files_put_there_by_hand_are_in_it_and_damaged_ones_are_told(library, path):
    library.folder.mkdir()
    (library.folder / "by hand.safetensors").write_bytes(path.read_bytes())
    (library.folder / "broken.safetensors").write_bytes(b"x")
    contents = library.contents()
    assert [entry.name for entry in contents.entries] == ["by hand"]
    assert len(contents.problems) == 1
    assert "broken.safetensors" in contents.problems[0]
    library.rename(contents.entries[0].path, "Named")
    assert names(library) == ["Named"]


def test_gains_over_targets_and_others(adapter):
    found = gains(adapter.info)
    assert target_classes(adapter.info) == ("bird", "cat", "dog")
    # Even classes went from .6543 to .6543, odd ones from .7 to .1235: bird is 2, cat 3, dog 5.
    assert found.targets_before == pytest.approx((0.6543 + 0.7 + 0.7) / 3)
    assert found.targets_after == pytest.approx((0.6543 + 0.1235 + 0.1235) / 3)
    assert found.others_before == pytest.approx((4 * 0.6543 + 3 * 0.7) / 7)


@pytest.mark.parametrize(
    "told", [{}, {"before": [0.5]}, {"before": 1, "after": 2}, {"before": None, "after": None}]
)
def test_figures_that_are_not_there_are_no_gains(adapter, told):
    record = TrainingRecord.from_json(told)
    assert gains(dataclasses.replace(adapter.info, training=record)) is None


@pytest.mark.parametrize("share", [10**400, -1, 1.5, True, "0.5"])
def test_shares_that_cannot_be_do_not_count(adapter, share):
    values = [share] * 10
    record = TrainingRecord.from_json({"before": values, "after": values})
    found = gains(dataclasses.replace(adapter.info, training=record))
    assert math.isnan(found.others_before)


def test_classes_without_images_do_not_count(adapter):
    told = {"before": [None] * 9 + [0.5], "after": [None] * 9 + [0.7], "targets": ["bird"]}
    found = gains(dataclasses.replace(adapter.info, training=TrainingRecord.from_json(told)))
    assert math.isnan(found.targets_before)
    assert dataclasses.replace(found, targets_before=0, targets_after=0) == Gains(0, 0, 0.5, 0.7)


def test_what_was_deleted_is_as_old_as_its_deletion(library, adapter):
    path = library.add(adapter, "Birds", NOON).path
    os.utime(path, (0, 0))
    deleted = library.delete(path)
    library.forget_deleted()
    assert library.restore(deleted) == path


def test_of_several_that_keep_the_same_adapter_one_adds_it(library, adapter):
    with ThreadPoolExecutor(4) as pool:
        kept = list(pool.map(lambda n: library.keep(adapter, f"Birds {n}", NOON), range(8)))
    assert [is_new for _, is_new in kept].count(True) == 1
    assert len({entry.path for entry, _ in kept}) == len(names(library)) == 1


def test_several_that_rename_delete_and_restore_leave_every_adapter_once(library, adapter):
    """Each asks for the same names at once; a refusal is fine, a name twice is not."""
    paths = [library.add(adapter, f"Birds {number}", NOON).path for number in range(6)]

    def change(number):
        own = Library(library.folder)  # as another process has it
        for name in ("Cats", "Dogs"):
            with contextlib.suppress(StudioError):
                own.rename(paths[number % 6], name)
            with contextlib.suppress(StudioError):
                own.restore(own.delete(paths[number % 6]))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(change, range(12)))
    assert len(names(library)) == len(set(names(library))) == 6
    assert library.deleted().contents().entries == ()


def test_a_folder_that_cannot_be_read_is_told(library):
    library.folder.write_text("in the way")
    (problem,) = library.contents().problems
    assert problem == f"The library {library.folder} cannot be read: Not a directory."


def test_what_another_program_moves_away_meanwhile_is_no_problem(library, adapter, monkeypatch):
    path = library.add(adapter, "Birds", NOON).path
    true_look = adapter_file.look

    def look(asked):
        asked.unlink(missing_ok=True)
        return true_look(asked)

    monkeypatch.setattr(adapter_file, "look", look)
    assert library.contents() == Contents((), ())
    assert not path.exists()
