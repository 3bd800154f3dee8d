"""What a network is fed from: images, or features that its frozen part made of them.

Both are asked for *views*. View `index + count * variant` of `count` images is image `index`
in that variant of the augmentation, so that a whole epoch's order is one tensor of numbers.
"""

from typing import Protocol

import torch
from torch import nn

from vera_studio.data.augmentation import Augmentation
from vera_studio.data.preprocessing import Preprocessing
from vera_studio.data.store import ImageSet
from vera_studio.data.views import DrawnViews

# In a batch. With fewer, threads wait for one another longer than they work; found by trying on
# the ConvNet: 32 images of 32 x 32 pixels, and 128 rows of its 152 features.
_NUMBERS_FOR_THREADS = 32 * 3 * 32 * 32
_FEATURES_FOR_THREADS = 128 * 152
# Computed at once without gradient: 500 images of 32 x 32 pixels, 16 of 224 x 224. Of
# EfficientNet-Lite0 two cores compute 61 images/s in sixteens and 36 in sixty-fours.
MOST_AT_ONCE = 500
_LEAST_AT_ONCE = 8
_NUMBERS_AT_ONCE = 16 * 3 * 224 * 224


class Inputs(Protocol):
    """Images with their labels, and the part of a network that is left to compute on them."""

    labels: torch.Tensor  # (count,) int64, on the device that computes
    index_device: torch.device  # where views have to be

    def logits(self, views: torch.Tensor) -> torch.Tensor:
        """Logits (batch, classes) of the views (batch,) int64, with gradient where wanted."""
        ...

    @property
    def at_once(self) -> int:
        """How many views to compute at once where no gradient is wanted."""
        ...

    def threads_pay(self, batch_size: int) -> bool:
        """Whether a CPU trains on batches of so many images faster with several threads."""
        ...


class ImageInputs:
    """Images that go through the whole network every time."""

    def __init__(
        self,
        network: nn.Module,
        preprocessing: Preprocessing,
        images: ImageSet,
        augmentation: Augmentation | DrawnViews | None = None,
    ) -> None:
        """Prepare to compute on `images`, which stay on the device where they are.

        Args:
            network: on the device that computes.
            preprocessing: what the network's images must be.
            images: 3 KB each where they are 32 x 32 pixels.
            augmentation: what views other than the first `len(images)` are.
        """
        self.labels = images.labels.to(device_of(network))
        self.index_device = images.device
        self._network = network
        self._preprocessing = preprocessing
        self._images = images
        self._augmentation = augmentation or Augmentation()

    @property
    def views(self) -> int:
        """How many views there are."""
        return len(self._images) * self._augmentation.variants

    @property
    def image_numbers(self) -> int:
        """How many numbers an image has as the network takes it."""
        return 3 * self._preprocessing.size**2

    def logits(self, views: torch.Tensor) -> torch.Tensor:
        """Logits (batch, classes) of the views (batch,)."""
        logits: torch.Tensor = self._network(self.gather(views))
        return logits

    @property
    def at_once(self) -> int:
        """How many views to compute at once where no gradient is wanted."""
        return at_once(self.image_numbers)

    def threads_pay(self, batch_size: int) -> bool:
        """Whether a CPU trains on batches of so many images faster with several threads."""
        return batch_size * self.image_numbers >= _NUMBERS_FOR_THREADS

    def gather(self, views: torch.Tensor) -> torch.Tensor:
        """The views (batch,) as the network takes them: (batch, 3, height, width) float32."""
        count = len(self._images)
        images = self._images.read(views % count)
        images = self._augmentation.apply(images, views // count, views % count)
        return self._preprocessing(images.to(self.labels.device, non_blocking=True))


class FeatureInputs:
    """Features from a cache, which only go through the trained part of the network."""

    def __init__(self, trained: nn.Module, features: torch.Tensor, labels: torch.Tensor) -> None:
        """Prepare to compute on `features`.

        Args:
            trained: takes rows of features (batch, width), gives logits (batch, classes).
            features: (views, width), in memory of any kind.
            labels: (count,) int64, on the device that computes.
        """
        self.labels = labels
        self.index_device = features.device
        self._trained = trained
        self._features = features

    def logits(self, views: torch.Tensor) -> torch.Tensor:
        """Logits (batch, classes) of the views (batch,)."""
        rows = self._features.index_select(0, views).to(self.labels.device, non_blocking=True)
        logits: torch.Tensor = self._trained(rows)
        return logits

    @property
    def at_once(self) -> int:
        """How many views to compute at once where no gradient is wanted."""
        return at_once(self._features.shape[1])

    def threads_pay(self, batch_size: int) -> bool:
        """Whether a CPU trains on batches of so many images faster with several threads."""
        return batch_size * self._features.shape[1] >= _FEATURES_FOR_THREADS


def at_once(numbers: int) -> int:
    """Items of so many numbers each: few enough that what is made of them fits into a cache."""
    return max(_LEAST_AT_ONCE, min(MOST_AT_ONCE, _NUMBERS_AT_ONCE // numbers))


def device_of(network: nn.Module) -> torch.device:
    """Where the parameters of `network` are."""
    return next(network.parameters()).device
