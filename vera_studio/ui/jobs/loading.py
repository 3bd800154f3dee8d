"""Importing torch and the engine on a thread, while the window is on screen already."""

import functools
import importlib
import os
from collections.abc import Callable

from vera_studio.errors import Cancelled
from vera_studio.runs.events import Stage

# What pages and jobs import when they need it, so that none of it is slow then.
_ENGINE = (
    "vera_studio.models.registry",
    "vera_studio.models.own_classes",
    "vera_studio.models.efficientnet_lite",
    "vera_studio.data.cifar10",
    "vera_studio.data.open_data",
    "vera_studio.adapters.combination",
    "vera_studio.adapters.inspection",
    "vera_studio.adapters.library",
    "vera_studio.exchange.reading",
    "vera_studio.training.loop",
    "vera_studio.training.comparison",
)


def load_engine(on_event: Callable[[object], None], should_stop: Callable[[], bool]) -> None:
    """Import torch and the engine, and leave a core to the window.

    torchvision, which takes as long again, is left for when CIFAR-10 is opened.

    Args:
        on_event: told a `Stage` before each step.
        should_stop: asked before each step.

    Raises:
        Cancelled: stopped between two steps; an import itself cannot be broken off.
    """
    _step("Loading PyTorch", on_event, should_stop)
    importlib.import_module("torch")
    take_thread_count()
    _step("Loading the training engine", on_event, should_stop)
    for module in _ENGINE:
        importlib.import_module(module)


def _step(text: str, on_event: Callable[[object], None], should_stop: Callable[[], bool]) -> None:
    if should_stop():
        raise Cancelled
    on_event(Stage(text))


def take_thread_count() -> None:
    """Have torch use one core fewer than there are, on this thread and on those begun later.

    Each job asks for it: what one sets while it computes on one core would hold for the next.
    """
    import torch

    torch.set_num_threads(_thread_count())


@functools.cache
def _thread_count() -> int:
    # Each operation waits for the slowest of torch's threads. With as many threads as cores
    # that is the one whose core the window takes to draw: training in a window then keeps a
    # quarter of its speed, with one thread fewer more than three quarters (2 cores).
    import torch

    # torch's own number already heeds OMP_NUM_THREADS and that two threads may share a core.
    return max(1, min(torch.get_num_threads(), _usable_cores() - 1))


def _usable_cores() -> int:
    """The cores that this process may run on; fewer than the machine's in a container."""
    if hasattr(os, "sched_getaffinity"):  # Linux only
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
