"""What the user says of single images: a list beside the images, whose files nobody touches.

A folder of images has one file in the studio's own folder, named after the images' folder.
"""

import json
from pathlib import Path
from typing import Literal, cast

from vera_studio import environment
from vera_studio.errors import StudioError
from vera_studio.files import file_about, read_text, reason, write_atomically, writing_in

Mark = Literal["left out", "mislabelled"]
MARKS: tuple[Mark, ...] = ("left out", "mislabelled")
MOST_MARKED = 1000  # images of a folder: all of them have to go into a recipe
_MOST_BYTES = 8 * 2**20
_VERSION = 1


def marks_file(folder: Path) -> Path:
    """Where the marks on images below `folder` are kept."""
    return file_about(folder, environment.marks_folder())


def load_marks(folder: Path) -> dict[str, Mark]:
    """The marked images below `folder`, by their paths from there; none where none was marked.

    Raises:
        StudioError: the list is there and cannot be read.
    """
    return read_marks(marks_file(folder))


def read_marks(path: Path) -> dict[str, Mark]:
    """What the file `path` says, as `load_marks`."""
    try:
        values = json.loads(read_text(path, _MOST_BYTES))
        marks = values["marks"]
        if not isinstance(marks, dict) or not set(map(str, marks.values())) <= set(MARKS):
            raise ValueError("it holds other marks than the studio's")
        return cast(dict[str, Mark], marks)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StudioError(f"Cannot read the marks on images, {path}: {reason(error)}.") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StudioError(
            f"The list of marked images is damaged: {path}. Move it away to begin another."
        ) from error


def set_mark(folder: Path, file: str, mark: Mark | None) -> dict[str, Mark]:
    """Mark an image below `folder`, or take its mark away; returns all that are marked then.

    Raises:
        StudioError: the list cannot be read or written, or is full.
    """
    path = marks_file(folder)
    with writing_in(path.parent):
        marks = load_marks(folder)
        if mark is None:
            marks.pop(file, None)
        else:
            marks[file] = mark
        if len(marks) > MOST_MARKED:
            raise StudioError(f"At most {MOST_MARKED:,} images of a folder can be marked.")
        told = {"version": _VERSION, "folder": str(folder), "marks": marks}
        write_atomically(path, (json.dumps(told, indent=1) + "\n").encode(errors="replace"))
    return marks
