"""The metadata of an adapter file, there and back, and what is refused."""

import dataclasses
import json
import math

import pytest

from vera_studio.adapters.adapter_metadata import AdapterInfo, from_metadata, to_metadata
from vera_studio.adapters.classes import Classes
from vera_studio.adapters.training_record import Accuracies, TrainingRecord
from vera_studio.errors import AdapterError
from vera_studio.recipe import AdapterSettings

INFO = AdapterInfo(
    AdapterSettings(32, 0.1, 2**31 - 1, ("fc1", "body.0")),
    classes=Classes.of(("bird", "cat")),
    base_digest="0" * 64,
    projections_digest="f" * 64,
    training=TrainingRecord(
        "CIFAR-10", epochs=6, before=Accuracies((0.5, math.nan)), more={"flips": True}
    ),
)


def test_comes_back_as_it_was():
    assert from_metadata(to_metadata(INFO)) == INFO
    assert INFO.layers == ("fc1", "body.0")


@pytest.mark.parametrize(
    ("settings", "keys"),
    [
        (AdapterSettings(layers=("fc1",), sharing="all"), {"rank", "seed", "d_initial", "sharing"}),
        (AdapterSettings(layers=("fc1",), method="lora", rank=4, seed=1), {"rank", "seed"}),
        (
            AdapterSettings(layers=("fc1",), method="lora", alpha=0.3),
            {"rank", "seed", "alpha"},
        ),
        (AdapterSettings(layers=("fc1",), method="full"), set()),
        (AdapterSettings(layers=("fc1",), method="bias"), set()),
    ],
)
def test_every_method_keeps_its_own_settings_and_no_others(settings, keys):
    digest = "f" * 64 if settings.method == "vera" else ""
    info = dataclasses.replace(INFO, settings=settings, projections_digest=digest)
    metadata = to_metadata(info)
    assert metadata.keys() & {"rank", "seed", "d_initial", "sharing", "alpha"} == keys
    assert from_metadata(metadata) == info


def test_names_and_notes_come_back():
    info = dataclasses.replace(
        INFO, name="Vögel \udcff", notes="line\nline 🐦", added="2026-11-24T12:00:00+01:00"
    )
    assert from_metadata(to_metadata(info)) == info


def test_a_temperature_comes_back_and_is_left_out_where_it_is_one():
    info = dataclasses.replace(INFO, temperature=1 / 3)
    assert from_metadata(to_metadata(info)) == info
    assert "temperature" not in to_metadata(INFO)
    for text in ("0", "-1", "nan", "1e9", "101", "x"):
        with pytest.raises(AdapterError, match="temperature"):
            from_metadata(to_metadata(INFO) | {"temperature": text})


def test_the_first_version_is_still_read():
    """As written before there were other methods."""
    metadata = to_metadata(INFO) | {"format_version": "1"}
    del metadata["sharing"]
    info = from_metadata(metadata)
    assert info == dataclasses.replace(INFO, format_version=1)
    assert info.settings.sharing == "shape"


def test_every_value_is_plain_text():
    metadata = to_metadata(INFO)
    assert metadata["format"] == "vera-studio-adapter"
    assert metadata["format_version"] == "4"
    assert metadata["method"] == "vera"
    assert (metadata["rank"], metadata["seed"], metadata["d_initial"]) == (
        "32",
        "2147483647",
        "0.1",
    )
    assert json.loads(metadata["layers"]) == ["fc1", "body.0"]
    assert all(value.isascii() for value in metadata.values())


@pytest.mark.parametrize("name", ["Käfer", "鳥", "🐦", 'a "b", c\\d', "", "\n", "\udcff"])
def test_any_class_name_comes_back(name):
    info = dataclasses.replace(INFO, classes=Classes.of(("cat", name)))
    assert from_metadata(to_metadata(info)).classes.names == ("cat", name)


@pytest.mark.parametrize("number", [0.1, 1 / 3, 1e-7, -10, 2.0])
def test_the_initial_d_is_exact(number):
    settings = dataclasses.replace(INFO.settings, d_initial=number)
    info = dataclasses.replace(INFO, settings=settings)
    assert from_metadata(to_metadata(info)).settings.d_initial == number


def test_training_figures_are_rounded():
    figures = {"a": 0.123456, "b": (math.nan, 2 / 3), "c": {"d": math.inf, "e": 3}, "f": None}
    info = dataclasses.replace(INFO, training=TrainingRecord(more=figures))
    expected = {"a": 0.1235, "b": [None, 0.6667], "c": {"d": None, "e": 3}, "f": None}
    assert from_metadata(to_metadata(info)).training.more == expected


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "format",
            None,
            "expected the format 'vera-studio-adapter' in its metadata, found nothing",
        ),
        ("format", "pt", "found 'pt'"),
        ("format_version", "5", "another format version: expected '1' or .* '4', found '5'"),
        ("format_version", None, "another format version: expected '1' or .* '4', found nothing"),
        ("method", "dora", "another method: expected 'vera' or .* or 'head', found 'dora'"),
        ("sharing", "some", "sharing: expected 'shape' or 'all', found 'some'"),
        ("projections", "lost", "projections: expected 'stored', found 'lost'"),
        ("projections", "stored", "Stored projections must be one pair for all layers"),
        ("name", "bird", "name: expected a text in JSON, found 'bird'"),
        ("notes", "[]", r"notes: expected a text in JSON, found '\[\]'"),
        ("rank", None, "rank: expected a whole number, found nothing"),
        ("rank", "3.5", "rank: expected a whole number, found '3.5'"),
        ("rank", "", "rank: expected a whole number"),
        ("rank", "٣", "rank: expected a whole number"),
        ("rank", "9" * 9999, "rank: expected a whole number, found '9999.*…'"),
        ("rank", "0", "Rank must be from 1 to 1,024, not 0"),
        ("rank", "1025", "not 1,025"),
        ("seed", "-1", "seed: expected a whole number, found '-1'"),
        ("seed", "2147483648", "Adapter seed must be from 0"),
        ("d_initial", "many", "d_initial: expected a number, found 'many'"),
        ("d_initial", "nan", "d_initial: expected a number, found 'nan'"),
        ("d_initial", " 0_1.5 ", "d_initial: expected a number"),
        ("training", '{"a":' + "[" * 20 + "]" * 20 + "}", "training: expected a JSON object"),
        ("d_initial", "0", "Initial value of d must not be 0"),
        ("layers", '"fc1"', "layers: expected a JSON list of names"),
        ("layers", "[1]", "layers: expected a JSON list of names"),
        ("layers", "[", "layers: expected a JSON list of names"),
        ("layers", "[" * 200_000, "layers: expected a JSON list of names"),
        ("layers", "[]", "Choose at least one layer"),
        ("layers", '["fc1","fc1"]', "names a layer twice"),
        ("class_names", "{}", "class_names: expected a JSON list of names"),
        ("base_digest", "0" * 63, "base_digest: expected 64 hexadecimal digits"),
        ("projections_digest", "x" * 64, "projections_digest: expected 64 hexadecimal digits"),
        ("training", "[]", "training: expected a JSON object"),
        ("training", '{"a":' + "9" * 9999 + "}", "training: expected a JSON object"),
    ],
)
def test_what_cannot_be_right_is_refused(key, value, message):
    metadata = to_metadata(INFO)
    metadata.pop(key, None)
    if value is not None:
        metadata[key] = value
    with pytest.raises(AdapterError, match=message):
        from_metadata(metadata)


def test_the_first_version_had_one_method():
    with pytest.raises(AdapterError, match="expected 'vera', found 'lora'"):
        from_metadata(to_metadata(INFO) | {"format_version": "1", "method": "lora"})


def test_every_problem_is_named_at_once():
    metadata = to_metadata(INFO) | {"rank": "a", "layers": "b", "training": "c"}
    with pytest.raises(AdapterError, match=r"(?s)rank.*layers.*training"):
        from_metadata(metadata)
