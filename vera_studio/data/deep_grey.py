"""Grey images of more than 8 bits a pixel, brought to 8 with their contrast kept.

Such a file does not say which of its values is white: 10 or 12 bits come in 16, floats from 0 to
1 as well as from 0 to 65535. The values themselves are asked.
"""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_WHITES = tuple(2.0**bits - 1 for bits in (8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 31, 32))
_LEAST_USED = 0.25  # of the range from 0 to white; with less, it is not this white


def is_deep(image: Image.Image) -> bool:
    """Whether it is grey of 16 or 32 bits a pixel, whole numbers or floats."""
    return image.mode.startswith(("I", "F"))


def value_range(strips: Iterable[Image.Image]) -> tuple[float, float]:
    """Which values of an image, given strip after strip, are black and white.

    From 0 to the least white of a common depth that holds all values; where they use less than
    a quarter of that, or are negative, from the least of them to the greatest.

    Raises:
        ValueError: no value is a finite number.
    """
    low, high, is_float = math.inf, -math.inf, False
    for strip in strips:
        values = _values(strip)
        is_float = values.dtype.kind == "f"
        values = values[np.isfinite(values)] if is_float else values
        if values.size:
            low, high = min(low, float(values.min())), max(high, float(values.max()))
    if low > high:
        raise ValueError("it has no finite value")
    white = next((w for w in ((1.0, *_WHITES) if is_float else _WHITES) if w >= high), high)
    if low >= 0 and (high >= white * _LEAST_USED or low == high):
        return 0.0, white
    return low, high


def to_8_bits(image: Image.Image, limits: tuple[float, float]) -> Image.Image:
    """Mode L, with the first of `limits` as black and the second as white."""
    black, white = limits
    values = np.nan_to_num(_values(image).astype(np.float32), nan=black)
    shares = (values - black) * (255 / ((white - black) or 1.0))
    return Image.fromarray(shares.clip(0, 255).round().astype(np.uint8))


def _values(image: Image.Image) -> NDArray[np.generic]:
    return np.asarray(image)
