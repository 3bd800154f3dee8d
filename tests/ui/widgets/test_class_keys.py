"""Classes named by a digit or their first letters."""

import pytest

from vera_studio.ui.widgets.class_keys import Typed, key_of, type_key

WASTE = ("Cardboard", "glass", "metal", "paper", "plastic")


def typed(names, keys):
    """What comes of keys typed one after the other."""
    text = ""
    for key in keys:
        found = type_key(names, text, key)
        text = found.text
    return found


@pytest.mark.parametrize(
    ("keys", "chosen"),
    [("1", 0), ("5", 4), ("c", 0), ("G", 1), ("pa", 3), ("PL", 4), ("pm", 2), ("xg", 1)],
)
def test_a_class_is_chosen_once_no_other_is_meant(keys, chosen):
    assert typed(WASTE, keys) == Typed("", typed(WASTE, keys).matches, chosen)


def test_what_could_be_meant_is_told_the_whole_name_first():
    assert typed(WASTE, "p") == Typed("p", (3, 4))
    assert typed(("caterpillar", "cat"), "cat") == Typed("cat", (1, 0))
    assert typed(("crane", "crane"), "crane") == Typed("crane", (0, 1))


@pytest.mark.parametrize("keys", ["x", "6", "0", "p9"])
def test_what_means_nothing_is_forgotten(keys):
    assert typed(WASTE, keys) == Typed()


def test_the_tenth_has_0_and_names_with_digits_are_names():
    assert typed([f"class {n}" for n in range(12)], "0").chosen == 9
    numbers = [str(n) for n in range(12)]
    assert typed(numbers, "1") == Typed("1", (1, 10, 11))
    assert typed(numbers, "10").chosen == 10
    assert [key_of(n, WASTE) for n in range(5)] == ["1", "2", "3", "4", "5"]
    assert [key_of(n, numbers) for n in range(12)] == [""] * 12
    assert key_of(9, [f"class {n}" for n in range(12)]) == "0"
    assert key_of(10, [f"class {n}" for n in range(12)]) == ""
