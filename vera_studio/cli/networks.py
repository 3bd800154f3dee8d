"""The subcommand that lists the networks there are: networks."""

import argparse
import json
from typing import TYPE_CHECKING

from vera_studio.cli.subcommands import Subcommands
from vera_studio.cli.tables import aligned
from vera_studio.cli.terminal import show
from vera_studio.errors import ModelError

if TYPE_CHECKING:  # imports torch, which --help does without
    from vera_studio.models.kind import NetworkKind

_HEAD = ("name", "network", "parameters", "ImageNet", "pixels", "GFLOPs", "download", "here")
_NOTHING = "-"


def add_commands(commands: Subcommands) -> None:
    """Add the subcommands of this family."""
    parser = commands.add_parser(
        "networks",
        help="list the networks that adapters can go on",
        description="The networks by name, with their parameters, the share of ImageNet's "
        "validation images that they have right at the first guess, the pixels of their images, "
        "billions of multiplications and additions an image, the size of the download, and "
        "whether their weights are on this machine already.",
    )
    parser.add_argument(
        "filter", nargs="*", metavar="TEXT", help="only those with all of these in the name"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    parser.set_defaults(command=_list)


def _list(options: argparse.Namespace) -> None:
    from vera_studio.models.registry import every

    words = [word.casefold() for word in options.filter]
    kinds = [kind for kind in every().values() if all(word in _text(kind) for word in words)]
    if options.json:
        show(json.dumps([_as_json(kind) for kind in kinds]))
    elif kinds:
        show(*aligned([_HEAD, *map(_cells, kinds)], left=(0, 1, 7)))
    else:
        raise ModelError(
            f"There is no network with {' and '.join(options.filter)} in its name. "
            "'vera-studio networks' lists all."
        )


def _text(kind: "NetworkKind") -> str:
    """What a filter is looked for in."""
    return f"{kind.name} {kind.title}".casefold()


def _cells(kind: "NetworkKind") -> tuple[str, ...]:
    return (
        kind.name,
        kind.title,
        f"{kind.parameters:,}",
        _NOTHING if kind.accuracy is None else f"{kind.accuracy:.1%}",
        str(kind.preprocessing.size),
        _NOTHING if kind.gflops is None else f"{kind.gflops:,.2f}",
        f"{kind.download_megabytes:,.0f} MB" if kind.url else "none",
        "yes" if kind.is_here else "",
    )


def _as_json(kind: "NetworkKind") -> dict[str, object]:
    return {
        "name": kind.name,
        "title": kind.title,
        "parameters": kind.parameters,
        "imagenet_accuracy": None if kind.accuracy is None else round(kind.accuracy, 5),
        "pixels": kind.preprocessing.size,
        "gflops": kind.gflops,
        "download_megabytes": kind.download_megabytes,
        "here": kind.is_here,
        "classes": len(kind.class_names),
    }
