"""From stored images to what a network takes."""

import functools
from collections.abc import Sequence

import torch

from vera_studio.data.split import members_of_each


def normalise(images: torch.Tensor, mean: Sequence[float], std: Sequence[float]) -> torch.Tensor:
    """Scale uint8 pixels to 0..1, then subtract `mean` and divide by `std` a channel.

    Args:
        images: (batch, channels, height, width), uint8.
        mean: one number a channel.
        std: one number a channel.

    Returns:
        (batch, channels, height, width), float32, on the device of `images`.
    """
    scales, shifts = _constants(tuple(mean), tuple(std), images.device)
    # In place on the copy: new memory costs more than the arithmetic.
    return images.to(torch.float32, copy=True).mul_(scales).add_(shifts)


@functools.lru_cache
@torch.inference_mode(False)
def _constants(
    mean: tuple[float, ...], std: tuple[float, ...], device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Factors and summands (1, channels, 1, 1): x / 255 / std - mean / std.

    Kept, because a CUDA graph can capture no copy from the host.
    """
    scales = torch.tensor([1 / (255 * s) for s in std], device=device)
    shifts = torch.tensor([-m / s for m, s in zip(mean, std, strict=True)], device=device)
    return scales.view(1, -1, 1, 1), shifts.view(1, -1, 1, 1)


class EpochSampler:
    """Draws which images an epoch trains on, and in which order.

    An epoch has every image of the target classes and a share of the others: a fresh
    draw each epoch, so that over a few epochs far more than that share is seen. Balanced, it
    has as many images of each target class, and of all of them as many as there are.
    """

    def __init__(
        self,
        labels: torch.Tensor,
        target_classes: Sequence[int],
        keep_others: float,
        generator: torch.Generator,
        balance: bool = False,
    ) -> None:
        """Prepare the draws.

        Args:
            labels: (count,), the class of each training image.
            target_classes: indices of the classes that are fine-tuned.
            keep_others: share, 0 to 1, of the other classes' images in an epoch.
            generator: the source of every draw.
            balance: whether to draw as many images of each target class: those of a small one
                several times.
        """
        is_target = torch.isin(labels, torch.tensor(target_classes))
        self._targets = is_target.nonzero().flatten()
        members = members_of_each(labels[self._targets]) if balance else ()
        self._classes = [self._targets[own] for own in members]
        self._others = (~is_target).nonzero().flatten()
        self._others_count = round(keep_others * len(self._others))
        self._generator = generator

    def __len__(self) -> int:
        """Images in an epoch."""
        return len(self._targets) + self._others_count

    def draw(self) -> torch.Tensor:
        """The indices (count,) of one epoch's images, in random order."""
        others = self._others[self._permutation(len(self._others))[: self._others_count]]
        targets = self._balanced() if self._classes else self._targets
        chosen = torch.cat([targets, others])
        return chosen[self._permutation(len(chosen))]

    def _balanced(self) -> torch.Tensor:
        """As many images (count,) as there are of the target classes, evenly of each."""
        share, rest = divmod(len(self._targets), len(self._classes))
        drawn = []
        # Which classes have one image more is drawn too.
        for number, place in enumerate(self._permutation(len(self._classes)).tolist()):
            own, count = self._classes[place], share + (number < rest)
            rounds = [own[self._permutation(len(own))] for _ in range(-(-count // len(own)))]
            drawn.append(torch.cat(rounds)[:count])
        return torch.cat(drawn)

    def _permutation(self, count: int) -> torch.Tensor:
        return torch.randperm(count, generator=self._generator)
