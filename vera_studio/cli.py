"""The command line: the same engine as the window's, without Qt.

Exit status: 0 done, 1 a failure told in one line on standard error, 2 wrong usage,
130 interrupted.
"""

import argparse
import json
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import vera_studio
from vera_studio import environment, recipe
from vera_studio.cli_compare import add_compare
from vera_studio.cli_interrupt import StopOnInterrupt
from vera_studio.errors import Cancelled, StudioError
from vera_studio.recipe import ModelSettings
from vera_studio.training.results import (
    EpochDone,
    Evaluation,
    Event,
    Notice,
    RunResult,
    RunStarted,
    Stage,
    StepsDone,
)

if TYPE_CHECKING:  # imports torch, which --help and --version do without
    from vera_studio.data.store import ImageSet

_DEVICES = ("auto", "cuda", "mps", "cpu")


def run(arguments: Sequence[str], open_window: Callable[[], int]) -> int:
    """Do what `arguments` ask for; returns the exit status."""
    options = _parser().parse_args(arguments)
    environment.set_data_folder(options.data_dir)
    try:
        if options.command is None:
            return open_window()
        options.command(options)
        return 0
    except StudioError as error:
        print(f"vera-studio: {_one_line(error)}", file=sys.stderr)
        return 1
    except (Cancelled, KeyboardInterrupt):
        print("vera-studio: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vera-studio",
        description="Fine-tune a pretrained image network. Without a subcommand: the window.",
    )
    parser.add_argument("--version", action="version", version=vera_studio.__version__)
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="FOLDER",
        help="keep runs, downloads, settings and logs here, not in the user's folders",
    )
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="subcommands", metavar="COMMAND")
    _add_train(commands)
    _add_evaluate(commands)
    add_compare(commands)
    _add_pretrain(commands)
    return parser


def _add_train(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("train", help="fine-tune an adapter as a recipe says")
    parser.add_argument("recipe", type=Path, metavar="RECIPE.toml")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="the run folder to write"
    )
    parser.set_defaults(command=_train)


def _add_evaluate(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("evaluate", help="measure an adapter's accuracy")
    parser.add_argument("adapter", type=Path, metavar="ADAPTER")
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


def _add_pretrain(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
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

    stop = StopOnInterrupt()
    with stop:
        result = train(recipe.load(options.recipe), options.out, _ProgressLine(), stop.asked)
    print(_gains(result))
    print(f"Run folder: {result.folder}")


def _evaluate(options: argparse.Namespace) -> None:
    from vera_studio.adapters import adapter_file
    from vera_studio.models.registry import open_model
    from vera_studio.training.devices import choose_device
    from vera_studio.training.evaluation import evaluate

    model = open_model(ModelSettings(weights=options.weights))
    adapter_file.apply(adapter_file.load(options.adapter), model.network, model.kind.class_names)
    model.network.to(choose_device(options.device).device)
    images, part = _test_images(options.data, model.kind.class_names, model.kind.image_size)
    result = evaluate(model.network, model.kind, images)
    if options.json:
        print(json.dumps(_as_json(result, model.kind.class_names)))
        return
    print(f"{part}: {len(images):,} images")
    print(_accuracy_table(result, model.kind.class_names))


def _pretrain(options: argparse.Namespace) -> None:
    from vera_studio.data.open_data import open_data
    from vera_studio.models.registry import find
    from vera_studio.training.pretrain import PretrainSettings, pretrain

    kind = find(ModelSettings().name)
    data = open_data(_data_settings(options.data), kind.class_names, kind.image_size)

    def report(epoch: int, loss: float, seconds: float) -> None:
        line = f"epoch {epoch}/{options.epochs}  loss {loss:.4f}  {seconds:.1f} s"
        print(line, file=sys.stderr, flush=True)

    settings = PretrainSettings(epochs=options.epochs, seed=options.seed)
    if not 0 <= options.seed <= recipe.MAX_SEED:
        raise StudioError(f"--seed must be from 0 to {recipe.MAX_SEED:,}, not {options.seed:,}.")
    result = pretrain(kind, data, options.out, settings, options.device, report)
    print(_accuracy_table(result, kind.class_names))


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
        print(f"skipped {file.path}: {file.reason}", file=sys.stderr)
    return images, part


class _ProgressLine:
    """Prints a run's events: one line that moves on a terminal, else a line an epoch."""

    def __init__(self) -> None:
        self._moves = sys.stderr.isatty()
        self._stage = ""

    def __call__(self, event: Event) -> None:
        match event:
            case Stage(text, done):
                self._show_stage(text, done)
            case Notice(text):
                self._print(text)
            case RunStarted():
                self._print(_start_text(event))
            case StepsDone() if self._moves:
                line = (
                    f"{event.progress:6.1%}  loss {event.losses[-1]:.4f}  "
                    f"{event.images_per_second:,.0f} images/s  {event.seconds_left:.0f} s left"
                )
                print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
            case EpochDone():
                self._print(_epoch_text(event))

    def _show_stage(self, text: str, done: float | None) -> None:
        if text != self._stage:
            self._stage = text
            self._print(f"{text} ...")
        if done is not None and self._moves:
            print(f"\r\x1b[K{done:6.1%}  {text}", end="", file=sys.stderr, flush=True)

    def _print(self, line: str) -> None:
        print(("\r\x1b[K" if self._moves else "") + line, file=sys.stderr, flush=True)


def _start_text(event: RunStarted) -> str:
    share = event.trainable / event.total
    return (
        f"{event.device_reason}. {event.trainable:,} of {event.total:,} numbers are trained "
        f"({share:.2%}) on {event.train_images:,} images an epoch, {event.batch_size:,} a step."
    )


def _epoch_text(event: EpochDone) -> str:
    return (
        f"epoch {event.epoch}  loss {event.train_loss:.4f}  "
        f"validation {event.validation.loss:.4f} {event.validation.accuracy:.2%}"
        f"{'  best so far' if event.is_best else ''}"
    )


def _gains(result: RunResult) -> str:
    """A table of the test accuracies before and after."""
    lines = [f"Best epoch: {result.best_epoch}. On the test images:"]
    for index, name in enumerate(result.class_names):
        before, after = result.before.per_class[index], result.after.per_class[index]
        mark = "*" if index in result.target_classes else " "
        lines.append(f"{mark} {name:<14}{_percent(before)} ->{_percent(after)}")
    others = [i for i in range(len(result.class_names)) if i not in result.target_classes]
    for text, classes in (("targets (*)", result.target_classes), ("others", others)):
        if classes:
            before, after = result.before.mean_over(classes), result.after.mean_over(classes)
            lines.append(f"  {text:<14}{_percent(before)} ->{_percent(after)}")
    return "\n".join(lines)


def _accuracy_table(result: Evaluation, class_names: Sequence[str]) -> str:
    rows = [("overall", result.accuracy), *zip(class_names, result.per_class, strict=True)]
    return "\n".join(f"{name:<14}{_percent(share)}" for name, share in rows)


def _percent(share: float) -> str:
    return "  no images" if math.isnan(share) else f"{share:8.2%}"


def _as_json(result: Evaluation, class_names: Sequence[str]) -> dict[str, object]:
    shares = [None if math.isnan(share) else share for share in result.per_class]
    return {
        "accuracy": result.accuracy,
        "loss": result.loss,
        "images": sum(result.counts),
        "per_class": dict(zip(class_names, shares, strict=True)),
    }


def _one_line(error: StudioError) -> str:
    return " ".join(part.strip() for part in str(error).splitlines())
