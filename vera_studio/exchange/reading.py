"""The one way in for the window and the command line: the studio's own file or a PEFT folder."""

import dataclasses
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vera_studio.adapters import adapter_file
from vera_studio.adapters.adapter_file import AdapterFile
from vera_studio.adapters.classes import Classes
from vera_studio.errors import AdapterError
from vera_studio.exchange.peft_config import read_config
from vera_studio.exchange.peft_import import import_peft
from vera_studio.exchange.peft_names import CONFIG_FILE, TENSORS_FILE
from vera_studio.files import is_folder, is_regular, reason
from vera_studio.models.model import Model
from vera_studio.models.own_classes import for_adapter
from vera_studio.recipe import class_names_problem
from vera_studio.wording import first_of

_RUN_FILES = ("recipe.toml", "best.safetensors")  # of a run folder
_DEEPEST = 2  # folders below the given one that are looked into
_MOST_FOLDERS = 200  # that are looked at


@dataclass(frozen=True)
class Place:
    """Where an adapter is."""

    path: Path  # of the studio's own file, or of PEFT's folder
    is_peft: bool
    name: str  # to call the adapter by, where it has no name of its own


def opened(
    path: Path, model: Model, class_names: Sequence[str] | None = None
) -> tuple[AdapterFile, Model]:
    """An adapter, and the model that it goes on: with its own classes, or the network's.

    Args:
        path: as `find_place` takes it.
        model: as `read_adapter` takes it.
        class_names: what its own classes are called, if it has some; None for what it says, which
            of a PEFT folder may be numbers.

    Raises:
        AdapterError: as `read_adapter`, or there is not a name for each class.
    """
    adapter = read_adapter(path, model)
    if class_names and adapter.info.has_own_classes:
        adapter = _renamed(adapter, class_names)
    return adapter, for_adapter(model, adapter.info)


def brings_classes(path: Path) -> bool:
    """Whether the adapter at `path` seems to have classes of its own; a quick look, no error."""
    try:
        place = find_place(path)
        if place.is_peft:
            return bool(read_config(place.path).saved)
        return adapter_file.inspect(place.path).has_own_classes
    except AdapterError:  # told where the adapter itself is read
        return False


def read_adapter(path: Path, model: Model) -> AdapterFile:
    """Read an adapter, whoever wrote it.

    Args:
        path: as `find_place` takes it.
        model: what a PEFT folder, which does not say what it was trained on, is taken to be
            for, with any classes. Whether a file of the studio is for it shows where the adapter
            is put on.

    Raises:
        AdapterError: it is neither, is damaged, or cannot be had in the studio; gives the
            reason.
    """
    place = find_place(path)
    if place.is_peft:
        known = model.original
        names, digest = known.class_names, known.digest
        return import_peft(place.path, known.network, names, known.kind.name, digest)
    return adapter_file.load(place.path)


def find_place(path: Path) -> Place:
    """Where the adapter is that `path` stands for.

    Args:
        path: a file of the studio, a PEFT folder, one of the two files in one, a run folder,
            or a folder around just one of these.

    Raises:
        AdapterError: it is a folder around none or several; names these.
    """
    if not is_folder(path):
        in_peft = path.name in (CONFIG_FILE, TENSORS_FILE)
        in_peft = in_peft and is_regular(path.parent / CONFIG_FILE)
        return _peft(path.parent) if in_peft else Place(path, False, path.stem)
    if place := _place_of(path):
        return place
    try:
        os.scandir(path).close()
    except OSError as error:
        raise AdapterError(f"{path.name or path} cannot be read: {reason(error)}.") from error
    for depth in range(1, _DEEPEST + 1):
        found = [place for inner in _folders(path, depth) if (place := _place_of(inner))]
        if len(found) > 1:
            folders = [place.path if place.is_peft else place.path.parent for place in found]
            names = first_of([str(folder.relative_to(path)) for folder in folders], 10)
            raise AdapterError(
                f"{path.name or path} holds several adapters: {names}. Choose one of these folders."
            )
        if found:
            return found[0]
    raise AdapterError(
        f"{path.name or path} is no adapter: there is neither PEFT's {CONFIG_FILE} nor a run of "
        "the studio in it."
    )


def holds_adapter(path: Path) -> bool:
    """Whether `path` is a folder of PEFT's or of a run, or lies in one of PEFT's; a quick look."""
    if is_folder(path):
        return _place_of(path) is not None
    return find_place(path).is_peft


def _renamed(adapter: AdapterFile, class_names: Sequence[str]) -> AdapterFile:
    """The adapter with other names for its own classes."""
    count = adapter.info.classes.count
    if problem := class_names_problem(class_names):
        raise AdapterError(problem)
    if len(class_names) != count:
        raise AdapterError(
            f"The adapter has {count:,} classes of its own; the names given for them are "
            f"{len(class_names):,}."
        )
    classes = Classes.of(class_names, are_all_told=True)
    return dataclasses.replace(adapter, info=dataclasses.replace(adapter.info, classes=classes))


def _place_of(folder: Path) -> Place | None:
    if is_regular(folder / CONFIG_FILE):
        return _peft(folder)
    if all(is_regular(folder / name) for name in _RUN_FILES):
        return Place(folder / _RUN_FILES[1], False, _name_of(folder))
    return None


def _peft(folder: Path) -> Place:
    return Place(folder, True, _name_of(folder))


def _name_of(folder: Path) -> str:
    return folder.absolute().name or "adapter"  # for a folder may be given as "."


def _folders(folder: Path, depth: int) -> Iterator[Path]:
    """The folders that are `depth` levels below `folder`, by name; the first few hundred."""
    if depth == 0:
        yield folder
        return
    try:
        with os.scandir(folder) as entries:
            inner = [Path(entry.path) for entry in entries if entry.is_dir()]
    except OSError:  # it may not be entered: nothing of ours is in it
        inner = []
    for one in sorted(inner)[:_MOST_FOLDERS]:
        yield from _folders(one, depth - 1)
