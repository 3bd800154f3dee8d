"""Reads a picture as the network saw pictures when it was trained, to the pixel."""

import numpy as np
from PIL import Image, ImageOps

LARGE = 2**22  # pixels: of a larger picture the square in the middle is brought down first
LONGEST = 4  # times its shorter side: of a longer picture the middle is scaled
TURNS = {  # what a camera notes of how it was held
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
WHITES = [2.0**bits - 1 for bits in (*range(8, 31, 2), 31, 32)]


def read_picture(path, size, resize, interpolation, cuts_first):
    """The pixels (size, size, 3) of a picture, red first, upright, its middle cut out.

    Args:
        path: of the picture.
        size: pixels a side of what the network takes.
        resize: pixels that the shorter side is scaled to before.
        interpolation: "bilinear" or "bicubic".
        cuts_first: whether the square is cut out of the middle before it is scaled.
    """
    scaling = Image.Resampling[interpolation.upper()]
    with Image.open(path) as image:
        image.draft(None, (2 * resize, 2 * resize))  # a large JPEG is read smaller
        rgb = reduced(image, resize) if image.width * image.height > LARGE else in_rgb(image)
        turn = TURNS.get(image.getexif().get(0x0112))
    rgb = rgb if turn is None else rgb.transpose(turn)
    if cuts_first:
        fits = rgb.size == (size, size)
        return np.asarray(rgb if fits else ImageOps.fit(rgb, (size, size), scaling))
    shorter = min(rgb.size)
    rgb = middle(rgb, *(min(side, LONGEST * shorter) for side in rgb.size))
    rgb = rgb.resize([resize * side // shorter for side in rgb.size], scaling)
    left, top = (round((side - size) / 2) for side in rgb.size)
    return np.asarray(rgb.crop((left, top, left + size, top + size)))


def middle(image, width, height):
    """The middle of an image."""
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def reduced(image, size):
    """The square in the middle of a large image, brought down to `size` pixels a side."""
    limits = value_range(image) if is_deep(image) else None
    side = min(image.size)
    factor = max(1, side // (2 * size))
    square = in_rgb(middle(image, side, side), limits).reduce(factor)
    return square.resize((size, size), Image.Resampling.BICUBIC, (0, 0, *[side / factor] * 2))


def in_rgb(image, limits=None):
    """The image as RGB; what is transparent becomes white."""
    if is_deep(image):
        black, white = limits or value_range(image)
        values = np.nan_to_num(np.asarray(image).astype(np.float32), nan=black)
        shares = (values - black) * (255 / ((white - black) or 1.0))
        image = Image.fromarray(shares.clip(0, 255).round().astype(np.uint8))
    elif image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def is_deep(image):
    """Whether it is grey of 16 or 32 bits a pixel."""
    return image.mode.startswith(("I", "F"))


def value_range(image):
    """Which values of deep grey are black and white: such a file does not say."""
    values = np.asarray(image)
    values = values[np.isfinite(values)]
    low, high = float(values.min()), float(values.max())
    whites = [1.0, *WHITES] if values.dtype.kind == "f" else WHITES
    white = next((white for white in whites if white >= high), high)
    is_used = low >= 0 and (high >= white / 4 or low == high)
    return (0.0, white) if is_used else (low, high)
