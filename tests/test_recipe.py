"""Recipes: every problem named at once."""

import dataclasses

import pytest

from vera_studio import recipe as recipes
from vera_studio.errors import RecipeError
from vera_studio.recipe import (
    AdapterSettings,
    DataSettings,
    ModelSettings,
    Recipe,
    TrainingSettings,
)

CLASSES = ("cat", "dog")
LAYERS = ("fc1", "fc2")


def edited(**sections):
    return dataclasses.replace(Recipe(), **sections)


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
        (
            edited(data=DataSettings(source="folder", folder="pets\udcff")),
            "data.folder is pets?",
        ),
        (edited(model=ModelSettings(weights="\udcff.pt")), "model.weights is ?.pt, a name that is"),
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


def test_names_without_end_are_told_by_the_first():
    many = tuple(f"class {number}" for number in range(5000))
    recipe = edited(training=TrainingSettings(target_classes=many))
    (problem,) = recipes.problems(recipe, CLASSES, LAYERS)
    assert "class 19 and 4,980 more; the network has cat, dog." in problem
