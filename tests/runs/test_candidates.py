"""Short names of methods, to and fro."""

import dataclasses
import subprocess
import sys

import pytest

from vera_studio.errors import RecipeError
from vera_studio.methods import METHOD_FACTS
from vera_studio.recipe import AdapterSettings
from vera_studio.runs.candidates import FAMILIES, candidate, short_name, title

NAMES = {
    "vera:8": ("vera", "shape", 8, "VeRA, rank 8"),
    "vera-all:32": ("vera", "all", 32, "VeRA, one pair for all, rank 32"),
    "lora:1024": ("lora", "shape", 1024, "LoRA, rank 1024"),
    "full": ("full", "shape", 5, "All weights"),
    "bias": ("bias", "shape", 5, "Biases and norms"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stands_for_settings_and_back(name):
    like = AdapterSettings(rank=5, d_initial=0.3, layers=("fc1",), alpha=2.0, seed=9)
    method, sharing, rank, shown = NAMES[name]
    settings = candidate(name, like)
    expected = dataclasses.replace(like, method=method, sharing=sharing, rank=rank)
    assert settings == expected
    assert (short_name(settings), title(settings)) == (name, shown)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dora:4", "there are vera:RANK, vera-all:RANK, lora:RANK, full, bias"),
        ("", "is no method"),
        ("vera", "must read vera:RANK"),
        ("full:4", "must read full"),
        ("full:", "must read full"),
        ("lora:", "from 1 to 1,024"),
        ("lora:0", "from 1 to 1,024"),
        ("lora:1025", "from 1 to 1,024"),
        ("lora:-4", "from 1 to 1,024"),
        ("lora:4.5", "from 1 to 1,024"),
        ("lora:²", "from 1 to 1,024"),
    ],
)
def test_other_names_are_refused(name, text):
    with pytest.raises(RecipeError, match=text):
        candidate(name, AdapterSettings())


def test_titles_are_those_of_the_methods():
    for family in FAMILIES:
        assert family.title.startswith(METHOD_FACTS[family.method].title)


def test_the_results_need_no_torch():
    # In a process of its own: here torch is imported already.
    code = (
        "import sys; from vera_studio.runs import candidates, comparison_results, "
        "comparison_tables; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
