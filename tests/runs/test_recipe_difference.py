"""In what two recipes differ is told in words, without what means nothing for a method."""

import dataclasses

from vera_studio.recipe import AdapterSettings, Recipe, TrainingSettings
from vera_studio.runs.recipe_difference import Setting, differences, settings_of


def test_equal_recipes_do_not_differ():
    assert differences(Recipe(), Recipe()) == []


def test_what_differs_is_named_in_words():
    first = Recipe(training=TrainingSettings(target_classes=("cat",), flips=False))
    second = Recipe(training=TrainingSettings(learning_rate=0.005))
    assert differences(first, second) == [
        Setting("Training: target classes", "cat", "all"),
        Setting("Training: learning rate", "automatic", "0.005"),
        Setting("Training: flips", "no", "yes"),
    ]


def test_a_rank_means_nothing_where_all_weights_are_trained():
    full = Recipe(adapter=AdapterSettings(method="full", rank=4))
    other = dataclasses.replace(full, adapter=AdapterSettings(method="full", rank=8))
    assert differences(full, other) == []
    assert "Adapter: rank" not in dict(settings_of(full))
    assert dict(settings_of(Recipe()))["Adapter: rank"] == "32"


def test_classes_that_differ_far_behind_are_told():
    names = tuple(f"class {number}" for number in range(20))
    recipes = [
        Recipe(training=TrainingSettings(target_classes=some)) for some in (names, names[:-1])
    ]
    (found,) = differences(*recipes)
    assert found.first.endswith("and 12 more")
    assert found.second.endswith("and 11 more")
