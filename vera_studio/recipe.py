"""What a run is made from: frozen settings, and the checks of their values.

A recipe says everything that decides a run's result. The window edits a draft of one,
`vera-studio train` reads one from a file (see `recipe_file`), and every run folder keeps its own.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from vera_studio.errors import RecipeError
from vera_studio.methods import METHOD_FACTS
from vera_studio.methods import Method as Method
from vera_studio.methods import Sharing as Sharing
from vera_studio.wording import first_of, plain

MAX_RANK = 1024
MAX_BATCH_SIZE = 65_536
MAX_SHIFT = 8  # pixels
MAX_VIEWS = 64  # of an image
MAX_EPOCHS = 10_000
MAX_CACHE_MEGABYTES = 1_000_000
MAX_LEFT_OUT = 1000  # images, by name
_MAX_LEFT_OUT_BYTES = 60_000  # of their names together: half of what a recipe's file may have
MAX_SEED = 2**31 - 1  # what input fields can hold
MIN_ALPHA, MAX_ALPHA = 1e-3, 10_000.0
MIN_LEARNING_RATE, MAX_LEARNING_RATE = 1e-6, 10.0
DataSource = Literal["sample", "cifar10", "folder"]
Classes = Literal["auto", "network", "own"]
Optimizer = Literal["adamw", "sgd"]
Schedule = Literal["constant", "one-cycle", "cosine"]
Device = Literal["auto", "cuda", "mps", "cpu"]


@dataclass(frozen=True)
class ModelSettings:
    """Which network a run starts from."""

    name: str = "convnet"  # a name in the registry of built-in models
    weights: str = ""  # path of the user's own weights; empty for the pretrained ones
    class_names: tuple[str, ...] | None = None  # a name for each output; None for the network's


@dataclass(frozen=True)
class DataSettings:
    """Which images a run trains on."""

    source: DataSource = "sample"
    folder: str = ""  # path, for source "folder"
    validation_share: float = 0.1  # of the training images, held out to choose the best epoch
    seed: int = 0  # of the split, and of the sample's drawings
    # Whose classes: the network's, or a folder's own, for which it gets a new last layer; "auto"
    # takes the network's where it knows all of them.
    classes: Classes = "auto"
    leave_out_copies: bool = False  # of training images among the test images
    left_out: tuple[str, ...] = ()  # images that are not used: files below the folder


@dataclass(frozen=True)
class AdapterSettings:
    """The kind and the shape of the adapter, and where it is attached.

    `methods.METHOD_FACTS` says which fields have a meaning for which method; `layers` has for all.
    """

    rank: int = 32  # rows of A and columns of B
    d_initial: float = 0.1  # every entry of d before training
    seed: int = 0  # of the frozen projections; with LoRA, of the first values of A
    layers: tuple[str, ...] | None = None  # full names, or patterns; None for the network's own
    method: Method = "vera"
    sharing: Sharing = "shape"  # one pair of projections for each shape, or one for all layers
    alpha: float | None = None  # LoRA's change is scaled by alpha / rank; None for the rank
    # Full name of a layer that is trained whole beside the others, or alone: the last one, which
    # gives the classes. None without; a model with classes of one's own fills it in.
    head: str | None = None

    @property
    def has_rank(self) -> bool:
        """Whether the rank has a meaning for the method."""
        return "rank" in METHOD_FACTS[self.method].settings

    @property
    def scale(self) -> float:
        """What LoRA multiplies B A by."""
        return 1.0 if self.alpha is None else self.alpha / self.rank


@dataclass(frozen=True)
class TrainingSettings:
    """How the adapter is trained."""

    target_classes: tuple[str, ...] | None = None  # None for all
    keep_others: float = 0.44  # share, 0 to 1, of the other classes' images mixed in
    epochs: int | None = None  # None to suit the classes, the network's or one's own
    patience: int | None = None  # epochs without a better one that end a run; 0 for never
    batch_size: int | None = None  # images; None to suit the images and the device
    learning_rate: float | None = None  # the peak, if it changes; None to suit the method
    head_learning_rate: float | None = None  # of a last layer that is trained whole; None: suited
    optimizer: Optimizer = "adamw"
    schedule: Schedule = "cosine"
    flips: bool = True  # mirror every other image, at random
    shift: int = 0  # pixels, at most, that an image is moved in each direction, at random
    # Of each image: itself, and parts of it cut out once, at random, that the feature cache keeps.
    views: int | None = None  # 0 for flips and shifts drawn anew every epoch; None to suit
    balance: bool | None = None  # as many images of each target; None: where they are uneven
    seed: int = 0  # of the order of the images, the mixing, the flips, the shifts and the views
    device: Device = "auto"
    feature_cache: bool = True  # compute once what the frozen layers make of the images
    # Room for that, in memory or on disk; None for a quarter of the free memory, else a file.
    cache_megabytes: int | None = None

    def targets_among(self, class_names: Sequence[str]) -> tuple[int, ...]:
        """The target classes as indices into `class_names`, in their order."""
        if self.target_classes is None:
            return tuple(range(len(class_names)))
        wanted = set(self.target_classes)
        return tuple(i for i, name in enumerate(class_names) if name in wanted)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run's result."""

    model: ModelSettings = field(default_factory=ModelSettings)
    data: DataSettings = field(default_factory=DataSettings)
    adapter: AdapterSettings = field(default_factory=AdapterSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)


def problems(
    recipe: Recipe,
    class_names: Sequence[str] | None = None,
    layer_names: Sequence[str] | None = None,
) -> list[str]:
    """Every reason why `recipe` cannot be run, a sentence each; empty when it can.

    They call the settings what the window calls them, not what a recipe's keys are.

    Args:
        recipe: the recipe to check.
        class_names: the network's classes, when they are known.
        layer_names: what an adapter can go on in the network, when that is known.
    """
    found = _adapter_problems(recipe.adapter, layer_names)
    found += _training_problems(recipe.training, class_names)
    _check_share(found, "The share held out to validate", recipe.data.validation_share, 0.01, 0.5)
    _check_number(found, "The seed of the images", recipe.data.seed, 0, MAX_SEED)
    if recipe.data.source == "folder" and not recipe.data.folder:
        found.append("The images are to come from a folder, and no folder is chosen.")
    _check_path(found, "The folder of images", recipe.data.folder)
    found += _left_out_problems(recipe.data.left_out)
    _check_path(found, "The file of weights", recipe.model.weights)
    if problem := class_names_problem(recipe.model.class_names or ()):
        found.append(problem)
    return found


def validate(
    recipe: Recipe,
    class_names: Sequence[str] | None = None,
    layer_names: Sequence[str] | None = None,
) -> None:
    """Check `recipe` as `problems` does.

    Raises:
        RecipeError: names every problem.
    """
    found = problems(recipe, class_names, layer_names)
    if found:
        raise RecipeError("This recipe cannot be run:\n" + "\n".join(f"- {text}" for text in found))


def _adapter_problems(adapter: AdapterSettings, layer_names: Sequence[str] | None) -> list[str]:
    found: list[str] = []
    _check_number(found, "Rank", adapter.rank, 1, MAX_RANK)
    _check_number(found, "Adapter seed", adapter.seed, 0, MAX_SEED)
    _check_number(found, "Initial value of d", adapter.d_initial, -10.0, 10.0)
    if adapter.d_initial == 0:
        found.append("Initial value of d must not be 0: with d and b both zero nothing can train.")
    if adapter.alpha is not None:
        _check_number(found, "Alpha", adapter.alpha, MIN_ALPHA, MAX_ALPHA)
    if adapter.method != "head":  # which has none but the head
        _check_names(found, "The list of layers", "layer", adapter.layers, layer_names)
    return found


def _training_problems(training: TrainingSettings, class_names: Sequence[str] | None) -> list[str]:
    found: list[str] = []
    _check_share(found, "Keep other classes", training.keep_others, 0.0, 1.0)
    if training.epochs is not None:
        _check_number(found, "Epochs", training.epochs, 1, MAX_EPOCHS)
    if training.patience is not None:
        _check_number(found, "Patience", training.patience, 0, MAX_EPOCHS)
    if training.views is not None:
        _check_number(found, "Views of each image", training.views, 0, MAX_VIEWS)
    if training.batch_size is not None:
        _check_number(found, "Batch size", training.batch_size, 1, MAX_BATCH_SIZE)
    _check_number(found, "Shift images", training.shift, 0, MAX_SHIFT)
    if training.cache_megabytes is not None:
        name, most = "Memory for the feature cache, in MB,", MAX_CACHE_MEGABYTES
        _check_number(found, name, training.cache_megabytes, 0, most)
    for name, rate in (
        ("Learning rate", training.learning_rate),
        ("Learning rate of the last layer", training.head_learning_rate),
    ):
        if rate is not None:
            _check_number(found, name, rate, MIN_LEARNING_RATE, MAX_LEARNING_RATE)
    _check_number(found, "Training seed", training.seed, 0, MAX_SEED)
    _check_names(found, "The list of target classes", "class", training.target_classes, class_names)
    return found


def _left_out_problems(names: Sequence[str]) -> list[str]:
    found: list[str] = []
    if len(names) > MAX_LEFT_OUT:
        return [f"At most {MAX_LEFT_OUT:,} images can be left out by name."]
    for name in names:
        _check_path(found, "An image that is left out", name)
    if (size := sum(len(name.encode(errors="replace")) for name in names)) > _MAX_LEFT_OUT_BYTES:
        found.append(
            f"The names of the images that are left out have {size:,} bytes; a recipe holds "
            f"{_MAX_LEFT_OUT_BYTES:,}. Move some of these images away instead."
        )
    return found[:1]


def _check_number(found: list[str], name: str, value: float, least: float, most: float) -> None:
    if not (math.isfinite(value) and least <= value <= most):
        found.append(f"{name} must be from {plain(least)} to {plain(most)}, not {plain(value)}.")


def _check_share(found: list[str], name: str, value: float, least: float, most: float) -> None:
    if not (math.isfinite(value) and least <= value <= most):
        found.append(f"{name} must be from {least:.0%} to {most:.0%}, not {value:.6g}.")


def _check_path(found: list[str], name: str, path: str) -> None:
    """Names of files on Linux may be any bytes; what a run leaves is UTF-8."""
    try:
        path.encode()
    except UnicodeEncodeError:
        shown = path.encode(errors="replace").decode()
        found.append(f"{name} is {shown}, a name that is no UTF-8; give it another one.")


def _check_names(
    found: list[str],
    name: str,
    kind: str,
    chosen: Sequence[str] | None,
    known: Sequence[str] | None,
) -> None:
    if chosen is None:
        return
    if not chosen:
        found.append(f"Choose at least one {kind}.")
    if len(set(chosen)) != len(chosen):
        found.append(f"{name} names a {kind} twice.")
    if known is None:
        return
    if unknown := unknown_names(chosen, known):
        found.append(f"{name} names {first_of(unknown)}; the network has {first_of(known)}.")


def class_names_problem(names: Sequence[str]) -> str:
    """Why a network's classes cannot be called so, a sentence; empty when they can."""
    if not all(name.strip() for name in names):
        return "Every class must have a name: one of those given is empty."
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        return f"Two classes cannot have one name: {first_of(twice)}."
    return ""


def unknown_names(chosen: Sequence[str] | None, known: Sequence[str]) -> list[str]:
    """What of `chosen`, names or patterns such as "blocks.6.*", stands for none of `known`."""
    there = set(known)
    return [one for one in chosen or () if one not in there and not _matches(one, known)]


def _matches(pattern: str, names: Sequence[str]) -> bool:
    """Whether `pattern`, such as "blocks.6.*", stands for some of `names`."""
    return "*" in pattern and any(fnmatchcase(name, pattern) for name in names)
