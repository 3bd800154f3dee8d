"""The fingerprint of named tensors."""

import hashlib

import pytest
import torch

from vera_studio.adapters.tensor_digest import digest_tensors


def test_equals_sha256_over_names_and_bytes():
    tensor = torch.tensor([[1.0, 2.0]])
    content = b"w torch.float32 (1, 2)\n" + bytes.fromhex("0000803f00000040")
    assert digest_tensors([("w", tensor)]) == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    "other",
    [
        ("v", torch.zeros(2, 3)),
        ("w", torch.zeros(3, 2)),
        ("w", torch.zeros(2, 3, dtype=torch.int32)),
        ("w", torch.full((2, 3), -0.0)),
    ],
)
def test_depends_on_name_shape_dtype_and_bits(other):
    assert digest_tensors([other]) != digest_tensors([("w", torch.zeros(2, 3))])


def test_does_not_depend_on_the_layout_in_memory():
    tensor = torch.randn(4, 5)
    strided = tensor.T.contiguous().T
    assert digest_tensors([("w", strided)]) == digest_tensors([("w", tensor)])


@pytest.mark.parametrize(
    "tensor",
    [torch.tensor(3), torch.empty(0), torch.ones(2, dtype=torch.bfloat16), torch.tensor([True])],
)
def test_takes_every_kind_of_tensor(tensor):
    assert len(digest_tensors([("t", tensor)])) == 64
