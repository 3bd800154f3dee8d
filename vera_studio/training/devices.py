"""Choosing what a run computes on."""

from dataclasses import dataclass

import torch

from vera_studio.errors import TrainingError
from vera_studio.recipe import Device

# What the project has neither tried nor measured: no such machine was at hand.
_EXPERIMENTAL = ("cuda", "mps")


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
    return DeviceChoice(torch.device(wanted), f"{_name(wanted)}, as chosen")


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
        "cuda": "an NVIDIA GPU was found",
        "mps": "an Apple GPU was found, and no CUDA device",
        "cpu": "neither a CUDA nor an MPS device was found",
    }
    return DeviceChoice(torch.device(best), f"{_name(best)}: {reasons[best]}")


def _name(device: Device) -> str:
    return device.upper() + (" (experimental)" if device in _EXPERIMENTAL else "")
