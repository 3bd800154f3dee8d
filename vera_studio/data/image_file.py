"""Reading one image file as the square of pixels that a network takes."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

MAX_PIXELS = 89_000_000  # of an image; more would take seconds and a gigabyte to open
_DETAIL = 2  # large JPEGs are decoded at no less than this many times the size asked for


class UnreadableImage(Exception):  # noqa: N818 - never shown: becomes a SkippedFile
    """A file that is no image that can be used; the message says why."""


def read_image(path: Path, size: int) -> NDArray[np.uint8]:
    """Read an image upright, its shorter side scaled to `size`, its centre cut out.

    What is transparent becomes white. An image of size x size pixels keeps them as they are.

    Returns:
        (size, size, 3), RGB.

    Raises:
        UnreadableImage: the file cannot be read, is damaged, too large, or no image.
    """
    if not path.is_file():  # a pipe would block for ever
        raise UnreadableImage("There is no regular file here.")
    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UnreadableImage(f"Too large: {image.width} x {image.height} pixels.")
            image.draft(None, (_DETAIL * size, _DETAIL * size))
            return np.asarray(_square(_to_rgb(ImageOps.exif_transpose(image)), size))
    except UnreadableImage:
        raise
    except UnidentifiedImageError:
        raise UnreadableImage("Not an image in a known format.") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnreadableImage("Too large: more pixels than can be opened safely.") from None
    except PermissionError:
        raise UnreadableImage("Not allowed to read this file.") from None
    except Exception as error:
        # A damaged file trips Pillow's decoders into errors of nearly any kind.
        raise UnreadableImage(f"Damaged: {error or type(error).__name__}.") from error


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits a pixel, which convert() would cut off at 255
        image = Image.fromarray((np.asarray(image) // 256).clip(0, 255).astype(np.uint8))
    if image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def _square(image: Image.Image, size: int) -> Image.Image:
    if image.size == (size, size):
        return image
    return ImageOps.fit(image, (size, size), Image.Resampling.BICUBIC)
