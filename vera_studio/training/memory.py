"""Memory: how much is free, and what to do when there is none left, or the device is gone."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch

from vera_studio.device_failures import is_device_failure
from vera_studio.errors import DeviceFailedError, NotEnoughMemoryError
from vera_studio.memory import free_memory
from vera_studio.memory import is_out_of_memory as is_out_of_memory
from vera_studio.wording import device_failed, not_enough_memory

_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")


def free_bytes(device: torch.device) -> int:
    """Memory, in bytes, that `device` can still give; a CPU's and Apple's GPU's is the host's."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return free_memory()


@contextmanager
def device_failures_told(device: torch.device) -> Iterator[None]:
    """Have memory that runs out, and a device that fails, come as messages that say what to do.

    Raises:
        NotEnoughMemoryError: memory ran out.
        DeviceFailedError: the device computes no more.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):
            _log.warning("out of memory on %s: %s", device, error)
            raise NotEnoughMemoryError(not_enough_memory(device.type)) from error
        if is_device_failure(error):
            _log.error("%s failed", device, exc_info=error)
            raise DeviceFailedError(device_failed(device.type, str(error))) from error
        raise


def halve_when_out_of_memory(
    function: Callable[[torch.Tensor], _Result], items: torch.Tensor, size: int
) -> Iterator[_Result]:
    """`function` of one part of `items` after the other, each of at most `size`.

    Parts become half as large, for good, whenever one does not fit into memory.

    Raises:
        RuntimeError: not even a part of one item fits.
    """
    done = 0
    while done < len(items):
        part = items[done : done + size]
        try:
            result = function(part)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error) or len(part) == 1:
                raise
            size = -(-len(part) // 2)
            continue
        yield result
        done += len(part)
