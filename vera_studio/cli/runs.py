"""The subcommands that train: train, pretrain."""

import argparse
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from vera_studio import recipe, recipe_file
from vera_studio.cli.evaluation import DEVICES, data_settings, tell_skipped
from vera_studio.cli.interrupt import StopOnSignal
from vera_studio.cli.library import add_to_library, check_name
from vera_studio.cli.progress import ProgressLine
from vera_studio.cli.subcommands import Subcommands
from vera_studio.cli.tables import accuracy_table, gains
from vera_studio.cli.terminal import show, tell
from vera_studio.errors import StudioError
from vera_studio.files import check_file
from vera_studio.recipe import ModelSettings
from vera_studio.runs.events import Event, RunResult
from vera_studio.runs.run_folder import name_adapter
from vera_studio.runs.summary import moved


def add_commands(commands: Subcommands) -> None:
    """Add the subcommands of this family."""
    _add_train(commands)
    _add_pretrain(commands)


def _add_train(commands: Subcommands) -> None:
    parser = commands.add_parser(
        "train",
        help="fine-tune an adapter as a recipe says",
        epilog="On several cores, GPUs or machines, PyTorch starts a process for each, and they "
        "share the images: torchrun --nproc-per-node N -m vera_studio train RECIPE.toml --out "
        "FOLDER. The result is that of one process, but for rounding, and --resume goes on with "
        "any number of them.",
    )
    parser.add_argument("recipe", type=Path, nargs="?", metavar="RECIPE.toml")
    folder = parser.add_mutually_exclusive_group(required=True)
    folder.add_argument("--out", type=Path, metavar="FOLDER", help="the run folder to write")
    folder.add_argument(
        "--resume",
        type=Path,
        metavar="FOLDER",
        help="go on with the run in this folder, which was broken off or stopped, in place of a "
        "recipe",
    )
    parser.add_argument(
        "--epochs",
        type=int,
        metavar="N",
        help="with --resume: the epochs that it is to have in all",
    )
    parser.add_argument("--name", help="add the best adapter to the library under this name")
    parser.add_argument(
        "--tensorboard",
        action="store_true",
        help="write files for TensorBoard too, in the run folder's 'tensorboard', as it goes",
    )
    parser.set_defaults(command=_train, parser=parser)


def _add_pretrain(commands: Subcommands) -> None:
    parser = commands.add_parser("pretrain", help="train the base weights from nothing")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.safetensors")
    parser.add_argument(
        "--data", default="cifar10", metavar="FOLDER", help="a folder of images; or 'cifar10'"
    )
    parser.add_argument("--epochs", type=int, default=90)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", choices=DEVICES, default="auto")
    parser.set_defaults(command=_pretrain)


def _train(options: argparse.Namespace) -> None:
    if (options.recipe is None) == (options.resume is None):
        options.parser.error("give a recipe and --out, or --resume alone")
    if options.epochs is not None and options.resume is None:
        options.parser.error("--epochs goes with --resume; else the recipe has them")
    asked = recipe_file.load(options.recipe) if options.recipe else None  # before torch: seconds
    from vera_studio.training.event_files import written_too
    from vera_studio.training.loop import resume, train
    from vera_studio.training.processes import joined_processes

    if options.name is not None:
        check_name(options.name)
    stop = StopOnSignal("what was trained so far is kept.")
    with stop, joined_processes() as processes, ExitStack() as files:
        stop.tells = processes.is_first
        on_event: Callable[[Event], None] = ProgressLine()
        if options.tensorboard and processes.is_first:
            on_event = files.enter_context(written_too(options.out or options.resume, on_event))
        if asked is None:
            folder = options.resume
            result = resume(
                folder, on_event, stop.asked, epochs=options.epochs, processes=processes
            )
        else:
            result = train(asked, options.out, on_event, stop.asked, processes=processes)
        if not processes.is_first:
            return
        show(*gains(result), f"Run folder: {result.folder}")
        if options.name is not None:
            _name_best(result, options.name)
        asked_for = options.out or options.resume
        if result.folder != asked_for:
            raise StudioError(moved(asked_for, result.folder))


def _name_best(result: RunResult, name: str) -> None:
    if not result.has_adapter:
        nothing = "Nothing was added to the library: there is no best adapter."
        if not result.stopped:
            raise StudioError(nothing)
        tell(nothing)  # the status is that of the signal
        return
    name_adapter(result, add_to_library(result.best_adapter, name))


def _pretrain(options: argparse.Namespace) -> None:
    from vera_studio.data.open_data import open_data
    from vera_studio.models.registry import find
    from vera_studio.training.pretrain import PretrainSettings, pretrain

    check_file(options.out)
    if not 0 <= options.seed <= recipe.MAX_SEED:
        raise StudioError(f"--seed must be from 0 to {recipe.MAX_SEED:,}, not {options.seed:,}.")
    kind = find(ModelSettings().name)
    data = open_data(data_settings(options.data), kind.class_names, kind.preprocessing)
    tell_skipped(data.skipped)

    def report(epoch: int, loss: float, seconds: float) -> None:
        tell(f"epoch {epoch}/{options.epochs}  loss {loss:.4f}  {seconds:.1f} s")

    settings = PretrainSettings(epochs=options.epochs, seed=options.seed)
    result = pretrain(kind, data, options.out, settings, options.device, report)
    show(*accuracy_table([result], kind.class_names))
