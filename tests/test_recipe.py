"""Recipes: every problem named at once."""

import dataclasses
import re

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
        (edited(training=TrainingSettings(shift=9)), "Shift images must be from 0 to 8, not 9."),
        (edited(training=TrainingSettings(batch_size=0)), "Batch size must be from 1"),
        (edited(training=TrainingSettings(cache_megabytes=-1)), "Memory for the feature cache"),
        (edited(adapter=AdapterSettings(rank=0)), "Rank must be from 1 to 1,024, not 0."),
        (edited(adapter=AdapterSettings(rank=1025)), "Rank must"),
        (edited(adapter=AdapterSettings(d_initial=0.0)), "Initial value of d must not be 0"),
        (edited(adapter=AdapterSettings(d_initial=float("nan"))), "Initial value of d"),
        (edited(adapter=AdapterSettings(layers=())), "at least one layer"),
        (edited(adapter=AdapterSettings(layers=("fc9",))), "names fc9; the network has fc1, fc2"),
        (edited(training=TrainingSettings(target_classes=())), "at least one class"),
        (edited(training=TrainingSettings(target_classes=("cat", "cat"))), "names a class twice"),
        (edited(training=TrainingSettings(target_classes=("cow",))), "names cow"),
        (
            edited(training=TrainingSettings(keep_others=1.5)),
            "Keep other classes must be from 0% to 100%, not 1.5.",
        ),
        (edited(training=TrainingSettings(learning_rate=float("inf"))), "Learning rate must"),
        (
            edited(training=TrainingSettings(learning_rate=1000.0)),
            "Learning rate must be from 0.000001 to 10, not 1,000.",
        ),
        (edited(training=TrainingSettings(learning_rate=1e300)), "to 10, not 1e+300."),
        (edited(data=DataSettings(source="folder")), "no folder is chosen"),
        (
            edited(data=DataSettings(source="folder", folder="pets\udcff")),
            "The folder of images is pets?",
        ),
        (edited(data=DataSettings(left_out=("a.png",) * 1001)), "At most 1,000 images can be left"),
        (
            edited(data=DataSettings(left_out=("cats/" + "a" * 60 + ".png",) * 1000)),
            "left out have 69,000 bytes; a recipe holds 60,000.",
        ),
        (edited(data=DataSettings(left_out=("\udcff.png",))), "An image that is left out is ?.png"),
        (
            edited(model=ModelSettings(weights="\udcff.pt")),
            "The file of weights is ?.pt, a name that is",
        ),
    ],
)
def test_a_problem_is_told_in_words(recipe, expected):
    found = recipes.problems(recipe, CLASSES, LAYERS)
    assert len(found) == 1
    assert expected in found[0]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("ant", "bee", "bee"), "Two classes cannot have one name: bee."),
        (("ant", " "), "Every class must have a name: one of those given is empty."),
    ],
)
def test_names_given_to_the_classes_of_a_network(names, expected):
    recipe = Recipe(model=recipes.ModelSettings(class_names=names))
    assert recipes.problems(recipe) == [expected]


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


def test_no_key_of_a_recipe_is_among_the_problems():
    """They are shown in the window, where nobody has seen a recipe's keys."""
    wrong = Recipe(
        data=DataSettings(source="folder", validation_share=2.0, seed=-1),
        adapter=AdapterSettings(rank=0, seed=-1, d_initial=99.0, alpha=0.0, layers=("a", "a")),
        training=TrainingSettings(
            target_classes=("b", "b"),
            keep_others=2.0,
            epochs=0,
            batch_size=0,
            learning_rate=0.0,
            shift=-1,
            seed=-1,
            cache_megabytes=-1,
        ),
    )
    found = recipes.problems(wrong, CLASSES, LAYERS)
    assert len(found) == 18
    assert not [
        text for text in found if re.search(r"[a-z]_[a-z]|\b(data|adapter|training)\.", text)
    ]
