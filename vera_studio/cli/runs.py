"""The subcommands that train and measure: train, evaluate, pretrain."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vera_studio import recipe, recipe_file
from vera_studio.cli.interrupt import StopOnSignal
from vera_studio.cli.library import (
    ADAPTER_HELP,
    add_to_library,
    check_name,
    find_adapter,
    open_model,
)
from vera_studio.cli.progress import ProgressLine
from vera_studio.cli.subcommands import Subcommands
from vera_studio.cli.tables import accuracy_table, as_json, gains
from vera_studio.cli.terminal import show, tell
from vera_studio.errors import StudioError
from vera_studio.files import check_file
from vera_studio.recipe import ModelSettings
from vera_studio.runs.events import RunResult
from vera_studio.runs.run_folder import name_adapter

if TYPE_CHECKING:  # imports torch, which --help and --version do without
    from vera_studio.data.store import ImageSet

_DEVICES = ("auto", "cuda", "mps", "cpu")


def add_commands(commands: Subcommands) -> None:
    """Add the subcommands of this family."""
    _add_train(commands)
    _add_evaluate(commands)
    _add_pretrain(commands)


def _add_train(commands: Subcommands) -> None:
    parser = commands.add_parser("train", help="fine-tune an adapter as a recipe says")
    parser.add_argument("recipe", type=Path, metavar="RECIPE.toml")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="the run folder to write"
    )
    parser.add_argument("--name", help="add the best adapter to the library under this name")
    parser.set_defaults(command=_train)


def _add_evaluate(commands: Subcommands) -> None:
    parser = commands.add_parser("evaluate", help="measure an adapter's accuracy")
    parser.add_argument("adapter", metavar="ADAPTER", help=ADAPTER_HELP)
    parser.add_argument(
        "--data",
        required=True,
        metavar="FOLDER",
        help="a folder of images, one subfolder a class; or 'cifar10' or 'sample'. "
        "The test images are used; a folder without a 'test' subfolder is used whole",
    )
    parser.add_argument("--weights", default="", metavar="FILE", help="your own base weights")
    parser.add_argument("--device", choices=_DEVICES, default="auto")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(command=_evaluate)


def _add_pretrain(commands: Subcommands) -> None:
    parser = commands.add_parser("pretrain", help="train the base weights from nothing")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.safetensors")
    parser.add_argument(
        "--data", default="cifar10", metavar="FOLDER", help="a folder of images; or 'cifar10'"
    )
    parser.add_argument("--epochs", type=int, default=90)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", choices=_DEVICES, default="auto")
    parser.set_defaults(command=_pretrain)


def _train(options: argparse.Namespace) -> None:
    from vera_studio.training.loop import train

    if options.name is not None:
        check_name(options.name)
    stop = StopOnSignal("what was trained so far is kept.")
    with stop:
        result = train(recipe_file.load(options.recipe), options.out, ProgressLine(), stop.asked)
        show(*gains(result), f"Run folder: {result.folder}")
        if options.name is not None:
            _name_best(result, options.name)


def _name_best(result: RunResult, name: str) -> None:
    if not result.improved:
        raise StudioError("Nothing was added to the library: there is no best adapter.")
    name_adapter(result, add_to_library(result.best_adapter, name))


def _evaluate(options: argparse.Namespace) -> None:
    from vera_studio.adapters import adapter_file
    from vera_studio.exchange.reading import read_adapter
    from vera_studio.training.devices import choose_device
    from vera_studio.training.evaluation import evaluate

    model = open_model(options.weights)
    adapter = read_adapter(find_adapter(options.adapter), model)
    adapter_file.apply(adapter, model.network, model.kind.class_names)
    model.network.to(choose_device(options.device).device)
    images, part = _test_images(options.data, model.kind.class_names, model.kind.image_size)
    result = evaluate(model.network, model.kind, images)
    if options.json:
        show(json.dumps(as_json(result, model.kind.class_names)))
        return
    show(f"{part}: {len(images):,} images")
    show(*accuracy_table(result, model.kind.class_names))


def _pretrain(options: argparse.Namespace) -> None:
    from vera_studio.data.open_data import open_data
    from vera_studio.models.registry import find
    from vera_studio.training.pretrain import PretrainSettings, pretrain

    check_file(options.out)
    kind = find(ModelSettings().name)
    data = open_data(_data_settings(options.data), kind.class_names, kind.image_size)

    def report(epoch: int, loss: float, seconds: float) -> None:
        tell(f"epoch {epoch}/{options.epochs}  loss {loss:.4f}  {seconds:.1f} s")

    if not 0 <= options.seed <= recipe.MAX_SEED:
        raise StudioError(f"--seed must be from 0 to {recipe.MAX_SEED:,}, not {options.seed:,}.")
    settings = PretrainSettings(epochs=options.epochs, seed=options.seed)
    result = pretrain(kind, data, options.out, settings, options.device, report)
    show(*accuracy_table(result, kind.class_names))


def _data_settings(name: str) -> recipe.DataSettings:
    if name == "cifar10":
        return recipe.DataSettings(source="cifar10")
    if name == "sample":
        return recipe.DataSettings(source="sample")
    return recipe.DataSettings(source="folder", folder=name)


def _test_images(name: str, class_names: Sequence[str], image_size: int) -> "tuple[ImageSet, str]":
    """The images to measure on, and in words which they are."""
    from vera_studio.data.folder import open_images
    from vera_studio.data.open_data import open_data

    settings = _data_settings(name)
    if settings.source != "folder":
        data = open_data(settings, class_names, image_size)
        return data.test, f"{data.title}, test images"
    images, skipped, part = open_images(Path(name), class_names, image_size)
    for file in skipped:
        tell(f"skipped {file.path}: {file.reason}")
    return images, part
