"""Classes that a person gave pictures are kept from one start to the next."""

import numpy as np
import pytest

from vera_studio import environment
from vera_studio.runs.given_classes import given_file, load_given, save_given
from vera_studio.ui.runner import Runner
from vera_studio.ui.state.given_keeper import GivenKeeper
from vera_studio.ui.widgets.classified_rows import NOBODY, ClassifiedRows

NAMES = ("cat", "ship")


def rows_of(files, **given):
    rows = ClassifiedRows(NAMES)
    rows.add(files, np.zeros((len(files), 2)), np.ones((len(files), 2)))
    for file, name in given.items():
        rows.give([files.index(file)], NAMES.index(name))
    return rows


@pytest.fixture
def keeper(qtbot):
    runner = Runner()
    yield GivenKeeper(runner)
    assert runner.wait(5000)


def test_what_is_kept_is_read_back_whatever_the_names(tmp_path):
    given = {"a/b.png": "cat", "\udcff.png": "<b>", "c\n.png": "\u00e4"}
    save_given(tmp_path, given)
    assert load_given(tmp_path) == given
    assert load_given(tmp_path / "other") == {}
    assert given_file(tmp_path).parent == environment.classified_folder()
    save_given(tmp_path, {})
    assert load_given(tmp_path) == {}
    save_given(tmp_path / "other", {})
    assert not given_file(tmp_path / "other").exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"given": 3}', b'{"given": {"a": 3}}', b"\xff", b"[" * 100_000],
)
def test_what_is_damaged_counts_as_nothing(tmp_path, content):
    save_given(tmp_path, {"a": "cat"})
    given_file(tmp_path).write_bytes(content)
    assert load_given(tmp_path) == {}


def test_what_is_said_is_kept_a_moment_later_and_at_once_where_it_must_be(qtbot, keeper, tmp_path):
    rows = rows_of(["a", "b", "c"], b="ship")
    keeper.begin(tmp_path, rows)
    # "b" is there; of "c" another network said it, and "d" has not come yet.
    keeper.know({"a": "cat", "b": "cat", "c": "amber", "d": "cat"})
    keeper.note()
    assert load_given(tmp_path) == {}
    keeper.keep()
    qtbot.waitUntil(lambda: load_given(tmp_path) == {"b": "ship", "c": "amber", "d": "cat"})
    rows.give([1], NOBODY)
    rows.give([0], 1)
    keeper.note()
    keeper.begin(tmp_path, rows_of(["a"]))
    assert load_given(tmp_path) == {"a": "ship", "c": "amber", "d": "cat"}
    keeper.keep()  # nothing was said since
    assert load_given(tmp_path)["a"] == "ship"


def test_where_it_cannot_be_kept_that_is_told_once(qtbot, keeper, tmp_path):
    environment.classified_folder().touch()
    keeper.begin(tmp_path, rows_of(["a"], a="cat"))
    keeper.note()
    with qtbot.waitSignal(keeper.failed) as failed:
        keeper.keep()
    assert "Cannot write" in str(failed.args[0])
    keeper.note()
    keeper.keep()
    assert not keeper._runner.jobs
