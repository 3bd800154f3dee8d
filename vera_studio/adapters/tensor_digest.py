"""One fingerprint for a set of named tensors."""

import hashlib
from collections.abc import Iterable

import torch


def digest_tensors(tensors: Iterable[tuple[str, torch.Tensor]]) -> str:
    """SHA-256, in hex, over name, dtype, shape and bytes of each tensor, in the order given."""
    sha = hashlib.sha256()
    for name, tensor in tensors:
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        sha.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        sha.update(flat.view(torch.uint8).numpy().data)
    return sha.hexdigest()
