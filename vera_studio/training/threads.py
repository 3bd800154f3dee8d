"""How many of torch's threads a piece of work gets."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@contextmanager
def one_thread_unless(several_pay: bool) -> Iterator[None]:
    """Have torch compute with one thread, or with all that it has where `several_pay`."""
    before = torch.get_num_threads()
    # What is set holds for threads to come as well. One that began while another had set one
    # thread must not set that for good when it ends after the other.
    if several_pay or before == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def in_parallel(function: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
    """`function` of each item, in order, of as many at a time as torch has threads.

    Each is computed with one thread. Threads that share an operation wait for the slowest at
    its end: where something else takes a core now and then, that is most of the time.
    """
    threads = torch.get_num_threads()
    pending: deque[Future[_Result]] = deque()
    # A new thread would take what torch was told last, which may be another run's number.
    with one_thread_unless(False), ThreadPoolExecutor(threads, "features", _take_one) as pool:
        try:
            for item in items:
                pending.append(pool.submit(function, item))
                if len(pending) > 2 * threads:  # not all at once: results take memory
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def _take_one() -> None:
    torch.set_num_threads(1)
