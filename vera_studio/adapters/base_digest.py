"""A fingerprint of the weights that an adapter was trained on."""

from collections.abc import Iterator

import torch
from torch import nn

from vera_studio.adapters.tensor_digest import digest_tensors
from vera_studio.adapters.wrapper import bare_modules


def base_digest(network: nn.Module) -> str:
    """SHA-256, in hex, of every base parameter and buffer: name, dtype, shape and bytes.

    An attached adapter and its projections are not part of it and change no name.
    """
    return digest_tensors(sorted(_base_tensors(network), key=lambda item: item[0]))


def _base_tensors(network: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Full name, as in the detached network, and tensor of all that `network` has."""
    for path, module in bare_modules(network):
        for name, tensor in (*module._parameters.items(), *module._buffers.items()):
            if tensor is not None:
                yield f"{path}.{name}" if path else name, tensor
