"""Choosing a device: CUDA before MPS before CPU, and the reason in words."""

import pytest
import torch

from vera_studio.errors import TrainingError
from vera_studio.training.devices import available_devices, choose_device


@pytest.fixture
def machine(monkeypatch):
    def pretend(cuda, mps):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return pretend


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [
        (True, True, "cuda"),
        (True, False, "cuda"),
        (False, True, "mps"),
        (False, False, "cpu"),
    ],
)
def test_auto_takes_the_fastest_and_says_why(machine, cuda, mps, expected):
    machine(cuda, mps)
    choice = choose_device("auto")
    assert choice.device.type == expected
    assert expected.upper() in choice.reason
    assert ("experimental" in choice.reason) == (expected != "cpu")  # never tried on such a machine
    assert available_devices()[0] == expected


def test_a_choice_overrides_auto(machine):
    machine(cuda=True, mps=False)
    assert choose_device("cpu").device.type == "cpu"


def test_a_device_that_is_not_there_is_refused_with_those_that_are(machine):
    machine(cuda=False, mps=True)
    with pytest.raises(TrainingError, match="no CUDA device; it has mps, cpu"):
        choose_device("cuda")
