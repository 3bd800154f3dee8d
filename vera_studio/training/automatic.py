"""What a recipe leaves open of how its run goes, decided: here and nowhere else.

Found by trying, with the network's own classes on CIFAR-10 and the sample, with one's own on
photographs; `tests/benchmarks/RESULTS.md` has the figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from vera_studio.methods import METHOD_FACTS, Method
from vera_studio.recipe import TrainingSettings
from vera_studio.wording import epochs_text

_UNEVEN = 3  # times as many images of the largest class as of the smallest
_HEAD_LEARNING_RATE = 0.0005  # beside an adapter
_OWN_LEARNING_RATES: dict[Method, float] = {"head": 0.002}


@dataclass(frozen=True)
class Course:
    """How a run goes."""

    epochs: int  # at most
    patience: int  # epochs without a better one that end it; 0 for never
    views: int  # of each image, kept; 0 for flips and shifts drawn anew every epoch
    balance: bool  # whether as many images of each target class are drawn
    learning_rate: float  # the peak, if it changes
    usual_learning_rate: float  # what it would be if nobody had set one
    head_learning_rate: float  # of a last layer that is trained whole beside the adapter
    by_classes: bool = False  # whether the best epoch goes by the mean over classes


@dataclass(frozen=True)
class _Length:
    epochs: int
    patience: int
    views: int


_NETWORKS_CLASSES = _Length(epochs=6, patience=0, views=0)
# With classes of one's own. Few images say little beyond the means of their classes, which
# training begins with: more epochs would learn the images by heart.
_FEWEST_EPOCHS, _MOST_EPOCHS, _IMAGES_FOR_AN_EPOCH = 2, 10, 150
_PATIENCE = 8
_VIEWS, _EPOCHS_FOR_VIEWS = 4, 5  # in fewer epochs hardly an image is seen in several views


def decide(
    training: TrainingSettings, method: Method, has_own_classes: bool, counts: Sequence[int]
) -> Course:
    """What `training` says, and for what it leaves open what suits.

    Args:
        training: of the recipe.
        method: of the adapter.
        has_own_classes: whether the network has a last layer for classes of the user's own.
        counts: training images of each target class.
    """
    usual = _own_length(sum(counts)) if has_own_classes else _NETWORKS_CLASSES
    # Who asks for shifts wants them anew every epoch.
    views = 0 if training.shift else usual.views
    uneven = is_uneven(counts)
    usual_rate = automatic_learning_rate(method, has_own_classes)
    rate, head_rate = training.learning_rate, training.head_learning_rate
    if method == "head":  # nothing else is trained: whichever of the two is set is meant
        rate = head_rate = rate or head_rate or usual_rate
    return Course(
        epochs=_or(training.epochs, usual.epochs),
        patience=_or(training.patience, usual.patience),
        views=_or(training.views, views),
        balance=uneven if training.balance is None else training.balance,
        learning_rate=rate or usual_rate,
        usual_learning_rate=usual_rate,
        head_learning_rate=head_rate or _HEAD_LEARNING_RATE,
        by_classes=uneven,
    )


def _own_length(images: int) -> _Length:
    """What suits so many training images with classes of one's own."""
    epochs = round(images / _IMAGES_FOR_AN_EPOCH)
    epochs = min(max(epochs, _FEWEST_EPOCHS), _MOST_EPOCHS)
    return _Length(epochs, _PATIENCE, _VIEWS if epochs >= _EPOCHS_FOR_VIEWS else 1)


def automatic_learning_rate(method: Method, has_own_classes: bool = False) -> float:
    """A rate that suits what `method` trains: the more numbers, the smaller the steps."""
    rates = _OWN_LEARNING_RATES if has_own_classes else {}
    return rates.get(method, METHOD_FACTS[method].learning_rate)


def is_uneven(counts: Sequence[int]) -> bool:
    """Whether classes differ so much in images (a number each) that the small ones need help."""
    there = [count for count in counts if count]
    return bool(there) and max(there) > _UNEVEN * min(there)


def told(course: Course, counts: Sequence[int]) -> str:
    """What the user should know of it, in sentences; empty for what a run always was."""
    texts = []
    if course.patience and course.patience < course.epochs:
        texts.append(
            f"At most {epochs_text(course.epochs)}; training ends where {course.patience} in a "
            "row bring nothing better."
        )
    if course.views:
        texts.append(f"Each image is trained on in {_views_text(course.views)}.")
    if course.balance:
        there = [count for count in counts if count]
        texts.append(
            f"The classes have from {min(there):,} to {max(there):,} training images: as many of "
            "each are drawn, those of small classes several times an epoch."
        )
    return " ".join(texts)


def _views_text(views: int) -> str:
    if views == 1:
        return "one view, as it is"
    return f"{views} views: as it is, and parts of it cut out once, at random"


def _or(value: int | None, automatic: int) -> int:
    return automatic if value is None else value
