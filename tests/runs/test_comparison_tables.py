"""A comparison in figures: means, spreads and tables, beside a reference of a few lines."""

import csv
import io
import json
import math
from pathlib import Path

import numpy as np
import pytest

from vera_studio.recipe import AdapterSettings, Recipe
from vera_studio.runs.comparison_results import (
    Accuracies,
    Candidate,
    ComparedRun,
    Comparison,
    ComparisonSettings,
    Spread,
)
from vera_studio.runs.comparison_tables import (
    csv_bytes,
    run_rows,
    summary_rows,
    to_csv,
    to_json,
)

CANDIDATES = (
    Candidate(AdapterSettings(rank=32), 0.02, 542, 89_660, 3000),
    Candidate(AdapterSettings(rank=4, method="lora"), 0.002, 4_000, 93_118, 18_000),
    Candidate(AdapterSettings(method="bias"), 0.03, 382, 89_118, 2_000),
)
NAN = math.nan


def ran(candidate, seed, targets, others=0.8, seconds=2.0):
    return ComparedRun(
        candidate=candidate,
        seed=seed,
        adapter_seed=seed + 100,
        folder=Path("runs") / f"{candidate}-{seed}",
        after=Accuracies(targets, others),
        file_bytes=3100 + seed,
        best_epoch=2,
        seconds=seconds,
        device="cpu",
    )


@pytest.fixture
def comparison():
    failed = ComparedRun(1, 5, 105, Path("runs/1-5"), problem="The loss is\nno longer finite.")
    runs = (ran(0, 5, 0.70), failed, ran(0, 6, 0.74, 0.78, 3.0), ran(1, 6, 0.76, NAN))
    before = Accuracies(0.6, 0.82)
    return Comparison(Path("c"), "Colours", ("cat",), 89_118, 2, CANDIDATES, runs, before)


def table(rows):
    return list(csv.DictReader(io.StringIO(to_csv(rows))))


def test_spread_is_the_sample_deviation():
    values = [0.71, 0.74, 0.69, NAN]
    spread = Spread.of(values)
    assert spread.mean == pytest.approx(np.mean(values[:3]))
    assert spread.deviation == pytest.approx(np.std(values[:3], ddof=1))


def test_spread_of_too_few():
    assert Spread.of([0.5]).mean == 0.5
    assert math.isnan(Spread.of([0.5, NAN]).deviation)
    assert math.isnan(Spread.of([NAN]).mean)


def test_summaries_count_what_finished_only(comparison):
    vera, lora, bias = comparison.summaries()
    assert (vera.finished, vera.problems) == (2, ())
    assert vera.targets.mean == pytest.approx(0.72)
    assert vera.targets.deviation == pytest.approx(np.std([0.70, 0.74], ddof=1))
    assert vera.seconds.mean == pytest.approx(2.5)
    assert vera.file_bytes == 3106
    assert (lora.finished, lora.problems) == (1, ("The loss is\nno longer finite.",))
    assert lora.targets.mean == pytest.approx(0.76)
    assert math.isnan(lora.targets.deviation)
    assert math.isnan(lora.others.mean)
    assert (bias.finished, bias.file_bytes) == (0, 2_000)


def test_a_row_a_run(comparison):
    first, failed, *_ = table(run_rows(comparison))
    assert list(first) == [
        *("name", "method", "sharing", "rank", "alpha", "learning_rate", "seed", "adapter_seed"),
        *("trainable", "total", "share", "file_bytes"),
        *("targets_before", "targets_after", "targets_gain"),
        *("others_before", "others_after", "others_gain"),
        *("best_epoch", "seconds", "device", "folder", "problem"),
    ]
    assert (first["name"], first["sharing"], first["alpha"]) == ("vera:32", "shape", "")
    assert (first["seed"], first["adapter_seed"], first["folder"]) == ("5", "105", "0-5")
    assert (first["targets_after"], first["targets_gain"]) == ("0.7", "0.1")
    assert first["share"] == "0.006045"
    assert (failed["name"], failed["sharing"], failed["alpha"]) == ("lora:4", "", "4")
    assert (failed["targets_after"], failed["seconds"], failed["file_bytes"]) == ("", "", "")
    assert failed["problem"] == "The loss is no longer finite."


def test_a_problem_with_a_name_that_is_no_utf8_can_be_written():
    assert (
        csv_bytes([{"problem": "Cannot read \udcff.png"}]) == b"problem\nCannot read \\udcff.png\n"
    )


def test_a_row_a_method_after_the_base(comparison):
    base, vera, lora, bias = table(summary_rows(comparison))
    assert (base["name"], base["trainable"], base["total"]) == ("base", "0", "89118")
    assert (base["targets_mean"], base["others_mean"], base["runs"]) == ("0.6", "0.82", "")
    assert (vera["runs"], vera["failed"], vera["targets_deviation"]) == ("2", "0", "0.028284")
    assert (lora["runs"], lora["failed"], lora["targets_deviation"]) == ("1", "1", "")
    assert (bias["name"], bias["rank"], bias["targets_mean"]) == ("bias", "", "")


def test_json_has_null_for_what_is_not_known(comparison):
    values = json.loads(json.dumps(to_json(comparison), allow_nan=False))
    assert values["base"]["targets_mean"] == 0.6
    assert [row["name"] for row in values["methods"]] == ["vera:32", "lora:4", "bias"]
    assert values["methods"][2]["targets_mean"] is None
    assert len(values["runs"]) == 4


def test_the_seed_of_each_round_goes_up_in_both():
    settings = ComparisonSettings((AdapterSettings(seed=77),), seeds=3)
    recipe = settings.recipe(Recipe(), candidate=0, round_=2)
    assert (recipe.training.seed, recipe.adapter.seed, recipe.data.seed) == (2, 2, 0)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (ComparisonSettings(()), "at least one method"),
        (ComparisonSettings((AdapterSettings(),), seeds=0), "from 1 to 100, not 0"),
        (ComparisonSettings((AdapterSettings(),), seeds=101), "from 1 to 100, not 101"),
        (
            ComparisonSettings((AdapterSettings(), AdapterSettings(seed=4))),
            "32 is there twice",
        ),
        (ComparisonSettings((AdapterSettings(rank=0),)), "Rank must"),
        (ComparisonSettings((AdapterSettings(layers=("fc9",)),)), "fc9"),
    ],
)
def test_problems_are_named(settings, text):
    (problem,) = settings.problems(Recipe(), layer_names=("fc1",))
    assert text in problem


def test_seeds_stay_within_what_a_recipe_may_have():
    from vera_studio.recipe import MAX_SEED

    base = Recipe(adapter=AdapterSettings(seed=MAX_SEED - 1))
    settings = ComparisonSettings((AdapterSettings(),), seeds=2)
    assert settings.problems(base) == []
    assert "lower ones" in ComparisonSettings(settings.candidates, 3).problems(base)[0]
