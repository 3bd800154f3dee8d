"""The built-in sample: small drawings of the ten CIFAR-10 classes, made from a seed.

They need no network and no file, so that there is something to train on at once. They
look enough unlike photographs that a network trained on those does poorly on them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import radians

import numpy as np
import torch
from numpy.random import PCG64, Generator, SeedSequence
from numpy.typing import NDArray
from PIL import Image

from vera_studio.data.class_names import match_cifar10
from vera_studio.data.sample import animals, scenes, vehicles
from vera_studio.data.sample.pen import Pen
from vera_studio.data.split import hold_out
from vera_studio.data.store import (
    ImageData,
    ImageSet,
    OnProgress,
    ShouldStop,
    never_stop,
    no_progress,
)
from vera_studio.errors import Cancelled

TITLE = "Built-in sample"
TRAIN_PER_CLASS = 200  # images, before some are held out for validation
TEST_PER_CLASS = 100

# How hard the drawings are to tell apart.
OWN_SCENE_SHARE = 0.85  # of the drawings before the background that fits; others get any
SCALE = (0.55, 0.95)  # size of a drawing; at 1 it fills the image
SHIFT = 0.3  # of half an image, at most, off the centre
TILT = radians(14)  # at most, either way
MIRROR_SHARE = 0.5
LIGHT = (0.7, 1.2)  # all pixels of an image times one number in this range
NOISE = (2.0, 16.0)  # standard deviation of the noise of an image, of 255

_SIZE = 32  # pixels a side
_OVERSAMPLING = 3  # drawn this many times as large, then averaged
_REPORT_EVERY = 25  # drawings


@dataclass(frozen=True)
class _Subject:
    """How a class is drawn."""

    draw: Callable[[Pen, Generator], None]
    scene: scenes.Scene  # the background that fits
    tilt: float = TILT  # radians, at most


_SUBJECTS = {
    "airplane": _Subject(vehicles.draw_airplane, scenes.evening_sky, radians(28)),
    "automobile": _Subject(vehicles.draw_automobile, scenes.street),
    "bird": _Subject(animals.draw_bird, scenes.day_sky),
    "cat": _Subject(animals.draw_cat, scenes.room),
    "deer": _Subject(animals.draw_deer, scenes.snow),
    "dog": _Subject(animals.draw_dog, scenes.meadow),
    "frog": _Subject(animals.draw_frog, scenes.pond),
    "horse": _Subject(animals.draw_horse, scenes.wheat_field),
    "ship": _Subject(vehicles.draw_ship, scenes.night_sea, radians(8)),
    "truck": _Subject(vehicles.draw_truck, scenes.desert),
}


def make_sample(
    class_names: Sequence[str],
    validation_share: float = 0.1,
    seed: int = 0,
    on_progress: OnProgress = no_progress,
    should_stop: ShouldStop = never_stop,
) -> ImageData:
    """Draw the sample.

    Args:
        class_names: the network's classes; those that the sample does not draw stay empty.
        validation_share: of the training images, held out of each class.
        seed: of the drawings and of the split.
        on_progress: told how many drawings are done.
        should_stop: asked between drawings.

    Returns:
        Images of 32 x 32 pixels: the same for the same seed and versions of the libraries.

    Raises:
        DataError: the network lacks a class that the sample draws.
        Cancelled: `should_stop` said so.
    """
    label_of = match_cifar10(_SUBJECTS, class_names)
    total = len(_SUBJECTS) * (TRAIN_PER_CLASS + TEST_PER_CLASS)
    done = 0

    def count_one() -> None:
        nonlocal done
        done += 1
        if done % _REPORT_EVERY == 0:
            on_progress(done, total)
        if should_stop():
            raise Cancelled

    # Each part has its own stream of random numbers, so no drawing is in both.
    train = _draw_part(label_of, TRAIN_PER_CLASS, SeedSequence([seed, 0]), count_one)
    test = _draw_part(label_of, TEST_PER_CLASS, SeedSequence([seed, 1]), count_one)
    kept, held_out = hold_out(train, validation_share, seed)
    return ImageData("sample", TITLE, tuple(class_names), kept, held_out, test)


def _draw_part(
    label_of: dict[str, int], per_class: int, seed: SeedSequence, count_one: Callable[[], None]
) -> ImageSet:
    random = Generator(PCG64(seed))
    images = np.empty((len(label_of) * per_class, _SIZE, _SIZE, 3), dtype=np.uint8)
    names = [name for name in label_of for _ in range(per_class)]
    for index, name in enumerate(names):
        images[index] = np.asarray(_draw_one(_SUBJECTS[name], random))
        count_one()
    photographed = torch.from_numpy(_add_light_and_noise(images, random))
    labels = torch.tensor([label_of[name] for name in names])
    return ImageSet(photographed.permute(0, 3, 1, 2).contiguous(), labels)


def _draw_one(subject: _Subject, random: Generator) -> Image.Image:
    scene = subject.scene
    if random.random() >= OWN_SCENE_SHARE:
        scene = scenes.ALL_SCENES[int(random.random() * len(scenes.ALL_SCENES))]
    image = scene(random, _SIZE * _OVERSAMPLING)
    pen = Pen(
        image,
        centre=(_either_way(random, SHIFT), _either_way(random, SHIFT)),
        scale=SCALE[0] + (SCALE[1] - SCALE[0]) * random.random(),
        tilt=_either_way(random, subject.tilt),
        mirror=random.random() < MIRROR_SHARE,
    )
    subject.draw(pen, random)
    return image.reduce(_OVERSAMPLING)


def _add_light_and_noise(images: NDArray[np.uint8], random: Generator) -> NDArray[np.uint8]:
    """`images` (count, height, width, 3) uint8 as a camera in poor light would see them."""
    per_image = (len(images), 1, 1, 1)
    light = random.uniform(*LIGHT, per_image).astype(np.float32)
    noise = random.uniform(*NOISE, per_image).astype(np.float32)
    seen = random.standard_normal(images.shape, dtype=np.float32)
    seen *= noise
    seen += images * light
    return seen.clip(0, 255).astype(np.uint8)


def _either_way(random: Generator, most: float) -> float:
    return (2 * random.random() - 1) * most
