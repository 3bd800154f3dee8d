"""How many of torch's threads a piece of work gets."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread_unless(several_pay: bool) -> Iterator[None]:
    """Have torch compute with one thread, or with all that it has where `several_pay`."""
    before = torch.get_num_threads()
    if not several_pay:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
