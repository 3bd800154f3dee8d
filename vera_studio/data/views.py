"""Views of training images: parts of each cut out and enlarged, drawn once and then kept."""

import copy
import math

import torch
import torch.nn.functional as F

_LEAST_AREA = 0.5  # of the image that a view shows
_WIDEST = 4 / 3  # sides of that part, as in Inception's crops: arXiv 1409.4842, section 6


class DrawnViews:
    """A number of views of each image: the image as it is, and parts of it, perhaps mirrored.

    It takes the place of an `Augmentation` whose variants are the same for all images. What a
    view shows depends on the seed, the image's number and the view's, and on nothing else.
    """

    def __init__(self, images: int, views: int, flips: bool, seed: int) -> None:
        """Draw what the views of `images` images show.

        Args:
            images: how many there are.
            views: of each, at least 1; view 0 is the image.
            flips: whether every other view, at random, is mirrored.
            seed: of the draws.
        """
        self.variants = views
        generator = torch.Generator().manual_seed(seed)
        # View by view, so that with more of them the first ones stay the same.
        maps = [_drawn_maps(images, flips, generator) for _ in range(views - 1)]
        # (views - 1, images, 2, 3)
        self._maps = torch.stack(maps) if maps else torch.empty(0, images, 2, 3)

    def of(self, numbers: torch.Tensor) -> "DrawnViews":
        """The views of some images alone, by their `numbers` (count,), which are then 0, 1, ..."""
        if len(numbers) == self._maps.shape[1]:
            return self
        some = copy.copy(self)
        some._maps = self._maps[:, numbers]
        return some

    def draw(self, count: int, generator: torch.Generator) -> torch.Tensor:
        """The number of a view (count,) int64 for each of `count` images, all equally likely."""
        return torch.randint(self.variants, (count,), generator=generator)

    def apply(
        self, images: torch.Tensor, variants: torch.Tensor, numbers: torch.Tensor
    ) -> torch.Tensor:
        """Each of `images` in the view of it that is asked for.

        Args:
            images: (batch, 3, height, width) uint8.
            variants: (batch,) int64, numbers of views, on the device of `images`.
            numbers: (batch,) int64, which of all images they are, likewise.
        """
        changed = variants > 0
        if not bool(changed.any()):
            return images
        result = images.clone()
        where = changed.nonzero().flatten()
        maps = self._maps[(variants[where] - 1).cpu(), numbers[where].cpu()].to(images.device)
        result[where] = _seen(images[where], maps)
        return result


def _drawn_maps(count: int, flips: bool, generator: torch.Generator) -> torch.Tensor:
    """Maps (count, 2, 3) from places in a view to those in its image, both from -1 to 1."""

    def uniform(least: float, most: float) -> torch.Tensor:
        return least + (most - least) * torch.rand(count, generator=generator)

    area = uniform(_LEAST_AREA, 1)
    shape = uniform(-math.log(_WIDEST), math.log(_WIDEST)).exp()
    width, height = (area * shape).sqrt().clamp(max=1), (area / shape).sqrt().clamp(max=1)
    right, down = uniform(-1, 1) * (1 - width), uniform(-1, 1) * (1 - height)
    mirrored = torch.where(uniform(0, 1) < 0.5, -1.0, 1.0) if flips else torch.ones(count)
    nothing = torch.zeros(count)
    rows = torch.stack([width * mirrored, nothing, right]), torch.stack([nothing, height, down])
    return torch.stack(rows).permute(2, 0, 1)  # (2, 3, count) -> (count, 2, 3)


def _seen(images: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
    """What `maps` (batch, 2, 3) show of uint8 `images` (batch, 3, h, w), at the same size."""
    grid = F.affine_grid(maps, list(images.shape), align_corners=False)
    seen = F.grid_sample(
        images.to(torch.float32), grid, padding_mode="reflection", align_corners=False
    )
    return seen.round_().to(torch.uint8)
