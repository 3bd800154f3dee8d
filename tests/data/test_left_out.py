"""Images that a person has marked: kept in a list, left out when asked, never touched."""

import dataclasses

import pytest

from vera_studio import recipe_file
from vera_studio.data.image_marks import MOST_MARKED, load_marks, marks_file, set_mark
from vera_studio.data.open_data import open_data
from vera_studio.data.preprocessing import square
from vera_studio.errors import DataError, StudioError
from vera_studio.recipe import DataSettings, Recipe, problems


def test_what_is_left_out_is_in_no_part_and_the_others_stay_where_they_are(
    tmp_path, class_names, write_images
):
    write_images(tmp_path / "cat", 20)
    write_images(tmp_path / "dog", 20)
    settings = DataSettings(source="folder", folder=str(tmp_path))
    whole = open_data(settings, class_names, square(32))
    gone = (whole.train.names[3], whole.validation.names[0], whole.test.names[1], "cat/none.png")
    data = open_data(dataclasses.replace(settings, left_out=gone), class_names, square(32))
    for before, after in zip(
        (whole.train, whole.validation, whole.test),
        (data.train, data.validation, data.test),
        strict=True,
    ):
        assert after.names == tuple(name for name in before.names if name not in gone)
    assert "3 images are left out by name." in data.notes
    assert data.digest != whole.digest
    assert sorted(path.name for path in (tmp_path / "cat").iterdir())[0] == "000.png"
    everything = whole.train.names + whole.validation.names + whole.test.names
    with pytest.raises(DataError, match="no image that is not left out"):
        open_data(dataclasses.replace(settings, left_out=everything), class_names, square(32))


def test_a_recipe_takes_along_what_is_left_out():
    recipe = Recipe(data=DataSettings(source="folder", folder="/x", left_out=("cat/1.jpg",)))
    assert recipe_file.from_toml(recipe_file.to_toml(recipe)) == recipe
    many = dataclasses.replace(recipe.data, left_out=tuple(map(str, range(1001))))
    assert problems(Recipe(data=many)) == ["At most 1,000 images can be left out by name."]


def test_marks_are_kept_beside_the_images(tmp_path):
    assert load_marks(tmp_path) == {}
    set_mark(tmp_path, "cat/1.jpg", "mislabelled")
    set_mark(tmp_path, "cat/2.jpg", "left out")
    assert load_marks(tmp_path) == {"cat/1.jpg": "mislabelled", "cat/2.jpg": "left out"}
    assert load_marks(tmp_path / "another") == {}
    assert set_mark(tmp_path, "cat/1.jpg", None) == {"cat/2.jpg": "left out"}
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["", "[]", '{"marks": 3}', '{"marks": {"a": "odd"}}', "[" * 99999])
def test_a_damaged_list_is_told_and_kept(tmp_path, text):
    path = marks_file(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(StudioError, match="damaged"):
        set_mark(tmp_path, "a.jpg", "left out")
    assert path.read_text() == text


def test_no_more_are_marked_than_a_recipe_can_hold(tmp_path, monkeypatch):
    monkeypatch.setattr("vera_studio.data.image_marks.MOST_MARKED", 1)
    assert MOST_MARKED == 1000
    set_mark(tmp_path, "a.jpg", "left out")
    with pytest.raises(StudioError, match="At most 1 "):
        set_mark(tmp_path, "b.jpg", "left out")
    assert load_marks(tmp_path) == {"a.jpg": "left out"}
