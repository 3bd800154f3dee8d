"""Runs that wait for their turn, and how those that had it ended: a file that outlives a program.

A JSON object with `version`, `is_held` and `entries`, a list of objects like `QueueEntry`; the
recipe of each is TOML, as a file of recipes has it. Nothing in it is believed.
"""

import dataclasses
import json
import math
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from vera_studio import recipe_file
from vera_studio.errors import RecipeError, StudioError
from vera_studio.files import is_regular, read_text, reason, write_atomically
from vera_studio.recipe import Recipe, problems

_VERSION = 1
_MOST_BYTES = 32 * 2**20
MOST_WAITING = 500  # entries
MOST_ENDED = 200  # that are kept; the oldest go first
_MOST_FIGURE = 1e12  # a whole number may be too long to be a float
_MOST_CHARACTERS = 500  # of a title, a name or an outcome
EntryState = Literal["waiting", "held", "going", "finished", "stopped", "failed"]
_ENDED = ("finished", "stopped", "failed")


@dataclass(frozen=True)
class QueueEntry:
    """A run that waits, goes on or has ended."""

    title: str  # for a person
    recipe: Recipe
    name: str  # that no other has
    state: EntryState = "waiting"
    run: str = ""  # name of its folder among the runs, once it has begun
    outcome: str = ""  # how it ended, a sentence or two
    # Shares of the test images, 0 to 1; NaN where that is not known.
    before: float = math.nan
    after: float = math.nan
    seconds: float = math.nan

    @property
    def is_waiting(self) -> bool:
        """Whether its turn is still to come, be it that it is held."""
        return self.state in ("waiting", "held")

    @property
    def has_ended(self) -> bool:
        """Whether it had its turn."""
        return self.state in _ENDED


@dataclass(frozen=True)
class Queue:
    """All entries, in the order in which they have their turn."""

    entries: tuple[QueueEntry, ...] = ()
    is_held: bool = False  # whether none is to be begun

    @property
    def next(self) -> QueueEntry | None:
        """The one that is to be begun next, whether the queue is held or not."""
        return next((one for one in self.entries if one.state == "waiting"), None)

    def entry(self, name: str) -> QueueEntry | None:
        """The one that is called so."""
        return next((one for one in self.entries if one.name == name), None)

    def with_added(self, titled: Sequence[tuple[str, Recipe]]) -> "Queue":
        """With more that wait, at the end.

        Raises:
            StudioError: those would be too many.
        """
        waiting = sum(one.is_waiting for one in self.entries)
        if waiting + len(titled) > MOST_WAITING:
            raise StudioError(
                f"The queue holds at most {MOST_WAITING:,} runs that wait; there are {waiting:,}, "
                f"and {len(titled):,} more would be too many."
            )
        new = [QueueEntry(_cut(t), recipe, secrets.token_hex(8)) for t, recipe in titled]
        return self._with((*self.entries, *new))

    def with_change(self, names: Sequence[str], **changes: Any) -> "Queue":
        """With other values in the entries that are called so."""
        chosen = set(names)
        return self._with(
            dataclasses.replace(one, **changes) if one.name in chosen else one
            for one in self.entries
        )

    def without(self, names: Sequence[str]) -> "Queue":
        """Without those that are called so, but for one that goes on."""
        chosen = set(names)
        return self._with(
            one for one in self.entries if one.name not in chosen or one.state == "going"
        )

    def with_order(self, names: Sequence[str]) -> "Queue":
        """With those that wait in the order of `names`; any that are not named come after."""
        place = {name: number for number, name in enumerate(names)}
        waiting = sorted(
            (one for one in self.entries if one.is_waiting),
            key=lambda one: place.get(one.name, len(place)),
        )
        return self._with([*(one for one in self.entries if not one.is_waiting), *waiting])

    def _with(self, entries: Any) -> "Queue":
        """With these entries: those that have ended first, of which the oldest go."""
        kept = tuple(entries)
        ended = [one for one in kept if one.has_ended][-MOST_ENDED:]
        going = [one for one in kept if one.state == "going"]
        waiting = [one for one in kept if one.is_waiting]
        return dataclasses.replace(self, entries=(*ended, *going, *waiting))


def save(queue: Queue, path: Path) -> None:
    """Write `queue`.

    Raises:
        StudioError: it cannot be written, or would be too large to be read again; what was there
            before is whole.
    """
    entries = [_to_json(one) for one in queue.entries]
    values = {"version": _VERSION, "is_held": queue.is_held, "entries": entries}
    text = json.dumps(values, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    content = text.encode(errors="backslashreplace")
    if len(content) > _MOST_BYTES:
        raise StudioError(
            f"The queue would take {len(content):,} bytes, more than the {_MOST_BYTES:,} that can "
            "be read again. Take some runs out of it."
        )
    write_atomically(path, content)


def load(path: Path) -> Queue:
    """Read what `save` wrote; a queue without entries where there is no such file.

    An entry that went on when the program ended waits again, as the next one.

    Raises:
        StudioError: it is damaged, or was written by a newer version.
    """
    if not os.path.lexists(path):
        return Queue()
    try:
        values = json.loads(read_text(path, _MOST_BYTES))
        if values["version"] != _VERSION:
            raise StudioError(f"{path} was written by another version of the studio.")
        entries = tuple(_entry(one) for one in values["entries"])
        if len({one.name for one in entries}) < len(entries):
            raise ValueError("two entries of one name")
        if sum(one.is_waiting for one in entries) > MOST_WAITING:
            raise ValueError("too many entries")
        return Queue(is_held=bool(values["is_held"]))._with(entries)
    except OSError as error:
        raise StudioError(f"Cannot read {path}: {reason(error)}.") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StudioError(f"{path} is damaged: {_cut(str(error))}.") from error


def put_aside(path: Path) -> Path:
    """Give a file that cannot be read another name, so that it is not written over.

    Raises:
        StudioError: that cannot be done.
    """
    names = [path.with_name(f"{path.stem}-damaged{number or ''}.json") for number in range(100)]
    try:
        free = next((one for one in names if not is_regular(one)), names[-1])
        path.replace(free)
    except OSError as error:
        raise StudioError(f"Cannot rename {path}: {reason(error)}.") from error
    return free


def _to_json(entry: QueueEntry) -> dict[str, Any]:
    values = {one.name: getattr(entry, one.name) for one in dataclasses.fields(entry)}
    figures = {name: values[name] for name in _FIGURES if math.isfinite(values[name])}
    for name in _FIGURES:
        del values[name]
    return values | figures | {"recipe": recipe_file.to_toml(entry.recipe)}


def _entry(values: dict[str, Any]) -> QueueEntry:
    """An entry, of which every value is checked.

    Raises:
        ValueError: one cannot be right.
    """
    state, run = values["state"], _text(values["run"])
    if state not in get_args(EntryState):
        raise ValueError("a state that is none")
    if run != Path(run).name or run in (".", "..") or "\\" in run or "\0" in run:
        raise ValueError("the folder of a run that is none")
    return QueueEntry(
        title=_text(values["title"]),
        recipe=_recipe(values["recipe"]),
        name=_text(values["name"]),
        state="waiting" if state == "going" else state,
        run=run,
        outcome=_text(values["outcome"]),
        **{name: _figure(values.get(name)) for name in _FIGURES},
    )


def _recipe(text: Any) -> Recipe:
    try:
        recipe = recipe_file.from_toml(_text(text, recipe_file.MAX_BYTES))
    except RecipeError as error:
        raise ValueError(str(error)) from error
    if found := problems(recipe):
        raise ValueError(found[0])
    return recipe


def _figure(value: Any) -> float:
    """A figure, or NaN where there is none.

    Raises:
        ValueError: it cannot be one.
    """
    if value is None:
        return math.nan
    if type(value) not in (int, float) or abs(value) > _MOST_FIGURE:
        raise ValueError("a figure that is none")
    return float(value)


def _text(value: Any, most: int = _MOST_CHARACTERS) -> str:
    if not isinstance(value, str) or len(value) > most:
        raise ValueError("a text that is none, or too long")
    return value


def _cut(text: str) -> str:
    return text if len(text) < _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"


_FIGURES = ("before", "after", "seconds")
