"""Memory that runs out while images are opened: told."""

from collections.abc import Iterator
from contextlib import contextmanager

from vera_studio.errors import NotEnoughMemoryError
from vera_studio.memory import free_memory, is_out_of_memory
from vera_studio.wording import size_text


@contextmanager
def told_without_memory() -> Iterator[None]:
    """Have memory that runs out while images are opened come as a message that says what to do.

    Raises:
        NotEnoughMemoryError: it ran out.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise NotEnoughMemoryError(
            f"There is not enough memory to open these images: {size_text(free_memory())} are "
            "free. Close other programs, or open fewer images."
        ) from error
