"""Choosing what a run computes on."""

from dataclasses import dataclass

import torch

from vera_studio.errors import TrainingError
from vera_studio.recipe import Device


@dataclass(frozen=True)
class DeviceChoice:
    """A device and why it was chosen, for a person to read."""

    device: torch.device
    reason: str


def choose_device(wanted: Device = "auto") -> DeviceChoice:
    """The device to use: the wanted one, or the fastest there is.

    Raises:
        TrainingError: the wanted device is not on this machine.
    """
    if wanted == "auto":
        return _fastest()
    if wanted not in available_devices():
        there = ", ".join(available_devices())
        raise TrainingError(f"This machine has no {wanted.upper()} device; it has {there}.")
    return DeviceChoice(torch.device(wanted), f"{wanted.upper()}, as chosen")


def available_devices() -> tuple[Device, ...]:
    """The devices of this machine, the fastest first."""
    found: list[Device] = []
    if torch.cuda.is_available():
        found.append("cuda")
    if torch.backends.mps.is_available():
        found.append("mps")
    return (*found, "cpu")


def _fastest() -> DeviceChoice:
    best = available_devices()[0]
    reasons = {
        "cuda": "CUDA: an NVIDIA GPU was found",
        "mps": "MPS: an Apple GPU was found, and no CUDA device",
        "cpu": "CPU: neither a CUDA nor an MPS device was found",
    }
    return DeviceChoice(torch.device(best), reasons[best])
