import pytest

from vera_studio.adapters.adapter_metadata import AdapterInfo
from vera_studio.adapters.classes import Classes
from vera_studio.adapters.training_record import TrainingRecord
from vera_studio.recipe import AdapterSettings
from vera_studio.ui.state.adapter_names import apart, classes_text, trained_name

NAMES = ("bird", "cat", "deer", "dog", "frog")


def info_of(settings, training):
    record = TrainingRecord.from_json({"targets": ["bird", "cat"]} | training)
    return AdapterInfo(settings, Classes.of(NAMES), "", "", record)


@pytest.mark.parametrize(
    ("classes", "text"),
    [
        ((), "\N{EN DASH}"),
        (("bird", "cat", "dog"), "bird, cat, dog"),
        (("bird", "cat", "dog", "frog"), "bird, cat, dog +1"),
        (NAMES, "all 5 classes"),
    ],
)
def test_classes_in_a_few_words(classes, text):
    assert classes_text(classes, 5) == text


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (AdapterSettings(rank=32), "bird, cat · VeRA 32"),
        (AdapterSettings(method="lora", rank=8), "bird, cat · LoRA 8"),
        (AdapterSettings(method="full"), "bird, cat · All weights"),
        (AdapterSettings(method="bias"), "bird, cat · Biases and norms"),
    ],
)
def test_what_was_trained_is_called_after_its_classes_and_method(settings, name):
    info = info_of(settings, {})
    assert trained_name(info) == name


@pytest.mark.parametrize(
    ("training", "end"),
    [
        ({"keep_others": 0.44}, " · others 44%"),
        ({"keep_others": 0.0}, " · no others"),
        ({"keep_others": 0.2, "targets": list(NAMES)}, ""),
        ({"data": "CIFAR-10"}, " · CIFAR-10"),
        ({"data": "CIFAR-10", "network": "the pretrained ConvNet"}, " · CIFAR-10"),
        ({"data": "CIFAR-10", "network": "cifar_net.pth"}, " · CIFAR-10 · cifar_net.pth"),
        ({"network": "the pretrained EfficientNet-Lite0"}, " · EfficientNet-Lite0"),
        ({"data": "x" * 20 + "y" * 20}, f" · {'x' * 15}…{'y' * 15}"),
        ({"data": 3, "keep_others": "most"}, ""),
    ],
)
def test_a_name_tells_what_sets_an_adapter_apart(training, end):
    info = info_of(AdapterSettings(), training)
    is_all = len(info.training.targets) == len(NAMES)
    assert trained_name(info) == f"{'all 5 classes' if is_all else 'bird, cat'} · VeRA 32{end}"


def test_a_thousand_classes_are_told_by_their_number():
    """Their names are not in the file."""
    classes = Classes.of([str(number) for number in range(1000)])
    some, everything = (
        AdapterInfo(AdapterSettings(), classes, "", "", TrainingRecord.from_json(told))
        for told in ({"targets": ["1", "2"], "keep_others": 0.5}, {"targets": "all"})
    )
    assert trained_name(some) == "1, 2 · VeRA 32 · others 50%"
    assert trained_name(everything) == "all 1,000 classes · VeRA 32"


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("cat · LoRA 8 · Sample", "cat · VeRA 32 · Sample", ("LoRA 8", "VeRA 32")),
        ("cat · LoRA 8", "dog · LoRA 8", ("cat", "dog")),
        ("Birds", "Cats", ("Birds", "Cats")),
        ("Birds", "Birds · VeRA 4", ("Birds", "Birds · VeRA 4")),
        ("cat · A · A", "cat · A", ("A · A", "A")),
    ],
)
def test_what_sets_two_names_apart(first, second, told):
    assert apart(first, second) == told
