"""What a network's images must be: one value that is made once and travels with the network."""

from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F

from vera_studio.data.batches import normalise

Interpolation = Literal["bilinear", "bicubic"]
_HALF = (0.5, 0.5, 0.5)


@dataclass(frozen=True)
class Preprocessing:
    """How a picture becomes what a network takes.

    The shorter side becomes `resize` pixels, antialiased, a square of `size` is cut out of the
    middle, and each colour channel, scaled to 0..1, is normalised.
    """

    size: int  # pixels, height and width
    resize: int  # pixels
    interpolation: Interpolation
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    cuts_first: bool = False  # the square out of the middle, at parts of a pixel, then scales it

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Uint8 images (batch, 3, h, w) as the network takes them, on the device where they are.

        Images of another size, kept small to save memory, are resized whole: nothing is cut off.

        Returns:
            (batch, 3, size, size), float32.
        """
        if images.shape[2:] != (self.size, self.size):
            images = self._enlarged(images)
        batch = normalise(images, self.mean, self.std)
        # Convolutions are half as fast again with the channels last, on a CPU (oneDNN), on CUDA.
        wants_channels_last = batch.device.type != "mps"
        return batch.contiguous(memory_format=torch.channels_last) if wants_channels_last else batch

    def described(self) -> dict[str, Any]:
        """What is to be done to a picture, for readers without the studio; plain JSON."""
        return {
            "size": self.size,
            "resize": self.resize,
            "interpolation": self.interpolation,
            "cuts_first": self.cuts_first,
            "mean": list(self.mean),
            "std": list(self.std),
        }

    def _enlarged(self, images: torch.Tensor) -> torch.Tensor:
        """(batch, 3, h, w) -> (batch, 3, size, size), float32 of 0..255."""
        shrinks = min(images.shape[2:]) > self.size
        larger = F.interpolate(
            images.to(torch.float32),
            (self.size, self.size),
            mode=self.interpolation,
            antialias=shrinks,
        )
        return larger.clamp_(0, 255)  # bicubic weights overshoot at edges


def square(size: int) -> Preprocessing:
    """Images of `size` pixels a side, cut as little as can be; normalised to -1..1."""
    return Preprocessing(size, size, "bicubic", _HALF, _HALF, cuts_first=True)
