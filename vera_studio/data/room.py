"""Memory for images: refused beforehand where there is too little, told where it runs out."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vera_studio.errors import NotEnoughMemoryError
from vera_studio.memory import free_memory, is_out_of_memory
from vera_studio.wording import size_text


def check_room(folder: Path, count: int, image_size: int, copies: int = 2) -> None:
    """Refuse to open more images than there is memory for, before any is read.

    Args:
        folder: where they are.
        count: of the files.
        image_size: pixels a side.
        copies: of an image at a time; two while the images are split.

    Raises:
        NotEnoughMemoryError: says how much is needed and how much is free.
    """
    need, free = copies * count * 3 * image_size**2, free_memory()
    if need > free:
        raise NotEnoughMemoryError(
            f"{folder} holds {count:,} files. To open them as images of {image_size} x "
            f"{image_size} pixels takes {size_text(need)} of memory, and {size_text(free)} are "
            "free. Close other programs, or open a folder with fewer images."
        )


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
