"""Memory that runs out: recognised, and worked around by halving."""

import pytest
import torch

from vera_studio.training.memory import free_bytes, halve_when_out_of_memory, is_out_of_memory


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), True),
        (MemoryError(), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 9.07 GB)"), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("can't allocate memory"), False),
    ],
)
def test_errors_are_told_apart(error, expected):
    assert is_out_of_memory(error) is expected


def test_what_the_host_says_of_its_memory_is_recognised():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)


def test_the_host_has_memory():
    assert 2**20 < free_bytes(torch.device("cpu")) < 2**50


class Small:
    """Takes at most `room` items at once."""

    def __init__(self, room):
        self.room, self.sizes = room, []

    def __call__(self, items):
        if len(items) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        self.sizes.append(len(items))
        return items * 2


def test_parts_are_halved_until_they_fit_and_stay_so():
    function = Small(room=3)
    found = list(halve_when_out_of_memory(function, torch.arange(20), 11))
    assert torch.equal(torch.cat(found), 2 * torch.arange(20))
    assert function.sizes == [3] * 6 + [2]  # 11, 6, 3


def test_nothing_is_asked_of_no_items():
    assert list(halve_when_out_of_memory(Small(room=0), torch.arange(0), 5)) == []


def test_one_item_that_does_not_fit_is_an_error():
    with pytest.raises(torch.OutOfMemoryError):
        list(halve_when_out_of_memory(Small(room=0), torch.arange(20), 8))


def test_other_errors_are_not_hidden():
    def broken(items):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="mat1"):
        list(halve_when_out_of_memory(broken, torch.arange(20), 8))
