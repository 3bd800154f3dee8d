"""What the user calls a run or a comparison, and has noted of it: notes.json in its folder."""

import json
from dataclasses import dataclass
from pathlib import Path

from vera_studio.errors import StudioError
from vera_studio.files import read_text, write_atomically
from vera_studio.runs.plain_values import from_plain, to_plain

NOTES_FILE = "notes.json"
MAX_NAME, MAX_NOTES = 200, 20_000  # characters
_VERSION = 1


@dataclass(frozen=True)
class RunNotes:
    """The user's own words on a run."""

    name: str = ""  # on one line; empty for the folder's name
    notes: str = ""


def load_notes(folder: Path) -> RunNotes:
    """The notes on the run in `folder`; none where there are none that can be read."""
    try:
        found = from_plain(RunNotes, json.loads(read_text(folder / NOTES_FILE)))
    except (OSError, ValueError, RecursionError):
        return RunNotes()
    return RunNotes(" ".join(found.name.split())[:MAX_NAME], found.notes[:MAX_NOTES])


def save_notes(folder: Path, notes: RunNotes) -> None:
    """Keep the notes on the run in `folder`.

    Raises:
        StudioError: they are too long, or the folder cannot be written to.
    """
    if len(notes.name) > MAX_NAME or len(notes.notes) > MAX_NOTES:
        raise StudioError(
            f"A run's name may have {MAX_NAME} characters and its notes {MAX_NOTES:,}."
        )
    text = json.dumps({"version": _VERSION, **to_plain(notes)}, indent=2, ensure_ascii=False)
    write_atomically(folder / NOTES_FILE, (text + "\n").encode(errors="backslashreplace"))
