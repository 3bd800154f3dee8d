"""Small work gets one thread, and whatever comes after it all of them again."""

import threading
import time

import pytest
import torch
from torch import nn

from vera_studio.data.preprocessing import square
from vera_studio.data.store import ImageSet
from vera_studio.training.inputs import FeatureInputs, ImageInputs
from vera_studio.training.threads import in_parallel, one_thread_unless


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


def test_work_that_outlasts_another_does_not_keep_it_to_one_thread(three_threads):
    begun, may_end, counts = threading.Event(), threading.Event(), []

    def outlast():
        with one_thread_unless(False):
            begun.set()
            may_end.wait(5)

    outlasting = threading.Thread(target=outlast)
    with one_thread_unless(False):
        outlasting.start()
        begun.wait(5)
    may_end.set()
    outlasting.join()
    later = threading.Thread(target=lambda: counts.append(torch.get_num_threads()))
    later.start()
    later.join()
    assert counts == [3]


def test_large_batches_of_large_rows_are_worth_threads():
    narrow, wide = (
        FeatureInputs(nn.Identity(), torch.zeros(1, width), torch.zeros(1)) for width in (152, 4096)
    )
    assert [narrow.threads_pay(batch) for batch in (4, 64, 128, 512)] == [False, False, True, True]
    assert wide.threads_pay(8)


def test_images_are_worth_threads_earlier():
    def inputs(size):
        images = ImageSet(torch.zeros(1, 3, size, size, dtype=torch.uint8), torch.zeros(1))
        return ImageInputs(nn.Linear(1, 1), square(size), images)

    assert [inputs(32).threads_pay(batch) for batch in (4, 31, 32)] == [False, False, True]
    assert inputs(224).threads_pay(1)


def test_parallel_work_comes_in_order_and_with_one_thread_each(three_threads):
    seen = set()

    def work(item):
        seen.add((threading.get_ident(), torch.get_num_threads()))
        time.sleep(0.002 * (item % 3))
        return item * 2

    assert list(in_parallel(work, range(50))) == [2 * item for item in range(50)]
    assert {threads for _, threads in seen} == {1}
    assert 1 < len(seen) <= 3
    assert torch.get_num_threads() == 3


def test_parallel_work_does_not_run_ahead(three_threads):
    begun = []
    results = in_parallel(begun.append, range(1000))
    next(results)
    assert len(begun) <= 8
    results.close()
    assert len(begun) <= 8
    assert torch.get_num_threads() == 3


def test_an_error_in_parallel_work_arrives(three_threads):
    def work(item):
        if item == 20:
            raise KeyError(item)
        return item

    with pytest.raises(KeyError):
        list(in_parallel(work, range(100)))
    assert torch.get_num_threads() == 3
