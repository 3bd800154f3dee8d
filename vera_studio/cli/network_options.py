"""Which network a subcommand is about: its options, written once, and opening it."""

import argparse
import contextlib
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from vera_studio.cli.terminal import Teller
from vera_studio.errors import AdapterError, ModelError, NotHereError
from vera_studio.recipe import ModelSettings

if TYPE_CHECKING:  # imports torch, which --help does without
    from vera_studio.adapters.adapter_file import AdapterInfo
    from vera_studio.models.model import Model

_DOWNLOADING = "Downloading the weights"


def network_options() -> argparse.ArgumentParser:
    """The options of every subcommand that opens a network, for `parents`."""
    parser = argparse.ArgumentParser(add_help=False)
    group = parser.add_argument_group("network")
    group.add_argument(
        "--model",
        default="",
        metavar="NAME",
        help="the network, as 'vera-studio networks' calls it, whose weights are downloaded if "
        "need be (default: the one that the adapter's file names, if its weights are here, else "
        "convnet)",
    )
    group.add_argument(
        "--weights", default="", metavar="FILE", help="your own weights for the network"
    )
    group.add_argument(
        "--class-names",
        nargs="+",
        metavar="CLASS",
        help="a name for each of the network's outputs, or of the adapter's where it has classes "
        "of its own, in their order (default: the names that are known; else 0, 1, 2 and so on)",
    )
    return parser


def open_network(options: argparse.Namespace, *adapters: Path) -> "Model":
    """Open the network that `options` or else one of the adapters names; tells how that goes.

    Raises:
        ModelError: it is unknown, its weights do not fit, or they are the user's own and were
            not given; or an adapter names it and its weights are not here.
        DownloadError: its weights did not come.
    """
    from vera_studio.exchange.reading import brings_classes
    from vera_studio.models.model import open_model

    teller, told = Teller(), False

    def report(done: int, total: int) -> None:
        nonlocal told
        if not told:
            teller.tell(f"{_DOWNLOADING} ...")
            told = True
        if total:
            teller.move(f"{done / total:6.1%}  {_DOWNLOADING}: {done / 1e6:,.0f} MB")

    infos = _infos(adapters)
    name = options.model or _network_of(infos, options.weights) or ModelSettings().name
    # Those of an adapter's own classes are not the network's.
    given = options.class_names and not any(map(brings_classes, adapters))
    names = tuple(options.class_names) if given else None
    settings = ModelSettings(name, options.weights, names)
    try:
        model = open_model(settings, report, may_download=bool(options.model))
    except NotHereError as error:
        raise ModelError(f"{error} To have them downloaded add --model {name}.") from error
    teller.clear()
    for note in model.notes:
        teller.tell(f"{model.weights}: {note}")
    return _with_names(model, infos)


def _infos(adapters: tuple[Path, ...]) -> "list[AdapterInfo]":
    """What the studio's own files among the adapters say of themselves."""
    from vera_studio.adapters import adapter_file
    from vera_studio.exchange.reading import find_place

    infos = []
    for path in adapters:
        with contextlib.suppress(AdapterError):  # told where the adapter itself is read
            place = find_place(path)
            infos += [] if place.is_peft else [adapter_file.inspect(place.path)]
    return infos


def _network_of(infos: "list[AdapterInfo]", weights: str) -> str:
    """The network that the first of the adapters names; empty where none does.

    Raises:
        ModelError: it was trained on a file of the user's, which is not given, and what would
            be downloaded instead is not that; or the studio has no such network.
    """
    from vera_studio.models.registry import find

    info = next((info for info in infos if info.network), None)
    if info is None:
        return ""
    kind, trained_on = find(info.network), info.training.network
    is_own = trained_on and trained_on != kind.pretrained_title
    if is_own and not weights and not kind.is_here:
        raise ModelError(
            f"{info.name or 'The adapter'} was trained on {trained_on}, weights of your own for "
            f"{kind.title}. Name that file with --weights."
        )
    return info.network


def _with_names(model: "Model", infos: "list[AdapterInfo]") -> "Model":
    """`model` with the names that an adapter has for its classes, where nobody told others."""
    numbers = tuple(map(str, range(len(model.class_names))))
    infos = [info for info in infos if not info.has_own_classes]
    named = [info.classes.names for info in infos if len(info.classes.names) == len(numbers)]
    if model.class_names != numbers or not named:
        return model
    return dataclasses.replace(model, class_names=named[0])
