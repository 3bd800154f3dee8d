"""A run as one page of HTML that needs nothing else: no network, no script, no other file."""

import dataclasses
import functools
import math
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

import vera_studio
from vera_studio import recipe_file
from vera_studio.environment import resources_folder
from vera_studio.errors import ShouldStop, StudioError, never_stop
from vera_studio.files import write_atomically
from vera_studio.recipe import Recipe
from vera_studio.reports.figures import class_rows, confusions, reliability
from vera_studio.reports.line_chart import Line, line_chart
from vera_studio.reports.mistakes import Mistake, surest_mistakes
from vera_studio.runs.events import Part, RunResult
from vera_studio.runs.predictions import Predictions, load
from vera_studio.runs.recipe_difference import settings_of
from vera_studio.runs.run_curves import RunCurves, load_curves
from vera_studio.runs.run_folder import load_result
from vera_studio.runs.run_list import read_run, recipe_of
from vera_studio.runs.summary import sentences
from vera_studio.wording import plain, printable, size_text

if TYPE_CHECKING:  # imports torch, which a run that cannot be read is told without
    from vera_studio.reports.layers import LayerTable

TEMPLATE = "report.html"
_PACKAGES = ("torch", "torchvision", "numpy", "pillow")
_UNKNOWN = "not known"


def write_report(
    folder: Path, path: Path, with_mistakes: bool = False, should_stop: ShouldStop = never_stop
) -> None:
    """Write a report of the run in `folder` to the file `path`.

    Args:
        folder: of a run that has ended, stopped or not.
        path: of the page.
        with_mistakes: whether some of the images that it gets wrong are shown in it.
        should_stop: asked while pictures are read.

    Raises:
        StudioError: the run has not ended or cannot be read, or the file cannot be written.
        Cancelled: `should_stop` said so.
    """
    text = report(folder, with_mistakes, should_stop)
    write_atomically(path, text.encode(errors="backslashreplace"))


def report(folder: Path, with_mistakes: bool = False, should_stop: ShouldStop = never_stop) -> str:
    """The page; as `write_report`."""
    result, recipe = load_result(folder), recipe_of(folder)
    entry = read_run(folder)
    validation, test = _predictions(folder, "validation"), _predictions(folder, "test")
    mistakes: list[Mistake] = []
    # The test images are for the result: what is looked at are those to validate, if there are.
    looked_at = validation if validation is not None else test
    if with_mistakes and looked_at is None:
        raise StudioError(
            "The run kept nothing of what it said of each image, so no mistakes can be shown. "
            "Write the report without them."
        )
    if with_mistakes and looked_at is not None:
        mistakes = surest_mistakes(looked_at, recipe.data, should_stop)
    return _template().render(
        title=entry.title,
        folder=folder.name,
        entry=entry,
        begun=entry.begun.strftime("%Y-%m-%d %H:%M"),
        result=result,
        sentences=sentences(result),
        headline=_headline(result),
        charts=_charts(_curves(folder), result),
        classes=class_rows(result, test),
        confusions=confusions(test),
        reliability=reliability(test),
        mistakes=mistakes,
        mistakes_of=looked_at.part if looked_at is not None else "",
        settings=settings_of(_without_places(recipe)),
        recipe=recipe_file.to_toml(_without_places(recipe)),
        adapter=_adapter_facts(result),
        layers=_layers(result, recipe, should_stop),
        versions=_versions(),
    )


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources_folder()),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters["percent"] = lambda share: _UNKNOWN if math.isnan(share) else f"{share:.1%}"
    environment.filters["points"] = _points
    return environment.get_template(TEMPLATE)


def _shown(value: Any) -> Any:
    """Text without what would steer whatever shows it; what is safe already stays as it is."""
    is_text = isinstance(value, str) and not isinstance(value, Markup)
    return "\n".join(map(printable, value.split("\n"))) if is_text else value


def _points(gain: float) -> str:
    return "" if math.isnan(gain) else f"{100 * gain:+.1f}".replace("-", "\N{MINUS SIGN}")


@dataclass(frozen=True)
class _Gain:
    """Accuracy of some classes on the test images, 0 to 1."""

    name: str
    before: float
    after: float


def _headline(result: RunResult) -> list[_Gain]:
    found = [("All test images", result.before.accuracy, result.after.accuracy)]
    for name, classes in (
        ("Mean of the target classes", result.target_classes),
        ("Mean of the other classes", result.other_classes),
    ):
        before, after = (one.mean_over(classes) for one in (result.before, result.after))
        found.append((name, before, after))
    return [_Gain(*one) for one in found if not math.isnan(one[1])]


@dataclass(frozen=True)
class _Chart:
    """A picture of curves, and which these are."""

    caption: str
    lines: list[Line]
    picture: Markup


def _charts(curves: RunCurves, result: RunResult) -> list[_Chart]:
    """Accuracy and loss by epoch, as far as there is something to draw."""
    accuracies = [
        Line("target classes", "first", _mean_of(curves, result, result.target_classes)),
        Line("other classes", "second", _mean_of(curves, result, result.other_classes)),
        Line("all images", "third", curves.validation_accuracy),
    ]
    losses = [
        Line("training", "first", curves.train_loss),
        Line("validation", "second", curves.validation_loss),
    ]
    found = []
    for caption, lines, is_share in (
        ("Accuracy on the validation images, by epoch", accuracies, True),
        ("Loss (cross entropy), by epoch", losses, False),
    ):
        known = [line for line in lines if any(map(math.isfinite, line.ys))]
        if known:
            picture = line_chart(caption, curves.epochs, known, result.best_epoch, is_share)
            found.append(_Chart(caption, known, picture))
    return found


def _mean_of(curves: RunCurves, result: RunResult, classes: Sequence[int]) -> Sequence[float]:
    return curves.mean_over(frozenset(result.class_names[index] for index in classes))


def _curves(folder: Path) -> RunCurves:
    try:
        return load_curves(folder)
    except StudioError:
        return RunCurves()


def _predictions(folder: Path, part: Part) -> Predictions | None:
    try:
        found = load(folder, part)
    except StudioError:  # an older version kept none
        return None
    return found if len(found.truth) else None


def _without_places(recipe: Recipe) -> Recipe:
    """Without where on this machine things are: a report is for others."""
    data, model = recipe.data, recipe.model
    return dataclasses.replace(
        recipe,
        data=dataclasses.replace(data, folder=Path(data.folder).name if data.folder else ""),
        model=dataclasses.replace(model, weights=Path(model.weights).name if model.weights else ""),
    )


def _adapter_facts(result: RunResult) -> list[tuple[str, str]]:
    """What there is to be known of the best adapter; nothing where there is none."""
    from vera_studio.adapters import adapter_file

    if not result.has_adapter:
        return []
    try:
        info, trained = adapter_file.look(result.best_adapter)
        size = result.best_adapter.stat().st_size
    except (StudioError, OSError) as error:
        return [("File", f"cannot be read: {error}")]
    settings = info.settings
    facts = [
        ("Method", result.subject.adapter),
        ("Numbers that were trained", f"{trained:,}"),
        ("Layers", ", ".join(info.all_layers)),
        ("Size of its file", f"{size_text(size)} ({size:,} bytes)"),
        ("Name in the library", result.adapter_name),
        ("For the network with the digest", info.base_digest),
        ("Temperature", plain(info.temperature) if info.temperature != 1 else ""),
    ]
    if settings.method == "vera":
        facts.append(("Digest of the shared projections", info.projections_digest))
    return [(heading, text) for heading, text in facts if text]


def _layers(result: RunResult, recipe: Recipe, should_stop: ShouldStop) -> "LayerTable":
    from vera_studio.reports.layers import LayerTable, layer_table

    if not result.has_adapter:
        return LayerTable([])
    return layer_table(result.best_adapter, recipe.model, should_stop)


def _versions() -> list[tuple[str, str]]:
    found = [("VeRA Studio", vera_studio.__version__), ("Python", platform.python_version())]
    for package in _PACKAGES:
        try:
            found.append((package, metadata.version(package)))
        except metadata.PackageNotFoundError:
            continue
    found.append(("System", f"{platform.system()} {platform.machine()}"))
    found.append(("Report written", datetime.now().strftime("%Y-%m-%d %H:%M")))
    return found
