"""The subcommands for the adapters that one has: list, import, combine, similarity, rename, …"""

import argparse
import json
import math
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from vera_studio import environment
from vera_studio.cli.network_options import network_options, open_network
from vera_studio.cli.subcommands import Subcommands
from vera_studio.cli.tables import aligned
from vera_studio.cli.terminal import show
from vera_studio.errors import StudioError
from vera_studio.files import check_folder
from vera_studio.methods import METHOD_FACTS
from vera_studio.wording import already_there, first_of

if TYPE_CHECKING:  # imports torch, which --help does without
    from vera_studio.adapters.adapter_file import AdapterFile
    from vera_studio.adapters.adapter_metadata import AdapterInfo
    from vera_studio.adapters.library import Entry, Library
    from vera_studio.models.model import Model

ADAPTER_HELP = "a file of the studio, a run folder, a PEFT folder, or a name in the library"
SUFFIX = ".safetensors"
_MOST_CLASSES = 8  # in a row of the list
_HEAD = ("name", "method", "rank", "classes", "targets", "others", "bytes", "added", "file")


def add_commands(commands: Subcommands) -> None:
    """Add the subcommands of this family."""
    parser = commands.add_parser("list", help="list the library of adapters, the newest first")
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    parser.set_defaults(command=_list)
    _add_import(commands)
    _add_combine(commands)
    _add_similarity(commands)
    _add_keeping(commands)


def find_adapter(name: str) -> Path:
    """The path of the adapter with that name in the library; without one, the path `name`.

    Raises:
        AdapterError: it is neither; lists the names that there are.
    """
    library = _library()
    if found := [entry.path for entry in library.contents().entries if entry.name == name]:
        return found[0]
    path = Path(name)
    try:
        is_path = bool(name) and path.exists()
    except (OSError, ValueError):  # too long, or no text that a path can be
        is_path = False
    looks_like_one = os.sep in name or path.suffix == SUFFIX
    return path if is_path or looks_like_one else library.find(name)


def check_name(name: str) -> None:
    """Refuse a name that `add_to_library` could not give, before there is an adapter.

    Raises:
        StudioError: the name is empty or too long, or the library cannot be written to.
    """
    from vera_studio.adapters.library_names import check_name

    check_name(name)
    check_folder(_library().folder)


def add_to_library(path: Path, name: str) -> str:
    """Add the adapter file at `path`; says and returns what it is called there."""
    from vera_studio.adapters import adapter_file

    return _add(adapter_file.load(path), name)


def _add_import(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "import", help="put an adapter into the library", parents=[network_options()]
    )
    parser.add_argument("adapter", metavar="ADAPTER", help=ADAPTER_HELP)
    parser.add_argument("--name", help="what to call it; left out, as the file or the folder")
    _add_out(parser)
    parser.set_defaults(command=_import)


def _add_combine(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "combine",
        help="make one adapter that acts as two with weights",
        parents=[network_options()],
    )
    for name in ("first", "second"):
        parser.add_argument(name, metavar=name.upper(), help=ADAPTER_HELP)
    parser.add_argument(
        "--mix",
        nargs=2,
        type=float,
        default=(1.0, 1.0),
        metavar=("W1", "W2"),
        help="factors of the two changes, such as 0.5 and -0.001 (default: 1 1)",
    )
    parser.add_argument("--name", help="what to call it in the library")
    _add_out(parser)
    parser.set_defaults(command=_combine)


def _add_similarity(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "similarity",
        help="the cosine of two adapters' weight changes, a layer each",
        parents=[network_options()],
    )
    for name in ("first", "second"):
        parser.add_argument(name, metavar=name.upper(), help=ADAPTER_HELP)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(command=_similarity)


def _add_keeping(commands: Subcommands) -> None:
    for name, words, value in (
        ("rename", "give an adapter in the library another name", "NAME"),
        ("annotate", "replace the notes on an adapter in the library", "NOTES"),
        ("delete", "take an adapter out of the library; 'restore' brings it back", ""),
        ("restore", "bring back what was deleted in the last 30 days", ""),
    ):
        parser = commands.add_parser(name, help=words)
        parser.add_argument("adapter", metavar="ADAPTER", help="its name in the library")
        if value:
            parser.add_argument("text", metavar=value)
        parser.set_defaults(command={"delete": _delete, "restore": _restore}.get(name, _edit))
        parser.set_defaults(is_name=name == "rename")


def _add_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write this file in place of adding to the library"
    )


def _list(options: argparse.Namespace) -> None:
    contents = _library().contents()
    if options.json:
        show(json.dumps([_as_json(entry) for entry in contents.entries]))
    elif contents.entries:
        rows = [_HEAD, *(_cells(entry) for entry in contents.entries)]
        show(*aligned(rows, left=(0, 1, 3, 7, 8)))
    elif not contents.problems:
        if not (folder := _library().folder).exists():
            check_folder(folder)
        show("The library is empty: train in the window, or import an adapter.")
    if contents.problems:
        raise StudioError(" ".join(contents.problems))


def _import(options: argparse.Namespace) -> None:
    from vera_studio.adapters.copies import with_adapter
    from vera_studio.exchange.reading import find_place, opened

    path = find_adapter(options.adapter)
    adapter, model = opened(path, open_network(options, path), options.class_names)
    with_adapter(adapter, model.network, model.class_names, model.digest)  # or it does not fit
    _keep(adapter, options, options.name or adapter.info.name or find_place(path).name)


def _combine(options: argparse.Namespace) -> None:
    from vera_studio.adapters.combination import combine

    model, first, second = _read_two(options)
    mix = (options.mix[0], options.mix[1])
    names = model.class_names
    combined = combine(first, second, mix, model.network, names, model.digest)
    names_of_two = [Path(name).stem for name in (options.first, options.second)]
    title = f"{mix[0]:g} {names_of_two[0]} + {mix[1]:g} {names_of_two[1]}"
    _keep(combined, options, options.name or title)


def _similarity(options: argparse.Namespace) -> None:
    from vera_studio.adapters.similarity import similarities

    model, first, second = _read_two(options)
    found = similarities(first, second, model.network, model.class_names, model.digest)
    if options.json:
        show(json.dumps({name: _or_none(value) for name, value in found.items()}))
        return
    rows = [(name, "-" if math.isnan(v) else f"{v:+.4f}") for name, v in found.items()]
    show(*aligned([("layer", "cosine"), *rows]))


def _edit(options: argparse.Namespace) -> None:
    library = _library()
    path = library.find(options.adapter)
    (library.rename if options.is_name else library.annotate)(path, options.text)
    show(f"{path}: {'renamed' if options.is_name else 'annotated'}.")


def _delete(options: argparse.Namespace) -> None:
    from vera_studio.adapters.library import DAYS_KEPT

    library = _library()
    library.delete(library.find(options.adapter))
    show(f"{options.adapter}: deleted. For {DAYS_KEPT} days 'restore' brings it back.")


def _restore(options: argparse.Namespace) -> None:
    library = _library()
    show(f"{library.restore(library.deleted().find(options.adapter))}: restored.")


def _keep(adapter: "AdapterFile", options: argparse.Namespace, name: str) -> None:
    """Write the file that was asked for, or add to the library; says what was done."""
    from vera_studio.adapters import adapter_file

    if options.out:
        adapter_file.write(options.out, adapter)
        show(f"{options.out}: written.")
        return
    _add(adapter, name)


def _add(adapter: "AdapterFile", name: str) -> str:
    entry, is_new = _library().keep(adapter, name, datetime.now().astimezone())
    told = f"in the library as {entry.name}." if is_new else already_there(entry.name)
    show(f"{entry.path}: {told}")
    return entry.name


def _library() -> "Library":
    from vera_studio.adapters.library import Library

    return Library(environment.library_folder())


def _read_two(options: argparse.Namespace) -> tuple["Model", "AdapterFile", "AdapterFile"]:
    """The network, and the two adapters that are to go on it."""
    from vera_studio.exchange.reading import opened

    paths = find_adapter(options.first), find_adapter(options.second)
    model, names = open_network(options, *paths), options.class_names
    (first, model), (second, _) = (opened(path, model, names) for path in paths)
    return model, first, second


def _cells(entry: "Entry") -> tuple[str, ...]:
    from vera_studio.adapters.gains import gains

    settings, found = entry.info.settings, gains(entry.info)
    return (
        entry.name,
        METHOD_FACTS[settings.method].title,
        str(settings.rank) if settings.has_rank else "",
        _classes(entry.info),
        _points(found.targets_before, found.targets_after) if found else "",
        _points(found.others_before, found.others_after) if found else "",
        f"{entry.bytes:,}",
        f"{entry.added:%Y-%m-%d %H:%M}",
        entry.path.name,
    )


def _as_json(entry: "Entry") -> dict[str, object]:
    from vera_studio.adapters.gains import gains, target_classes

    settings, found = entry.info.settings, gains(entry.info)
    return {
        "name": entry.name,
        "method": settings.method,
        "rank": settings.rank if settings.has_rank else None,
        "classes": target_classes(entry.info),
        "own_classes": entry.info.classes.names if entry.info.has_own_classes else None,
        "gains": {name: _or_none(value) for name, value in vars(found).items()} if found else None,
        "notes": entry.info.notes,
        "bytes": entry.bytes,
        "added": entry.added.isoformat(),
        "path": str(entry.path),
    }


def _classes(info: "AdapterInfo") -> str:
    from vera_studio.adapters.gains import is_for_all, target_classes

    told = is_for_all(info) and not info.has_own_classes  # whose names say what it is for
    return "all" if told else first_of(target_classes(info), _MOST_CLASSES)


def _points(before: float, after: float) -> str:
    return "" if math.isnan(after - before) else f"{100 * (after - before):+.1f}"


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
