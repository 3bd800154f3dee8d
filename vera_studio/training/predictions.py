"""What a network said of each image, and the figures that follow from it."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from vera_studio.runs.events import Evaluation, Part

MOST_TOLD = 5  # classes of each image, the likeliest first
# Columns of tables.
_PLACES = ("class", "second", "third", "fourth", "fifth")
_SHARES = ("share", *(f"{place}_share" for place in _PLACES[1:]))
_DECIMALS = 6


@dataclass(frozen=True, eq=False)
class Predictions:
    """One pass over a set of images, in its order."""

    classes: int  # of the network
    truth: torch.Tensor  # (count,) int64: the classes that the images are of
    told: torch.Tensor  # (count, at most MOST_TOLD) int64: the likeliest classes, first the most
    shares: torch.Tensor  # of these, as softmax has them; float32, 0 to 1
    losses: torch.Tensor  # (count,) float64: cross entropy, nats
    part: Part = ""  # which images they are

    @property
    def right(self) -> torch.Tensor:
        """(count,) bool: whether the likeliest class is the true one."""
        return self.told[:, 0] == self.truth

    def evaluation(self) -> Evaluation:
        """Loss and accuracies; NaN where there is no image."""
        counts = torch.bincount(self.truth, minlength=self.classes).tolist()
        losses = torch.bincount(self.truth, self.losses, minlength=self.classes).tolist()
        right = torch.bincount(self.truth[self.right], minlength=self.classes).tolist()
        total = sum(counts)
        return Evaluation(
            loss=math.fsum(losses) / total if total else math.nan,
            accuracy=sum(right) / total if total else math.nan,
            per_class=_means(right, counts),
            counts=tuple(counts),
            class_losses=_means(losses, counts),
            part=self.part,
        )

    def rows(
        self, class_names: Sequence[str], files: Sequence[str] = ()
    ) -> Iterator[dict[str, object]]:
        """A row an image for a table: its part and file, its class, and what it was taken for.

        Args:
            class_names: the network's, in its order.
            files: of the images; where there are none, they are numbered from 1.
        """
        told, shares = self.told.tolist(), self.shares.tolist()
        for index, truth in enumerate(self.truth.tolist()):
            file = files[index] if files else index + 1
            row = {"part": self.part, "file": file, "truth": class_names[truth]}
            yield row | told_row(class_names, zip(told[index], shares[index], strict=True))

    def confusion(self) -> torch.Tensor:
        """How many images of each class (rows) were taken for which (columns): int64, square."""
        places = self.truth * self.classes + self.told[:, 0]
        return torch.bincount(places, minlength=self.classes**2).view(self.classes, self.classes)

    @staticmethod
    def of(
        logits: Iterable[torch.Tensor], truth: torch.Tensor, classes: int, part: Part = ""
    ) -> "Predictions":
        """From logits (some, classes) of some images after the others, on the CPU."""
        most, done = min(MOST_TOLD, classes), 0
        told, shares, losses = [torch.empty(0, most).long()], [torch.empty(0, most)], []
        for some in logits:
            some_truth = truth[done : done + len(some)]
            done += len(some)
            some_told, some_shares = likeliest(some)
            told.append(some_told)
            shares.append(some_shares)
            losses.append(F.cross_entropy(some, some_truth, reduction="none").double())
        return Predictions(
            classes,
            truth,
            torch.cat(told),
            torch.cat(shares),
            torch.cat([torch.empty(0).double(), *losses]),
            part,
        )


def likeliest(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The likeliest classes of each image, the most first, and their shares as softmax has them.

    Args:
        logits: (count, classes).

    Returns:
        (count, at most MOST_TOLD) int64 and float32.
    """
    told = logits.topk(min(MOST_TOLD, logits.shape[1]), dim=1).indices
    return told, logits.softmax(dim=1).gather(1, told)


def told_row(class_names: Sequence[str], told: Iterable[tuple[int, float]]) -> dict[str, object]:
    """Cells of a table: class, share, second, second_share and so on.

    Args:
        class_names: the network's, in its order.
        told: classes (indices) with their shares, the likeliest first.
    """
    row: dict[str, object] = {}
    for place, share_name, (index, share) in zip(_PLACES, _SHARES, told, strict=False):
        row |= {place: class_names[index], share_name: round(share, _DECIMALS)}
    return row


def _means(sums: Sequence[float], counts: Sequence[int]) -> tuple[float, ...]:
    pairs = zip(sums, counts, strict=True)
    return tuple(one / count if count else math.nan for one, count in pairs)
