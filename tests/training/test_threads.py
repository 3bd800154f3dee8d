"""Small work gets one thread, and whatever comes after it all of them again."""

import pytest
import torch
from torch import nn

from vera_studio.data.store import ImageSet
from vera_studio.models.registry import find
from vera_studio.training.inputs import FeatureInputs, ImageInputs
from vera_studio.training.threads import one_thread_unless


@pytest.fixture
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("several_pay", "inside"), [(False, 1), (True, 3)])
def test_threads_come_back(three_threads, several_pay, inside):
    with one_thread_unless(several_pay):
        assert torch.get_num_threads() == inside
    assert torch.get_num_threads() == 3


def fail():
    with one_thread_unless(False):
        raise KeyError


def test_threads_come_back_after_an_error(three_threads):
    with pytest.raises(KeyError):
        fail()
    assert torch.get_num_threads() == 3


def test_large_batches_of_large_rows_are_worth_threads():
    narrow, wide = (
        FeatureInputs(nn.Identity(), torch.zeros(1, width), torch.zeros(1)) for width in (152, 4096)
    )
    assert [narrow.threads_pay(batch) for batch in (4, 64, 128, 512)] == [False, False, True, True]
    assert wide.threads_pay(8)


def test_images_are_worth_threads_earlier():
    def inputs(size):
        images = ImageSet(torch.zeros(1, 3, size, size, dtype=torch.uint8), torch.zeros(1))
        return ImageInputs(nn.Linear(1, 1), find("convnet"), images)

    assert [inputs(32).threads_pay(batch) for batch in (4, 31, 32)] == [False, False, True]
    assert inputs(224).threads_pay(1)
