"""Choosing layers in words and patterns: pure functions."""

import pytest

from vera_studio.ui.state.layer_choice import as_patterns, groups, in_words, last_stage
from vera_studio.ui.widgets.layer_model import LayerRow


def rows(*names, norms=()):
    return [
        LayerRow(name, "normalisation", "4", "It has no matrix.")
        if name in norms
        else LayerRow(name, "convolution", "4 x 9")
        for name in names
    ]


NETWORK = rows(
    "stem", "blocks.0.a", "blocks.0.b", "blocks.1.a", "blocks.1.n", "head", norms={"blocks.1.n"}
)


@pytest.mark.parametrize(
    ("chosen", "patterns", "words"),
    [
        (("blocks.0.a", "blocks.0.b"), ("blocks.0.*",), "2 layers: blocks.0"),
        (("blocks.0.a", "head"), ("blocks.0.a", "head"), "2 layers: blocks.0.a, head"),
        (("blocks.0.a", "blocks.0.b", "blocks.1.a"), ("blocks.*",), "3 layers: blocks"),
        (("blocks.1.a",), ("blocks.1.a",), "1 layer: blocks.1.a"),
        ((), (), "No layers"),
    ],
)
def test_whole_parts_become_patterns(chosen, patterns, words):
    assert as_patterns(chosen, NETWORK) == patterns
    assert in_words(chosen, NETWORK) == words


def test_everything_is_said_in_a_word():
    assert in_words([row.name for row in NETWORK if not row.reason], NETWORK) == "All 5 layers"


@pytest.mark.parametrize(
    ("names", "stage"),
    [
        (("conv1", "layer1.a", "layer1.b", "layer2.a", "layer2.b", "fc"), 3),
        (("stem", *(f"blocks.{n}.{k}" for n in range(3) for k in "ab"), "head"), 5),
        (("features.0", "features.3", "features.6", "classifier.0", "classifier.3"), 3),
        (("fc1", "fc2", "fc3"), 3),
    ],
)
def test_the_last_stage_is_the_last_part_and_what_follows(names, stage):
    assert last_stage(names) == names[stage:]


def test_layers_that_are_not_used_are_of_no_kind():
    unused = LayerRow("aside", "convolution", "4 x 9", "The network does not use it.", False)
    names = [row.name for row in groups([*NETWORK, unused])["Convolutions"]]
    assert "aside" not in names
    assert "stem" in names
