"""The subcommand that puts an adapter to use: predict."""

import argparse
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from vera_studio.cli.evaluation import DEVICES, tell_skipped
from vera_studio.cli.library import ADAPTER_HELP, find_adapter
from vera_studio.cli.network_options import network_options, open_network
from vera_studio.cli.subcommands import Subcommands
from vera_studio.cli.tables import aligned
from vera_studio.cli.terminal import Teller, show, tell
from vera_studio.errors import DataError, StudioError
from vera_studio.files import check_file, check_folder
from vera_studio.runs.comparison_tables import Row
from vera_studio.runs.growing_table import GrowingTable, growing_table
from vera_studio.runs.sorted_copies import UNSURE, SortedCopies, folder_names

if TYPE_CHECKING:  # imports torch, which --help and --version do without
    from vera_studio.models.model import Model
    from vera_studio.training.classification import Classified


def add_commands(commands: Subcommands) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "predict",
        help="say what is on the pictures in a folder, with an adapter",
        parents=[network_options()],
    )
    parser.add_argument("adapter", metavar="ADAPTER", help=ADAPTER_HELP)
    parser.add_argument(
        "folder", type=Path, metavar="FOLDER", help="of pictures, which may be in subfolders"
    )
    parser.add_argument(
        "--csv",
        type=Path,
        metavar="FILE",
        help="write a row a picture: file, class, share, second, second_share and so on, unsure",
    )
    parser.add_argument(
        "--copy-to",
        type=Path,
        metavar="FOLDER",
        help=f"copy each picture into a subfolder of its class, or '{UNSURE}' below the threshold",
    )
    parser.add_argument(
        "--threshold",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="from 0 to 1: with less than that of the network's certainty a picture is unsure",
    )
    parser.add_argument("--device", choices=DEVICES, default="auto")
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    parser.set_defaults(command=_predict)


def _predict(options: argparse.Namespace) -> None:
    if not 0 <= options.threshold <= 1:
        raise StudioError(f"--threshold must be from 0 to 1, not {options.threshold:g}.")
    if options.csv:
        check_file(options.csv)  # now, not when all is computed
    if options.copy_to:
        check_folder(options.copy_to)
        if options.copy_to.resolve().is_relative_to(options.folder.resolve()):
            raise StudioError("--copy-to must not lie in the folder of pictures.")
    from vera_studio.training.classification import find_pictures

    files = find_pictures(options.folder)
    model = _opened(options)
    rows: list[Row] = []
    table: GrowingTable | None = None
    count = unsure = 0
    try:
        with contextlib.ExitStack() as open_table:
            table = open_table.enter_context(growing_table(options.csv)) if options.csv else None
            for row in _rows(options, model, files):
                if table:
                    table.add(row)
                if options.json or not table:  # of 100,000 pictures they take memory
                    rows.append(row)
                count += 1
                unsure += bool(row["unsure"])
            if not count:
                raise DataError(f"{options.folder} holds no picture that can be read.")
    except (KeyboardInterrupt, StudioError) as error:
        is_written = table is not None and table.is_written
        if is_written or isinstance(error, KeyboardInterrupt):
            where = f" They are in {options.csv}." if is_written else ""
            tell(f"Broken off. {_summary(count, unsure)}{where}")
        raise
    if options.json:
        show(json.dumps(rows))
    elif not options.csv:
        head = ("file", "class", "share", "")
        show(*aligned([head, *map(_cells, rows)], left=(0, 1, 3)))
    tell(_summary(count, unsure))


def _rows(options: argparse.Namespace, model: "Model", files: list[Path]) -> Iterator[Row]:
    """A row for each picture, which is copied where that is asked for, as it comes."""
    from vera_studio.data.store import SkippedFile
    from vera_studio.runs.predictions import told_row

    folders, copies = folder_names(model.class_names), SortedCopies()
    skipped = []
    for one in _classified(options, model, files):
        name = str(one.file.relative_to(options.folder))
        if one.unreadable:
            skipped.append(SkippedFile(name, one.unreadable.kind, one.unreadable.detail))
            continue
        (best, share), *_ = one.told
        is_unsure = share < options.threshold
        if options.copy_to:
            copies.copy(one.file, options.copy_to / (UNSURE if is_unsure else folders[best]))
        yield {"file": name} | told_row(model.class_names, one.told) | {"unsure": is_unsure}
    tell_skipped(skipped)


def _opened(options: argparse.Namespace) -> "Model":
    from vera_studio.adapters import adapter_file
    from vera_studio.exchange.reading import opened
    from vera_studio.training.devices import choose_device

    path = find_adapter(options.adapter)
    model = open_network(options, path)
    adapter, model = opened(path, model, options.class_names)
    adapter_file.apply(adapter, model.network, model.class_names, model.digest)
    model.network.to(choose_device(options.device).device)
    return model


def _classified(
    options: argparse.Namespace, model: "Model", files: list[Path]
) -> "Iterator[Classified]":
    from vera_studio.training.classification import classify
    from vera_studio.training.inputs import device_of
    from vera_studio.training.memory import device_failures_told

    teller = Teller()

    def report(done: int, total: int) -> None:
        teller.move(f"{done / total:6.1%}  Looking at {total:,} files")

    with device_failures_told(device_of(model.network)):
        yield from classify(model, files, report)
    teller.clear()


def _cells(row: Row) -> tuple[str, ...]:
    unsure = "unsure" if row["unsure"] else ""
    return str(row["file"]), str(row["class"]), f"{float(str(row['share'])):.1%}", unsure


def _summary(count: int, unsure: int) -> str:
    pictures = "1 picture" if count == 1 else f"{count:,} pictures"
    return f"{pictures}, {unsure:,} of them unsure." if unsure else f"{pictures}."
