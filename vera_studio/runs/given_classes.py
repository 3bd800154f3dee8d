"""The classes that a person gave pictures, kept from one start to the next.

The pictures' folder is never written to: each has a file among the studio's own data, named by a
digest of where the folder is.
"""

import json
import logging
from collections.abc import Mapping
from pathlib import Path

from vera_studio import environment
from vera_studio.files import file_about, read_text, write_atomically

_log = logging.getLogger(__name__)
_MOST_BYTES = 2**26  # some 500,000 pictures


def given_file(folder: Path) -> Path:
    """Where what was said of the pictures in `folder` is kept."""
    return file_about(folder, environment.classified_folder())


def load_given(folder: Path) -> dict[str, str]:
    """Classes by files below `folder`; none where nothing that can be read is kept."""
    return read_given(given_file(folder))


def read_given(path: Path) -> dict[str, str]:
    """What the file `path` says, as `load_given`."""
    try:
        content = json.loads(read_text(path, _MOST_BYTES))
        given = content["given"]
        if not all(isinstance(one, str) for pair in given.items() for one in pair):
            raise TypeError("something in it is no text")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        _log.warning("%s is damaged: %s", path, error)
        return {}
    return dict(given)


def save_given(folder: Path, given: Mapping[str, str]) -> None:
    """Keep classes by files below `folder`; of none no file is begun.

    Raises:
        StudioError: it cannot be written.
    """
    path = given_file(folder)
    if not given and not path.exists():
        return
    text = json.dumps({"folder": str(folder), "given": dict(given)}, indent=0)
    write_atomically(path, text.encode())
