"""What a network said of each image of a set, and how well it did."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from vera_studio.runs.events import Evaluation, Part
from vera_studio.runs.predictions import MOST_TOLD, Predictions, no_classes, no_shares


@dataclass(frozen=True, eq=False)
class Answers:
    """One pass of one network over a set of images, in its order."""

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

    @staticmethod
    def of(
        logits: Iterable[torch.Tensor], truth: torch.Tensor, classes: int, part: Part = ""
    ) -> "Answers":
        """From logits (some, classes) of some images after the others, on the CPU."""
        (answers,) = Answers.of_several(((some,) for some in logits), 1, truth, classes, part)
        return answers

    @staticmethod
    def of_several(
        logits: Iterable[Sequence[torch.Tensor]],
        networks: int,
        truth: torch.Tensor,
        classes: int,
        part: Part = "",
    ) -> "tuple[Answers, ...]":
        """From logits (some, classes) of several networks, of some images after the others.

        Args:
            logits: on the CPU, of each network.
            networks: how many.
            truth: (count,) int64: the classes that the images are of.
            classes: of each network.
            part: which images they are.
        """
        found = [_Growing(classes) for _ in range(networks)]
        done = 0
        for some in logits:
            some_truth = truth[done : done + len(some[0])]
            done += len(some_truth)
            for growing, own in zip(found, some, strict=True):
                growing.add(own, some_truth)
        return tuple(Answers(classes, truth, *one.tensors(), part) for one in found)


class _Growing:
    """What is told of more and more images."""

    def __init__(self, classes: int) -> None:
        most = min(MOST_TOLD, classes)
        self._told, self._shares = [torch.empty(0, most).long()], [torch.empty(0, most)]
        self._losses = [torch.empty(0).double()]

    def add(self, logits: torch.Tensor, truth: torch.Tensor) -> None:
        told, shares = likeliest(logits)
        self._told.append(told)
        self._shares.append(shares)
        self._losses.append(F.cross_entropy(logits, truth, reduction="none").double())

    def tensors(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return torch.cat(self._told), torch.cat(self._shares), torch.cat(self._losses)


def likeliest(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The likeliest classes of each image, the most first, and their shares as softmax has them.

    Args:
        logits: (count, classes).

    Returns:
        (count, at most MOST_TOLD) int64 and float32.
    """
    told = logits.topk(min(MOST_TOLD, logits.shape[1]), dim=1).indices
    return told, logits.softmax(dim=1).gather(1, told)


def side_by_side(
    answers: Answers,
    base: Answers | None,
    class_names: Sequence[str],
    files: Sequence[str] = (),
) -> Predictions:
    """What a network and its base said of the same images.

    Args:
        answers: of the network.
        base: of the one that it is compared with; None without.
        class_names: the network's, in its order.
        files: of the images; where there are none, they are numbered from 1.
    """
    count = len(answers.truth)
    return Predictions(
        part=answers.part,
        class_names=tuple(class_names),
        files=tuple(files) or tuple(map(str, range(1, count + 1))),
        truth=answers.truth.numpy(),
        told=answers.told.numpy(),
        shares=answers.shares.numpy(),
        base_told=no_classes(count) if base is None else base.told.numpy(),
        base_shares=no_shares(count) if base is None else base.shares.numpy(),
    )


def _means(sums: Sequence[float], counts: Sequence[int]) -> tuple[float, ...]:
    pairs = zip(sums, counts, strict=True)
    return tuple(one / count if count else math.nan for one, count in pairs)
