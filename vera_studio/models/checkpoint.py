"""Reading files of weights without believing anything in them."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import nn

from vera_studio.errors import ModelError

SUFFIXES = (".safetensors", ".pt", ".pth")
_MOST_LISTED = 5


def load_weights(network: nn.Module, path: Path) -> None:
    """Copy the weights in `path` into `network`; on an error `network` stays as it was.

    Takes `.safetensors` files and `.pt` / `.pth` state dicts, bare or under the key
    "state_dict" or "model", saved on any device, with or without DataParallel's "module."
    before each name.

    Raises:
        ModelError: says what the file is instead, or which layers and shapes differ.
    """
    weights = _read(path)
    found = _differences(network.state_dict(), weights)
    if found:
        lines = "\n".join(f"- {line}" for line in found)
        raise ModelError(f"{path.name} does not fit this network:\n{lines}")
    network.load_state_dict(weights)


def _read(path: Path) -> dict[str, torch.Tensor]:
    if not path.is_file():
        raise ModelError(f"There is no file {path}.")
    if path.suffix.lower() not in SUFFIXES:
        raise ModelError(f"{path.name} is not a file of weights: expected {', '.join(SUFFIXES)}.")
    if path.suffix.lower() == ".safetensors":
        return _read_safetensors(path)
    return _state_dict(path, _unpickle(path))


def _read_safetensors(path: Path) -> dict[str, torch.Tensor]:
    try:
        return safetensors.torch.load_file(path, device="cpu")
    except (safetensors.SafetensorError, OSError) as error:
        raise ModelError(
            f"{path.name} is not a safetensors file, or is damaged: {error}"
        ) from error


def _unpickle(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{path.name} holds more than tensors, or is no PyTorch file, so it was not opened: "
            "files from elsewhere can run code. "
            "Save the weights alone: torch.save(model.state_dict(), path)."
        ) from error
    except Exception as error:
        # torch.load lists no errors, and its unpickler fails in dozens of ways on foreign bytes.
        raise ModelError(f"{path.name} is not a PyTorch file, or is damaged.") from error


def _state_dict(path: Path, content: Any) -> dict[str, torch.Tensor]:
    if isinstance(content, Mapping):
        for key in ("state_dict", "model"):
            if isinstance(content.get(key), Mapping):
                content = content[key]
    if not isinstance(content, Mapping) or not content:
        kind = type(content).__name__
        raise ModelError(f"{path.name} holds {kind}, not a state dict of named tensors.")
    if not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise ModelError(f"{path.name} holds values that are not tensors, not a state dict.")
    return {str(name).removeprefix("module."): value for name, value in content.items()}


def _differences(
    expected: Mapping[str, torch.Tensor], found: Mapping[str, torch.Tensor]
) -> list[str]:
    """What keeps `found` from being loaded, a line a kind of difference."""
    missing = [name for name in expected if name not in found]
    unknown = [name for name in found if name not in expected]
    shared = [name for name in expected if name in found]
    shapes = [
        f"{name} has shape {tuple(found[name].shape)}, expected {tuple(expected[name].shape)}"
        for name in shared
        if found[name].shape != expected[name].shape
    ]
    not_finite = [
        name
        for name in shared
        if not found[name].is_floating_point() or not bool(found[name].isfinite().all())
    ]
    lines = [
        ("missing: ", missing),
        ("not part of the network: ", unknown),
        ("", shapes),
        ("not made of finite numbers: ", not_finite),
    ]
    return [text + _listed(names) for text, names in lines if names]


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_LISTED
    return ", ".join(names[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")
