"""What the window remembers from one start to the next, in a small JSON file.

Read by code that can yield texts, whole numbers and bytes only. Qt's own QSettings would not
do: PySide6 unpickles what an INI file holds as a Python object, and a file can have a pickle
run a program.
"""

import base64
import binascii
import json
import logging
from collections.abc import Sequence
from pathlib import Path

from vera_studio import files
from vera_studio.errors import StudioError

_log = logging.getLogger(__name__)
_MOST_TEXTS = 1000  # in one list

Value = str | int | list[str]


class Settings:
    """Values by name; a file that is damaged or foreign counts as empty, and the log says so."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values = _read(path)

    def text(self, name: str, default: str = "") -> str:
        """A text; `default` where there is none."""
        value = self._values.get(name)
        return value if isinstance(value, str) else default

    def texts(self, name: str) -> list[str]:
        """A list of texts; empty where there is none."""
        value = self._values.get(name)
        return list(value) if isinstance(value, list) else []

    def data(self, name: str) -> bytes:
        """Bytes; empty where there are none."""
        try:
            return base64.b64decode(self.text(name), validate=True)
        except (binascii.Error, ValueError):
            return b""

    def keep(self, **values: str | int | bytes | Sequence[str]) -> None:
        """Remember `values`, and write the file if one of them is another than before.

        A file that cannot be written is told to the log; the window goes on without.
        """
        new = self._values | {name: _as_json(value) for name, value in values.items()}
        if new == self._values:
            return
        self._values = new
        try:
            # What is not Unicode (a name of a file may have it) is written as it is escaped.
            files.write_atomically(self._path, json.dumps(new, indent=1).encode("ascii"))
        except StudioError as error:
            _log.warning("Settings are not kept: %s", error)


def _read(path: Path) -> dict[str, Value]:
    try:
        found = json.loads(files.read_text(path))
    except FileNotFoundError:
        return {}
    # Deeply nested lists end in a RecursionError, numbers of thousands of digits in a ValueError.
    except (OSError, ValueError, RecursionError) as error:
        _log.warning("Settings cannot be read, the defaults are taken: %s: %s", path, error)
        return {}
    if not isinstance(found, dict):
        _log.warning("Settings are of a foreign kind, the defaults are taken: %s", path)
        return {}
    known = {str(name): value for name, value in found.items() if _is_value(value)}
    if len(known) < len(found):
        _log.warning("Settings of a foreign kind are passed over: %s", path)
    return known


def _is_value(value: object) -> bool:
    if isinstance(value, list):
        return len(value) <= _MOST_TEXTS and all(isinstance(one, str) for one in value)
    return isinstance(value, str | int)


def _as_json(value: str | int | bytes | Sequence[str]) -> Value:
    match value:
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case str() | int():
            return value
        case _:
            return list(value)
