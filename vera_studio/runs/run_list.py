"""All runs and comparisons in the folder of runs, as they stand; one that is damaged says so.

runs/<time>                     a run
runs/comparisons/<time>         a comparison, with a run folder for each of its runs; one may lie
                                among the runs as well, where it was put or had to go
"""

import dataclasses
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeVar

from vera_studio import recipe_file
from vera_studio.errors import Cancelled, ShouldStop, StudioError, never_stop
from vera_studio.files import is_regular
from vera_studio.recipe import DataSettings, Recipe
from vera_studio.runs.candidates import title as adapter_title
from vera_studio.runs.comparison_file import COMPARISON_FILE, load_comparison
from vera_studio.runs.comparison_results import Comparison
from vera_studio.runs.events import RunResult, RunSubject
from vera_studio.runs.run_curves import load_curves
from vera_studio.runs.run_folder import load_result
from vera_studio.runs.run_notes import RunNotes, load_notes
from vera_studio.runs.run_state import PROGRESS_FILE, STATE_FILE, is_going_on, state_of

COMPARISONS = "comparisons"
MOST_RUNS = 20_000  # that are listed, those of comparisons too
_MOST_FILES = 10_000  # in a run's folder, for its size
_DEPTH = 3  # folders in each other, likewise
_TIME = "%Y-%m-%d_%H-%M-%S"  # how `run_folder.new_run_folder` begins a name
_TIME_LENGTH = 19
_Entry = TypeVar("_Entry", "RunEntry", "ComparisonEntry")
State = Literal["finished", "stopped", "going on", "broken off", "failed", "damaged"]


@dataclass(frozen=True)
class RunEntry:
    """A run, as it stands."""

    folder: Path
    state: State
    begun: datetime  # local
    size: int  # bytes on disk
    notes: RunNotes = field(default_factory=RunNotes)
    subject: RunSubject = field(default_factory=RunSubject)
    result: RunResult | None = None  # once it has ended
    epochs_done: int = 0
    best_epoch: int = 0
    has_adapter: bool = False  # a best one, in a file
    can_continue: bool = False
    comparison: str = ""  # name of the folder of the comparison that it is part of
    problem: str = ""  # why nothing is known of it

    @property
    def title(self) -> str:
        """What the user calls it, or when it began."""
        return self.notes.name or self.folder.name


@dataclass(frozen=True)
class ComparisonEntry:
    """A comparison, as it stands."""

    folder: Path
    state: State
    begun: datetime  # local
    size: int  # bytes on disk
    runs: tuple[RunEntry, ...]
    notes: RunNotes = field(default_factory=RunNotes)
    comparison: Comparison | None = None  # None of one that an older version left
    problem: str = ""

    @property
    def title(self) -> str:
        """What the user calls it, or when it began."""
        return self.notes.name or self.folder.name


@dataclass(frozen=True)
class RunList:
    """What there is, the newest first."""

    runs: tuple[RunEntry, ...] = ()
    comparisons: tuple[ComparisonEntry, ...] = ()
    left_out: bool = False  # whether there are more than are listed


def read_runs(parent: Path, should_stop: ShouldStop = never_stop) -> RunList:
    """All runs and comparisons in `parent`; none where there is no such folder.

    Raises:
        Cancelled: `should_stop` said so.
    """
    folders = [one for one in _folders(parent) if one.name != COMPARISONS]
    compared = _folders(parent / COMPARISONS)
    compared += [one for one in folders if is_regular(one / COMPARISON_FILE)]
    left = itertools.count()

    def listed(folder: Path) -> bool:
        if should_stop():
            raise Cancelled
        return next(left) < MOST_RUNS

    runs = tuple(read_run(folder) for folder in folders if _is_run(folder) and listed(folder))
    comparisons = tuple(
        read_comparison(folder) for folder in compared if _is_comparison(folder) and listed(folder)
    )
    return RunList(_newest_first(runs), _newest_first(comparisons), next(left) > MOST_RUNS)


def read_run(folder: Path, comparison: str = "") -> RunEntry:
    """The run in `folder`, which has one; whatever cannot be read is left at its default."""
    names, size = _content(folder)
    entry = RunEntry(
        folder=folder,
        state="broken off",
        begun=_begun(folder, "recipe.toml"),
        size=size,
        notes=load_notes(folder),
        has_adapter="best.safetensors" in names,
        can_continue=PROGRESS_FILE in names,
        comparison=comparison,
    )
    state = state_of(folder) if STATE_FILE in names else None
    if state == "going on" and is_going_on(folder):
        return _under_way(entry, "going on")
    if "result.json" not in names:
        return _under_way(entry, "failed" if state == "failed" else "broken off")
    try:
        result = load_result(folder)
    except StudioError as error:
        return dataclasses.replace(entry, state="damaged", problem=str(error))
    if state in ("going on", "failed"):  # it went on after it had ended
        return _with_result(entry, result, "failed" if state == "failed" else "broken off")
    return _with_result(entry, result, "stopped" if result.stopped else "finished")


def read_comparison(folder: Path) -> ComparisonEntry:
    """The comparison in `folder`, with its runs in the order they went."""
    inner = sorted(_folders(folder))
    runs = tuple(read_run(one, folder.name) for one in inner if _is_run(one))
    _, size = _content(folder)
    entry = ComparisonEntry(
        folder=folder,
        state="broken off",
        begun=_begun(folder, COMPARISON_FILE),
        size=size + sum(run.size for run in runs),
        runs=runs,
        notes=load_notes(folder),
    )
    if is_going_on(folder):
        entry = dataclasses.replace(entry, state="going on")
    if not is_regular(folder / COMPARISON_FILE):
        text = "An earlier version left it: its tables are in the folder."
        return dataclasses.replace(entry, problem=text)
    try:
        comparison = load_comparison(folder)
    except StudioError as error:
        return dataclasses.replace(entry, state="damaged", problem=str(error))
    if entry.state == "broken off" and comparison.stopped:
        entry = dataclasses.replace(entry, state="stopped")
    elif entry.state == "broken off" and len(comparison.runs) == comparison.total:
        entry = dataclasses.replace(entry, state="finished")
    return dataclasses.replace(entry, comparison=comparison)


def recipe_of(folder: Path) -> Recipe:
    """What the run in `folder` was to be.

    Raises:
        StudioError: that cannot be read.
    """
    return recipe_file.load(folder / "recipe.toml")


def _with_result(entry: RunEntry, result: RunResult, state: State) -> RunEntry:
    return dataclasses.replace(
        entry,
        state=state,
        result=result,
        subject=result.subject,
        epochs_done=result.epochs_done,
        best_epoch=result.best_epoch,
    )


def _under_way(entry: RunEntry, state: State) -> RunEntry:
    """What the recipe and the table of epochs tell of a run that has not ended."""
    problem = ""
    try:
        subject = _subject_of(recipe_of(entry.folder), entry.folder)
    except StudioError as error:
        return dataclasses.replace(entry, state="damaged", problem=str(error))
    epochs = best = 0
    try:
        curves = load_curves(entry.folder)
        epochs, best = (curves.epochs or (0,))[-1], curves.best_epoch
    except StudioError as error:
        problem = str(error)
    return dataclasses.replace(
        entry, state=state, subject=subject, epochs_done=epochs, best_epoch=best, problem=problem
    )


def _subject_of(recipe: Recipe, folder: Path) -> RunSubject:
    settings = recipe.adapter
    return RunSubject(
        run=folder.name,
        network=recipe.model.name,
        weights=Path(recipe.model.weights).name or "pretrained",
        data=_data_title(recipe.data),
        method=settings.method,
        rank=settings.rank if settings.has_rank else None,
        adapter=adapter_title(settings),
    )


def _data_title(data: DataSettings) -> str:
    known = {"sample": "Built-in sample", "cifar10": "CIFAR-10"}
    return known.get(data.source) or f"Folder {Path(data.folder).name}"


def _folders(parent: Path) -> list[Path]:
    """The folders in `parent`, the last by name first; no links, which may lead in circles."""
    try:
        with os.scandir(parent) as found:
            some = itertools.islice(found, 2 * MOST_RUNS)
            return sorted((Path(f) for f in some if f.is_dir(follow_symlinks=False)), reverse=True)
    except (OSError, ValueError):
        return []


def _is_run(folder: Path) -> bool:
    return is_regular(folder / "recipe.toml") or is_regular(folder / "result.json")


def _is_comparison(folder: Path) -> bool:
    return is_regular(folder / COMPARISON_FILE) or any(map(_is_run, _folders(folder)))


def _content(folder: Path) -> tuple[set[str], int]:
    """Names of the files in a run's folder, and how many bytes they and those below have."""
    names: set[str] = set()
    size = 0
    for depth, entry in itertools.islice(_files(folder, 0), _MOST_FILES):
        if depth == 0:
            names.add(entry.name)
        try:
            size += entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue
    return names, size


def _files(folder: Path, depth: int) -> Iterator[tuple[int, "os.DirEntry[str]"]]:
    """The files in a folder and in those below, but for those that hold a run themselves."""
    try:
        with os.scandir(folder) as found:
            entries = list(itertools.islice(found, _MOST_FILES))
    except OSError:
        return
    for entry in entries:
        if not entry.is_dir(follow_symlinks=False):
            yield depth, entry
        elif depth < _DEPTH and not _is_run(Path(entry)):
            yield from _files(Path(entry), depth + 1)


def _begun(folder: Path, first_file: str) -> datetime:
    try:
        return datetime.strptime(folder.name[:_TIME_LENGTH], _TIME)
    except ValueError:
        pass
    for path in (folder / first_file, folder):
        try:
            return datetime.fromtimestamp(path.stat().st_mtime)
        except (OSError, ValueError, OverflowError):
            continue
    return datetime.min


def _newest_first(entries: tuple[_Entry, ...]) -> tuple[_Entry, ...]:
    return tuple(sorted(entries, key=lambda one: (one.begun, one.folder.name), reverse=True))
