"""A comparison as comparison.json in its folder, to be opened again as it was."""

import dataclasses
import json
from pathlib import Path

from vera_studio.errors import StudioError
from vera_studio.files import read_text, reason, write_atomically
from vera_studio.runs.comparison_results import MAX_SEEDS, Comparison
from vera_studio.runs.plain_values import from_plain, to_plain

COMPARISON_FILE = "comparison.json"
_VERSION = 1
_MOST_BYTES = 2**24
_MOST_CANDIDATES = 10_000


def save_comparison(comparison: Comparison) -> None:
    """Write how it stands into its folder.

    Raises:
        StudioError: it cannot be written.
    """
    write_atomically(comparison.folder / COMPARISON_FILE, to_bytes(comparison))


def to_bytes(comparison: Comparison) -> bytes:
    """The content of the file."""
    plain = to_plain(comparison) | {"version": _VERSION}
    del plain["folder"]
    for run in plain["runs"]:
        run["folder"] = Path(run["folder"]).name  # the whole may be moved
    text = json.dumps(plain, indent=1, ensure_ascii=False) + "\n"
    return text.encode(errors="backslashreplace")


def load_comparison(folder: Path) -> Comparison:
    """Read what `save_comparison` wrote.

    Raises:
        StudioError: the folder holds none, or a damaged one.
    """
    path = folder / COMPARISON_FILE
    try:
        plain = json.loads(read_text(path, _MOST_BYTES))
        found = from_plain(Comparison, {**plain, "folder": str(folder)})
        _check(found)
    except OSError as error:
        raise StudioError(f"Cannot read {path}: {reason(error)}.") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise StudioError(f"{path} is damaged: {error}.") from error
    runs = tuple(dataclasses.replace(run, folder=folder / run.folder.name) for run in found.runs)
    return dataclasses.replace(found, folder=folder, runs=runs)


def _check(found: Comparison) -> None:
    """Raise a ValueError for what cannot be."""
    if not (1 <= found.seeds <= MAX_SEEDS and 1 <= len(found.candidates) <= _MOST_CANDIDATES):
        raise ValueError("as many methods or seeds cannot be")
    if not all(0 <= run.candidate < len(found.candidates) for run in found.runs):
        raise ValueError("a run is of none of the methods")
    if any(run.folder.name in ("", "..") for run in found.runs):
        raise ValueError("a run has no folder")
