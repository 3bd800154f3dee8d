"""The subcommand that measures: evaluate."""

import argparse
import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vera_studio import recipe
from vera_studio.cli.library import ADAPTER_HELP, find_adapter
from vera_studio.cli.network_options import network_options, open_network
from vera_studio.cli.subcommands import Subcommands
from vera_studio.cli.tables import accuracy_table, as_json
from vera_studio.cli.terminal import Teller, show, tell
from vera_studio.errors import StudioError
from vera_studio.files import check_file, write_atomically
from vera_studio.runs.events import Evaluation, Part
from vera_studio.wording import skipped_text

if TYPE_CHECKING:  # imports torch, which --help and --version do without
    from collections.abc import Sequence

    from vera_studio.data.store import ImageSet, SkippedFile
    from vera_studio.models.model import Model
    from vera_studio.runs.predictions import Predictions

_MOST_SKIPPED = 20  # that are named
DEVICES = ("auto", "cuda", "mps", "cpu")


def add_commands(commands: Subcommands) -> None:
    """Add the subcommands of this family."""
    parser = commands.add_parser(
        "evaluate",
        help="measure the accuracy of a network, or of an adapter on it",
        parents=[network_options()],
    )
    parser.add_argument(
        "adapter",
        nargs="?",
        metavar="ADAPTER",
        help=f"{ADAPTER_HELP}; left out, the network itself is measured",
    )
    parser.add_argument(
        "--data",
        required=True,
        metavar="FOLDER",
        help="a folder of images, one subfolder a class; or 'cifar10' or 'sample'. An adapter is "
        "measured on the test images, and on all of a folder that has none; the network itself "
        "on the images that a run would hold out to validate and to test",
    )
    parser.add_argument("--device", choices=DEVICES, default="auto")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--predictions",
        type=Path,
        metavar="FILE",
        help="write a CSV with a row an image: file, class, and the five likeliest classes with "
        "their shares, of an adapter's base network as well",
    )
    parser.add_argument(
        "--fit-temperature",
        action="store_true",
        help="first find by what to divide the adapter's logits so that its shares mean what they "
        "say on the images that a run would hold out to validate, and keep that in its file",
    )
    parser.set_defaults(command=_evaluate)


def data_settings(name: str) -> recipe.DataSettings:
    """The images that `--data` names."""
    if name == "cifar10":
        return recipe.DataSettings(source="cifar10")
    if name == "sample":
        return recipe.DataSettings(source="sample")
    return recipe.DataSettings(source="folder", folder=name)


def tell_skipped(files: "Sequence[SkippedFile]") -> None:
    """Say how many files among the images could not be used, why, and which come first."""
    from vera_studio.data.store import skipped_reasons

    if files:
        tell(skipped_text(skipped_reasons(files)))
        tell(*(f"  {file.path}: {file.reason}" for file in files[:_MOST_SKIPPED]))
    if (more := len(files) - _MOST_SKIPPED) > 0:
        tell(f"  and {more:,} more")


def _evaluate(options: argparse.Namespace) -> None:
    if options.predictions:
        check_file(options.predictions)  # now, not when all is measured
    if options.adapter is None:
        if options.fit_temperature:
            raise StudioError("--fit-temperature is for an adapter, which keeps it in its file.")
        _evaluate_network(options, open_network(options))
    else:
        path = find_adapter(options.adapter)
        _evaluate_adapter(options, open_network(options, path), path)


def _evaluate_adapter(options: argparse.Namespace, model: "Model", path: Path) -> None:
    from vera_studio.adapters import adapter_file
    from vera_studio.exchange.reading import find_place, opened

    adapter, model = opened(path, model, options.class_names)
    adapter_file.apply(adapter, model.network, model.class_names, model.digest)
    if options.fit_temperature:
        place = find_place(path)
        if place.is_peft:  # now, not when all is measured
            raise StudioError(
                "A PEFT folder has no place for a temperature. Import it first: vera-studio import."
            )
        temperature = _fit_temperature(options, model)
        adapter_file.keep_temperature(place.path, temperature)
        info = dataclasses.replace(adapter.info, temperature=temperature)
        adapter = dataclasses.replace(adapter, info=info)
        adapter_file.apply(adapter, model.network, model.class_names, model.digest)
        tell(f"Its temperature is {temperature:.4g}, which its file keeps.")
    digest = adapter.info.training.images_digest
    images, part, text = _test_images(options.data, model, digest)
    (found,) = _measure(options, model, {part: images})
    if options.json:
        show(json.dumps(found.to_json(model.class_names)))
    else:
        show(f"{text}: {len(images):,} images")
        results = [found.result] if found.base is None else [found.base, found.result]
        heads = [] if found.base is None else ["before", "after"]
        show(*accuracy_table(results, model.class_names, heads))


def _fit_temperature(options: argparse.Namespace, model: "Model") -> float:
    from vera_studio.data.open_data import open_data
    from vera_studio.training.devices import choose_device
    from vera_studio.training.prediction_pass import fit_temperature

    names, form = model.class_names, model.preprocessing
    data = open_data(data_settings(options.data), names, form, _report(Teller()))
    if not len(data.validation):
        raise StudioError(f"{data.title} has no images to validate on: none to fit it to.")
    model.network.to(choose_device(options.device).device)
    return fit_temperature(model, data.validation, _report(Teller(), "Measuring"))


def _evaluate_network(options: argparse.Namespace, model: "Model") -> None:
    from vera_studio.data.open_data import open_data

    names = model.class_names
    data = open_data(data_settings(options.data), names, model.preprocessing, _report(Teller()))
    tell_skipped(data.skipped)
    tell(*data.notes, *([data.copies_text] if data.copies_text else []))
    parts: dict[Part, ImageSet] = {"validation": data.validation, "test": data.test}
    there = {part: images for part, images in parts.items() if len(images)}
    if not there:
        raise StudioError(
            f"{data.title} has too few images: a run would hold none out to validate or to test, "
            "so there are none to measure the network on."
        )
    measured = _measure(options, model, there)
    if options.json:
        about = {"data": data.title, "network": model.kind.title, "weights": model.weights}
        show(json.dumps(about | {one.result.part: one.to_json(names) for one in measured}))
        return
    results = [one.result for one in measured]
    counts = " and ".join(f"{one.images:,} {one.part}" for one in results)
    show(f"{model.kind.title}, {model.weights} weights, on {data.title}: {counts} images")
    show(*accuracy_table(results, names, [one.part for one in results]))


@dataclass(frozen=True, eq=False)
class _Measured:
    """How a network does on a part of the images, and its base, where it has another."""

    result: Evaluation
    base: Evaluation | None
    predictions: "Predictions"

    def to_json(self, class_names: "Sequence[str]") -> dict[str, object]:
        from vera_studio.runs import prediction_figures

        told = as_json(self.result, class_names) | prediction_figures.to_json(self.predictions)
        if self.base is not None and isinstance(told["base"], dict):
            told["base"] = as_json(self.base, class_names) | told["base"]
        return told


def _measure(
    options: argparse.Namespace, model: "Model", parts: "dict[Part, ImageSet]"
) -> list[_Measured]:
    from vera_studio.runs.predictions import to_table
    from vera_studio.training.answers import side_by_side
    from vera_studio.training.devices import choose_device
    from vera_studio.training.memory import device_failures_told
    from vera_studio.training.prediction_pass import predict_both

    device, names, found = choose_device(options.device).device, model.class_names, []
    with device_failures_told(device):
        model.network.to(device)
        for part, images in parts.items():
            answers, base = predict_both(model, images, part, _report(Teller(), "Measuring"))
            predictions = side_by_side(answers, base, names, images.names)
            before = None if base is None else base.evaluation()
            found.append(_Measured(answers.evaluation(), before, predictions))
    if options.predictions:
        write_atomically(options.predictions, to_table(*(one.predictions for one in found)))
    return found


def _report(teller: Teller, text: str = "Opening") -> Callable[[int, int], None]:
    """Moves a line that says how many of the images are done, and takes it away at the end."""

    def report(done: int, total: int) -> None:
        if total:
            teller.move(f"{done / total:6.1%}  {text} the images")
        if done == total:
            teller.clear()

    return report


def _test_images(name: str, model: "Model", digest: str) -> "tuple[ImageSet, Part, str]":
    """The images to measure an adapter on, and which they are, also in words.

    It was trained on images of that digest, which may be the very same.
    """
    from vera_studio.data.folder import learnt_from, open_images
    from vera_studio.data.open_data import open_data

    settings, names, form = data_settings(name), model.class_names, model.preprocessing
    if settings.source != "folder":
        data = open_data(settings, names, form, _report(Teller()))
        return data.test, "test", f"{data.title}, test images"
    images, skipped, text, notes = open_images(Path(name), names, form, _report(Teller()))
    tell_skipped(skipped)
    tell(*notes)
    if text == "test part":
        return images, "test", text
    if count := learnt_from(images, names, digest):
        tell(
            f"The adapter was trained on {count:,} of these {len(images):,} images: what it says "
            "of them tells little of what it would say of others. The run's own results are of "
            "the images that it held out."
        )
    return images, "", text
