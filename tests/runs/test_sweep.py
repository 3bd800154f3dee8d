"""A sweep is every combination of what is chosen, and all else stays."""

from dataclasses import replace

from vera_studio.recipe import MAX_SEED, AdapterSettings, Recipe, TrainingSettings
from vera_studio.runs.sweep import Sweep, title_of

BASE = Recipe(
    adapter=AdapterSettings(layers=("fc1",), seed=5), training=TrainingSettings(epochs=2, seed=7)
)


def test_every_combination_round_by_round():
    sweep = Sweep(("vera:4", "lora:8", "full"), (0.001, 0.01), seeds=2)
    found = sweep.recipes(BASE)
    assert len(found) == sweep.runs == 12
    assert [title for title, _ in found[:2]] == [
        "VeRA, rank 4, rate 0.001, seed 7",
        "VeRA, rank 4, rate 0.01, seed 7",
    ]
    assert found[6][0] == "VeRA, rank 4, rate 0.001, seed 8"
    last = found[-1][1]
    assert (last.adapter.method, last.training.learning_rate) == ("full", 0.01)
    assert (last.adapter.seed, last.training.seed) == (6, 8)
    assert all(recipe.adapter.layers == ("fc1",) for _, recipe in found)
    assert all(recipe.training.epochs == 2 for _, recipe in found)


def test_what_is_not_varied_stays():
    assert Sweep().recipes(BASE) == [("VeRA, rank 32", BASE)]


def test_what_cannot_be_run_is_said():
    assert Sweep(("vera:4",), (0.001,)).problems(BASE) == []
    assert "501 runs" in Sweep(seeds=501).problems(BASE)[0]
    late = replace(BASE, training=TrainingSettings(seed=MAX_SEED))
    assert "seeds go beyond" in Sweep(seeds=2).problems(late)[0]
    assert Sweep(("vera:4", "lora:4")).problems(BASE, layer_names=("fc2",)) == [
        "The list of layers names fc1; the network has fc2."
    ]


def test_a_single_run_is_called_by_what_is_unusual():
    assert title_of(Recipe()) == "VeRA, rank 32"
    training = TrainingSettings(learning_rate=0.5, epochs=1, seed=3)
    assert title_of(Recipe(training=training)) == "VeRA, rank 32, rate 0.5, 1 epoch, seed 3"
