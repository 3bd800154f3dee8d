"""A network laid open: every tensor that it holds, and which of them are the same memory."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn


@dataclass(frozen=True)
class TensorInfo:
    """A parameter or buffer of a network."""

    name: str  # in full, such as "fc1.projections.A"
    module_kinds: tuple[str, ...]  # class of each module on the way, such as ("VeraLayer", ...)
    kind: str  # "Parameter" or "Buffer"
    shape: tuple[int, ...]
    count: int  # numbers
    trainable: bool
    dtype: str
    bytes: int
    address: int  # of the first number in memory
    shared_with: tuple[str, ...]  # full names of the others at the same address


def tensors(network: nn.Module) -> tuple[TensorInfo, ...]:
    """Every parameter and buffer of `network`, in the order of its modules.

    A module that hangs in two places is listed in both; its tensors name each other.
    """
    found = list(_walk(network, (), ()))
    names_at: dict[int, list[str]] = defaultdict(list)
    for name, _, tensor in found:
        names_at[tensor.data_ptr()].append(name)
    return tuple(
        TensorInfo(
            name=name,
            module_kinds=kinds,
            kind="Parameter" if isinstance(tensor, nn.Parameter) else "Buffer",
            shape=tuple(tensor.shape),
            count=tensor.numel(),
            trainable=tensor.requires_grad,
            dtype=str(tensor.dtype).removeprefix("torch."),
            bytes=tensor.numel() * tensor.element_size(),
            address=tensor.data_ptr(),
            shared_with=tuple(n for n in names_at[tensor.data_ptr()] if n != name),
        )
        for name, kinds, tensor in found
    )


def _walk(
    module: nn.Module, path: tuple[str, ...], kinds: tuple[str, ...]
) -> Iterator[tuple[str, tuple[str, ...], torch.Tensor]]:
    """Name, kinds of the modules on the way, and tensor; shared modules at each place."""
    for name, tensor in (*module._parameters.items(), *module._buffers.items()):
        if tensor is not None:
            yield ".".join((*path, name)), kinds, tensor
    for name, child in module.named_children():
        yield from _walk(child, (*path, name), (*kinds, type(child).__name__))
