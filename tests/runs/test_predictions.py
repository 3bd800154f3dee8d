"""What is kept of predictions comes back as it was, and what is no such table is refused."""

import numpy as np
import pytest

from vera_studio.errors import StudioError
from vera_studio.runs.predictions import (
    Predictions,
    load,
    no_classes,
    no_shares,
    picture_file,
    predictions_file,
    save,
    to_table,
)

NAMES = ("ant", "bee", "crane", "crane")  # two that are called alike, as in ImageNet


def made(part="test", count=30, with_base=True, names=NAMES, files=()):
    generator = np.random.default_rng(3)

    def some():
        logits = generator.normal(size=(count, len(names)))
        shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        told = np.argsort(-shares, axis=1)[:, :5]
        return told, np.take_along_axis(shares, told, axis=1).astype(np.float32)

    told, shares = some()
    base_told, base_shares = some() if with_base else (no_classes(count), no_shares(count))
    truth = generator.integers(0, len(names), count)
    files = files or tuple(f"a/{number}.jpg" for number in range(count))
    return Predictions(part, names, files, truth, told, shares, base_told, base_shares)


def named(predictions, indices):
    return [predictions.class_names[index] for index in indices.ravel()]


@pytest.mark.parametrize("with_base", [True, False])
def test_a_table_comes_back_as_it_was(tmp_path, with_base):
    one = made(with_base=with_base, names=("ant", "bee", "cow"))
    save(one, tmp_path)
    again = load(tmp_path, "test")
    assert (again.part, again.files, again.has_base) == ("test", one.files, with_base)
    for name in ("truth", "told", "base_told"):
        assert named(again, getattr(again, name)) == named(one, getattr(one, name))
    np.testing.assert_allclose(again.shares, one.shares, atol=1e-6)
    np.testing.assert_allclose(again.base_shares, one.base_shares, atol=1e-6)
    assert again.right.tolist() == one.right.tolist()
    assert again.base_right.tolist() == one.base_right.tolist()
    assert 0 < one.right.sum() < len(one.right)


def test_names_of_all_kinds_come_back(tmp_path):
    names = ('a "b", c', "line\nbreak", "=1+1")
    files = ("x,y.png", 'q"q.png', "not \udcff text.png")
    one = made(count=3, names=names, files=files)
    save(one, tmp_path)
    again = load(tmp_path, "test")
    assert again.files == files
    assert named(again, again.told) == named(one, one.told)


def test_a_name_that_no_file_can_have_is_spelled_out(tmp_path):
    save(made(count=3, names=("ant", "\ud800", "bee"), files=("\udcff", "b", "c")), tmp_path)
    again = load(tmp_path, "test")
    assert r"\ud800" in again.class_names
    assert again.files == (r"\udcff", "b", "c")


def test_no_picture_is_looked_for_outside_of_the_folder(tmp_path):
    assert picture_file(tmp_path, "cats/a b.png") == tmp_path / "cats" / "a b.png"
    for file in ("/etc/passwd", "../a.png", "cats/../../a.png"):
        assert picture_file(tmp_path, file) is None


def test_two_classes_of_one_name_stay_two(tmp_path):
    one = made()
    save(one, tmp_path)
    again = load(tmp_path, "test")
    assert again.right.tolist() == one.right.tolist()
    assert sorted(again.class_names) == ["ant", "bee", "crane", "crane (2)"]


def test_of_no_image_there_is_a_table(tmp_path):
    save(made(count=0), tmp_path)
    again = load(tmp_path, "test")
    assert len(again.truth) == 0
    assert again.told.shape == (0, 4)


def test_several_parts_go_into_one_table():
    lines = to_table(made("validation"), made("test")).decode().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["validation"] * 30 + ["test"] * 30


GOOD = to_table(made()).decode()


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("", "does not name the columns"),
        (GOOD.replace("base_second_share", "base_second"), "does not name the columns"),
        (GOOD + "test,x\n", "not all of the same length"),
        (GOOD.replace("test,a/3", "train,a/3"), "of other images"),
        (GOOD.replace("0.", "9."), "not from 0 to 1"),
        (GOOD.replace("0.", "nan"), "damaged"),
        (GOOD.replace("a/3.jpg", '"' + "x" * 200_000 + '"'), "damaged"),
        (GOOD.replace("a/3.jpg", '"x'), "damaged"),
    ],
)
def test_what_is_no_such_table_is_refused(tmp_path, table, why):
    predictions_file(tmp_path, "test").write_text(table)
    with pytest.raises(StudioError, match=why):
        load(tmp_path, "test")


def test_where_there_is_none_that_is_told(tmp_path):
    with pytest.raises(StudioError, match="Cannot read"):
        load(tmp_path, "test")
