"""What the window has done with the images kept on the disk: measured, limited, emptied.

Plain functions like those of `jobs`; the engine is imported inside them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from vera_studio.errors import ShouldStop

OnEvent = Callable[[object], None]


@dataclass(frozen=True)
class CacheSize:
    """Bytes of the images that are kept on the disk."""

    now: int
    most: int


def measure_cache(on_event: OnEvent, should_stop: ShouldStop) -> CacheSize:
    """How large the cache is."""
    from vera_studio.data.image_cache import cache_bytes, cache_limit

    return CacheSize(cache_bytes(), cache_limit())


def limit_cache(limit: int, on_event: OnEvent, should_stop: ShouldStop) -> CacheSize:
    """Let it have `limit` bytes; what is there beyond that goes.

    Raises:
        StudioError: the limit cannot be written.
    """
    from vera_studio.data.image_cache import set_cache_limit

    set_cache_limit(limit)
    return measure_cache(on_event, should_stop)


def empty_cache(on_event: OnEvent, should_stop: ShouldStop) -> CacheSize:
    """Delete all of it.

    Raises:
        StudioError: a file cannot be deleted.
    """
    from vera_studio.data.image_cache import empty_cache

    empty_cache()
    return measure_cache(on_event, should_stop)
