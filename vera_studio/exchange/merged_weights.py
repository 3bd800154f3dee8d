"""The network's own weights with an adapter in them, for plain PyTorch."""

import io
import json
from collections.abc import Sequence
from pathlib import Path

import safetensors.torch
import torch
from torch import nn

from vera_studio.adapters.adapter_file import AdapterFile
from vera_studio.adapters.attach import merge
from vera_studio.adapters.copies import with_adapter
from vera_studio.errors import AdapterError, ShouldStop, go_on_unless, never_stop
from vera_studio.files import write_atomically
from vera_studio.models.safetensors_file import CLASS_NAMES_KEY
from vera_studio.wording import listed

SUFFIXES = (".safetensors", ".pt")


def export_merged(
    adapter: AdapterFile,
    network: nn.Module,
    class_names: Sequence[str],
    path: Path,
    base: str = "",
    should_stop: ShouldStop = never_stop,
) -> None:
    """Write a state dict that the network loads as it is, names, shapes and dtypes unchanged.

    The last layer has an output for each class. A `.safetensors` file says what these are called,
    in its metadata; a `.pt` file cannot, for `torch.load` gives the state dict alone.

    Args:
        adapter: of any method.
        network: the one that it was made for; it is not changed.
        class_names: the network's classes, in its order.
        path: the file to write, whole or not at all; `.safetensors`, or `.pt` for a file that
            `torch.load` reads with `weights_only=True`.
        base: digest of the network's weights, where it is known.
        should_stop: asked before anything is written.

    Raises:
        AdapterError: `path` ends otherwise, the adapter was made for another network, or a
            merged weight is too large for its dtype.
        StudioError: the file cannot be written.
        Cancelled: `should_stop` said so.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise AdapterError(
            f"{path.name} cannot hold merged weights: expected a name that ends in "
            f"{' or '.join(SUFFIXES)}."
        )
    merged = merged_copy(adapter, network, class_names, base)
    # Copies, for safetensors refuses tensors that share memory.
    state = {
        name: value.detach().clone().contiguous() for name, value in merged.state_dict().items()
    }
    content = _content(state, path.suffix.lower(), class_names)
    go_on_unless(should_stop)
    write_atomically(path, content)


def merged_copy(
    adapter: AdapterFile, network: nn.Module, class_names: Sequence[str], base: str = ""
) -> nn.Module:
    """A copy of `network`, on the CPU, with `adapter` merged into its weights.

    Raises:
        AdapterError: the adapter was made for another network, or a merged weight is too large
            for its dtype.
    """
    merged = with_adapter(adapter, network, class_names, base)
    merge(merged)
    wrong = [name for name, p in merged.named_parameters() if not bool(p.isfinite().all())]
    if wrong:
        raise AdapterError(f"The merged weights are too large for their dtype: {listed(wrong)}.")
    return merged


def _content(state: dict[str, torch.Tensor], suffix: str, class_names: Sequence[str]) -> bytes:
    if suffix == ".safetensors":
        about = {"format": "pt", CLASS_NAMES_KEY: json.dumps(list(class_names))}
        return safetensors.torch.save(state, about)
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()
