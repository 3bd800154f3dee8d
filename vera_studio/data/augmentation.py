"""Random changes to training images: mirroring and shifting."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Augmentation:
    """Which changes are made; every combination of them is a variant of an image.

    Variants are numbered, so that an epoch's draws are one tensor of small whole numbers and
    what was computed for a variant can be kept. Variant 0 is the image as it is.
    """

    flips: bool = False
    shift: int = 0  # pixels, at most, that an image is moved in each direction

    @property
    def variants(self) -> int:
        """How many variants an image has."""
        return (2 if self.flips else 1) * (2 * self.shift + 1) ** 2

    def draw(self, count: int, generator: torch.Generator) -> torch.Tensor:
        """A variant (count,) int64 for each of `count` images, all equally likely."""
        return torch.randint(self.variants, (count,), generator=generator)

    def apply(
        self,
        images: torch.Tensor,
        variants: torch.Tensor,
        numbers: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Each of `images` as the variant that it drew.

        Args:
            images: (batch, channels, height, width) of any type; each side longer than `shift`.
            variants: (batch,) int64, on the device of `images`.
            numbers: which of all images they are, which makes no difference here.
        """
        if self.flips:
            # Each from one of two stacks: whole images are copied faster than pixels chosen.
            stacks = torch.cat([images, images.flip(3)])
            each = torch.arange(len(images), device=images.device)
            images = stacks.index_select(0, each + len(images) * (variants % 2))
            variants = variants // 2
        return self._moved(images, variants) if self.shift else images

    def _moved(self, images: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        """Images moved to the numbered places; mirrored edges fill the gap."""
        batch, _, height, width = images.shape
        side = 2 * self.shift + 1
        # (batch,) each: place 0 is no move, the upper half of the places are negative moves.
        down = (places // side + self.shift) % side - self.shift
        right = (places % side + self.shift) % side - self.shift
        # Index grids that broadcast to (batch, height, width).
        rows = _source(height, down)[:, :, None]
        columns = _source(width, right)[:, None, :]
        each = torch.arange(batch, device=images.device)[:, None, None]
        # Indexing around the kept channel axis puts it last: (batch, height, width, channels).
        return images[each, :, rows, columns].permute(0, 3, 1, 2)


def _source(length: int, moves: torch.Tensor) -> torch.Tensor:
    """Where each of `length` pixels comes from (batch, length), mirrored at both ends."""
    at = torch.arange(length, device=moves.device) - moves[:, None]
    return length - 1 - (length - 1 - at.abs()).abs()
