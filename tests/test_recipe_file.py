"""Recipes as TOML: there and back, and anybody's files met with a reason, quickly."""

import dataclasses
import os
from pathlib import Path

import pytest

from vera_studio import recipe_file
from vera_studio.errors import RecipeError
from vera_studio.recipe import (
    AdapterSettings,
    DataSettings,
    ModelSettings,
    Recipe,
    TrainingSettings,
)


def edited(**sections):
    return dataclasses.replace(Recipe(), **sections)


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(),
        edited(
            data=DataSettings(source="folder", folder='C:\\pets "2"', validation_share=0.25),
            adapter=AdapterSettings(rank=7, d_initial=-0.5, seed=3, layers=("fc1", "fc5")),
            training=TrainingSettings(
                target_classes=("köttur", "dog"), keep_others=0.0, schedule="cosine", flips=False
            ),
        ),
        edited(data=DataSettings(classes="own", leave_out_copies=True)),
        edited(
            training=TrainingSettings(
                batch_size=9, shift=2, feature_cache=False, cache_megabytes=100
            ),
        ),
    ],
)
def test_toml_gives_the_same_recipe_back(recipe):
    assert recipe_file.from_toml(recipe_file.to_toml(recipe)) == recipe


def test_a_file_gives_the_same_recipe_back(tmp_path):
    recipe = edited(training=TrainingSettings(epochs=3))
    recipe_file.save(recipe, tmp_path / "new folder" / "recipe.toml")
    assert recipe_file.load(tmp_path / "new folder" / "recipe.toml") == recipe


def test_what_toml_leaves_out_has_its_default():
    assert recipe_file.from_toml("[adapter]\nrank = 4\n") == edited(adapter=AdapterSettings(rank=4))


def test_a_whole_number_is_taken_for_a_number():
    assert recipe_file.from_toml("[training]\nlearning_rate = 1\n").training.learning_rate == 1.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[training\n", "not valid TOML"),
        ("[colour]\n", r"\[colour\] is not a section"),
        ("training = 3\n", r"\[training\] must be a table"),
        ("[training]\nspeed = 3\n", "training.speed is not known"),
        ("[training]\nepochs = true\n", "training.epochs must be a whole number, not True"),
        ("[training]\nflips = 1\n", "training.flips must be true or false"),
        ("[training]\noptimizer = 'lion'\n", "one of 'adamw', 'sgd', not 'lion'"),
        ("[adapter]\nlayers = 'fc1'\n", "adapter.layers must be a list of texts"),
    ],
)
def test_text_that_is_no_recipe_is_refused_with_the_reason(text, expected):
    with pytest.raises(RecipeError, match=expected):
        recipe_file.from_toml(text)


def test_every_unreadable_value_is_named_at_once():
    with pytest.raises(RecipeError) as caught:
        recipe_file.from_toml("[training]\nepochs = 'six'\nbatch = 3\n[adapter]\nrank = 1.5\n")
    for text in ("training.epochs", "training.batch", "adapter.rank"):
        assert text in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RecipeError, match=r"nowhere\.toml"):
        recipe_file.load(tmp_path / "nowhere.toml")


def test_a_byte_order_mark_is_passed_over(tmp_path):
    (tmp_path / "bom.toml").write_text("\ufeff[training]\nepochs = 1\n", encoding="utf-8")
    assert recipe_file.load(tmp_path / "bom.toml").training.epochs == 1


def test_what_a_recipe_names_lies_beside_it(tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.toml").write_text(
        "[data]\nsource = 'folder'\nfolder = 'pets'\n[model]\nweights = '../w.pt'\n"
    )
    monkeypatch.chdir(tmp_path)
    recipe = recipe_file.load(Path("mine/a.toml"))
    assert recipe.data.folder == str(tmp_path / "mine" / "pets")
    assert Path(recipe.model.weights) == (tmp_path / "w.pt").resolve()


@pytest.mark.parametrize("path", ["/somewhere/pets", "~/pets", ""])
def test_a_whole_path_stays(tmp_path, path):
    (tmp_path / "a.toml").write_text(f"[data]\nfolder = '{path}'\n")
    assert recipe_file.load(tmp_path / "a.toml").data.folder == path


HOSTILE = {
    "nested": ("a = " + "[" * 300 + "]" * 300, "too deep|is not a section"),
    "nested far": ("a = " + "[" * 30_000, "too deep"),
    "tables": ("a = " + "{a = " * 4000 + "1" + "}" * 4000, "too deep"),
    "long number": ("[data]\nseed = " + "9" * 5000, "too long"),
    "huge number": ("[data]\nseed = 1" + "0" * 400, "data.seed must be a whole number of at most"),
    "huge share": ("[data]\nvalidation_share = 1" + "0" * 400, "a number of at most 18 digits"),
    "hex": ("[data]\nseed = 0x" + "f" * 9000, "a whole number of at most 18 digits, not what"),
    "hex in a list": ("[training]\ntarget_classes = [0x" + "f" * 9000 + "]", "a list of texts"),
    "dotted": ("a" + ".a" * 20_000 + " = 1", "too many dots"),
    "dotted in a table": ("a = {a" + ".a" * 20_000 + " = 1}", "too many dots"),
    "dotted, quoted": ('a = """\n"""\n"a"' + '."a"' * 20_000 + " = 1", "too many dots"),
    "open text": ('a = "' + '\\"' * 60_000, "not valid TOML"),
    "open texts": ('"\n' * 60_000, "not valid TOML"),
    "open long text": ('a = """' + '\\"""' * 30_000, "not valid TOML"),
    "unknown keys": ("".join(f"k{n} = 1\n" for n in range(10_000)), "and 9,990 more"),
    "a long key": ("k" * 120_000 + " = 1", "k…\\] is not a section"),
    "a table for a choice": ("[training]\noptimizer = {a = 1}", "one of 'adamw', 'sgd'"),
    "not a text": ("\x00\x01", "not valid TOML"),
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize(("text", "expected"), HOSTILE.values(), ids=HOSTILE)
def test_texts_that_mean_harm_are_recipe_errors_at_once(tmp_path, text, expected):
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError, match=expected) as caught:
        recipe_file.load(tmp_path / "a.toml")
    assert len(str(caught.value)) < 3000


def test_dots_in_texts_and_comments_are_not_counted():
    text = "# " + "." * 2000 + "\n[data]\nfolder = '" + "." * 2000 + "'"
    assert recipe_file.from_toml(text).data.folder == "." * 2000


@pytest.mark.skipif(os.name == "nt", reason="needs pipes and devices that are files")
@pytest.mark.timeout(30)
def test_what_is_no_file_or_too_large_is_a_recipe_error(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "zero.toml").symlink_to("/dev/zero")
    with (tmp_path / "huge.toml").open("wb") as file:
        file.truncate(4 * 2**30)
    # Half a second of reading for a window that waits, where a megabyte is taken.
    (tmp_path / "long.toml").write_text(f"[adapter]\nlayers = [{'1,' * 70_000}]")
    (tmp_path / "latin.toml").write_bytes("# köttur".encode("latin-1"))
    for name, why in (
        ("pipe", "it is a pipe, not a file"),
        ("zero", "it is a device, not a file"),
        ("huge", "it has more than the 131,072 bytes"),
        ("long", "it has more than the 131,072 bytes"),
        ("latin", "it is not a text in UTF-8"),
        ("none", "No such file or directory"),
    ):
        with pytest.raises(RecipeError, match=rf"Cannot read the recipe .*{name}\.toml: {why}"):
            recipe_file.load(tmp_path / f"{name}.toml")


def test_a_long_text_is_not_parsed_wherever_it_is_from():
    with pytest.raises(RecipeError, match="more than 131,072 characters"):
        recipe_file.from_toml("#" * 131_073)


def test_a_thousand_classes_and_layers_are_not_too_long(tmp_path):
    names = tuple(f"a class with a rather long name, {number}" for number in range(1000))
    recipe = edited(model=ModelSettings(class_names=names), adapter=AdapterSettings(layers=names))
    recipe_file.save(recipe, tmp_path / "a.toml")
    assert recipe_file.load(tmp_path / "a.toml") == recipe


def test_what_could_not_be_read_again_is_not_written(tmp_path):
    names = tuple(f"{'a' * 70}, {number}" for number in range(1000))
    recipe = edited(model=ModelSettings(class_names=names), adapter=AdapterSettings(layers=names))
    with pytest.raises(RecipeError, match=r"it has 1\d\d,\d\d\d bytes, and may have 131,072"):
        recipe_file.save(recipe, tmp_path / "a.toml")
    assert not list(tmp_path.iterdir())


def test_a_name_that_is_no_utf8_is_told_where_a_recipe_is_written(tmp_path):
    recipe = edited(data=DataSettings(source="folder", folder="pets\udcff"))
    with pytest.raises(RecipeError, match="whose name is no UTF-8"):
        recipe_file.save(recipe, tmp_path / "a.toml")
    assert not list(tmp_path.iterdir())
