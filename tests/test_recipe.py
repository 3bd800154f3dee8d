"""Recipes: TOML there and back, and every problem named at once."""

import dataclasses

import pytest

from vera_studio import recipe as recipes
from vera_studio.errors import RecipeError
from vera_studio.recipe import AdapterSettings, DataSettings, Recipe, TrainingSettings

CLASSES = ("cat", "dog")
LAYERS = ("fc1", "fc2")


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
        edited(
            training=TrainingSettings(
                batch_size=9, shift=2, feature_cache=False, cache_megabytes=100
            ),
        ),
    ],
)
def test_toml_gives_the_same_recipe_back(recipe):
    assert recipes.from_toml(recipes.to_toml(recipe)) == recipe


def test_a_file_gives_the_same_recipe_back(tmp_path):
    recipe = edited(training=TrainingSettings(epochs=3))
    recipes.save(recipe, tmp_path / "new folder" / "recipe.toml")
    assert recipes.load(tmp_path / "new folder" / "recipe.toml") == recipe


def test_what_toml_leaves_out_has_its_default():
    assert recipes.from_toml("[adapter]\nrank = 4\n") == edited(adapter=AdapterSettings(rank=4))


def test_a_whole_number_is_taken_for_a_number():
    assert recipes.from_toml("[training]\nlearning_rate = 1\n").training.learning_rate == 1.0


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
        recipes.from_toml(text)


def test_every_unreadable_value_is_named_at_once():
    with pytest.raises(RecipeError) as caught:
        recipes.from_toml("[training]\nepochs = 'six'\nbatch = 3\n[adapter]\nrank = 1.5\n")
    for text in ("training.epochs", "training.batch", "adapter.rank"):
        assert text in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(RecipeError, match=r"nowhere\.toml"):
        recipes.load(tmp_path / "nowhere.toml")


def test_the_default_recipe_has_no_problem():
    assert recipes.problems(Recipe(), CLASSES, LAYERS) == []


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        (edited(training=TrainingSettings(shift=9)), "training.shift must be from 0 to 8, not 9."),
        (edited(training=TrainingSettings(batch_size=0)), "training.batch_size must be from 1"),
        (edited(training=TrainingSettings(cache_megabytes=-1)), "training.cache_megabytes"),
        (edited(adapter=AdapterSettings(rank=0)), "adapter.rank must be from 1 to 1,024, not 0."),
        (edited(adapter=AdapterSettings(rank=1025)), "adapter.rank"),
        (edited(adapter=AdapterSettings(d_initial=0.0)), "adapter.d_initial must not be 0"),
        (edited(adapter=AdapterSettings(d_initial=float("nan"))), "adapter.d_initial"),
        (edited(adapter=AdapterSettings(layers=())), "at least one layer"),
        (edited(adapter=AdapterSettings(layers=("fc9",))), "names fc9; the network has fc1, fc2"),
        (edited(training=TrainingSettings(target_classes=())), "at least one class"),
        (edited(training=TrainingSettings(target_classes=("cat", "cat"))), "names a class twice"),
        (edited(training=TrainingSettings(target_classes=("cow",))), "names cow"),
        (edited(training=TrainingSettings(keep_others=1.5)), "training.keep_others"),
        (edited(training=TrainingSettings(learning_rate=float("inf"))), "training.learning_rate"),
        (edited(data=DataSettings(source="folder")), "data.folder must name a folder"),
    ],
)
def test_a_problem_is_told_in_words(recipe, expected):
    found = recipes.problems(recipe, CLASSES, LAYERS)
    assert len(found) == 1
    assert expected in found[0]


def test_validate_names_every_problem():
    recipe = edited(
        adapter=AdapterSettings(rank=0), training=TrainingSettings(epochs=0, batch_size=0)
    )
    with pytest.raises(RecipeError) as caught:
        recipes.validate(recipe)
    assert str(caught.value).count("\n- ") == 3
