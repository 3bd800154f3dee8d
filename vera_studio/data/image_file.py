"""Reading one image file as the square of pixels that a network takes.

Anything may be in the file. It is opened as one of a few raster formats only, for Pillow would
start Ghostscript on PostScript; how much is read and how much memory that takes is bounded.
"""

import contextlib
import io
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from vera_studio.data.deep_grey import is_deep, to_8_bits, value_range
from vera_studio.data.image_formats import MAX_HEAD, RAW, formats_for, is_raw, unknown
from vera_studio.data.preprocessing import Preprocessing
from vera_studio.errors import Cancelled, ShouldStop
from vera_studio.files import open_regular, reason
from vera_studio.memory import free_memory
from vera_studio.wording import sentence

PIXELS_VERSION = 1  # another one, whenever a file comes to be other pixels: caches are made anew
MAX_PIXELS = 89_000_000  # of an image; more would take seconds and half a gigabyte to open
_MAX_BYTES = 2**29  # of a file: what so many pixels take without compression
_LONGEST = 4  # times its shorter side that an image may be long and is scaled whole
_DETAIL = 2  # large images are brought down to no less than this many times the size asked for
_WHOLE = 2**22  # pixels that are converted at once; of a larger image, strip after strip
_UNASKED = 2**26  # bytes that are taken without asking whether they are free
_READ_AT_ONCE = 2**16  # bytes; in between one can stop
_DECODED_WHOLE = ("AVIF", "HEIF", "JPEG2000", "WEBP")  # and then copied
_RESAMPLING = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
_ORIENTATION = 0x0112  # in the camera's notes
_TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_one_at_a_time = threading.Lock()  # of the large ones, whatever number of threads decode


class UnreadableImage(Exception):  # noqa: N818 - never shown: becomes a SkippedFile
    """A file that is no image that can be used.

    Attributes:
        kind: why, in words that many files can share, such as "damaged".
        detail: what is to be said of this file besides; may be empty.
    """

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(sentence(kind, detail))
        self.kind, self.detail = kind, detail


def read_image(
    path: Path, form: Preprocessing, should_stop: ShouldStop = lambda: False
) -> NDArray[np.uint8]:
    """Read an image upright, its shorter side scaled and its centre cut out as `form` says.

    What is transparent becomes white. Where the form cuts no edges off, an image of its size
    keeps its pixels as they are.
    Grey of more than 8 bits is brought to 8 by the file's own range.

    Args:
        path: of the file.
        form: how it becomes what a network takes.
        should_stop: asked before every 64 KB of the file, and every strip of a large image.

    Returns:
        (size, size, 3), RGB.

    Raises:
        UnreadableImage: the file cannot be read, is damaged, too large, or no image.
        MemoryError: there is none left, though the image is not large.
        Cancelled: `should_stop` said so.
    """
    return _told(lambda: _open(path, should_stop), path.suffix, form, should_stop)


def read_picture(
    content: bytes, form: Preprocessing, should_stop: ShouldStop = lambda: False
) -> NDArray[np.uint8]:
    """As `read_image`, of the content of a file that never was one, such as a pasted picture.

    Args, Returns, Raises: as `read_image`.
    """
    return _told(lambda: io.BufferedReader(io.BytesIO(content)), "", form, should_stop)


def _told(
    opening: Callable[[], io.BufferedReader],
    suffix: str,
    form: Preprocessing,
    should_stop: ShouldStop,
) -> NDArray[np.uint8]:
    try:
        with opening() as file:
            return _read(file, suffix, form, should_stop)
    except (UnreadableImage, Cancelled, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large("more pixels than that") from None
    except Exception as error:
        # A damaged file trips Pillow's decoders into errors of nearly any kind.
        raise UnreadableImage("damaged", str(error) or type(error).__name__) from error


class _AskingFile(io.RawIOBase):
    """A file that asks before it reads whether to stop: a disk may be slow, a file large."""

    def __init__(self, file: io.RawIOBase, should_stop: ShouldStop) -> None:
        self._file, self._should_stop = file, should_stop

    def readinto(self, buffer: "memoryview") -> int | None:  # type: ignore[override]
        if self._should_stop():
            raise Cancelled
        return self._file.readinto(buffer)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()
        super().close()


def _open(path: Path, should_stop: ShouldStop) -> io.BufferedReader:
    try:
        opened = open_regular(path, sys.maxsize)
    except PermissionError:
        raise UnreadableImage("not allowed to be read") from None
    except FileNotFoundError:
        is_link = path.is_symlink()
        kind = "link to nothing, no regular file" if is_link else "gone since it was listed"
        raise UnreadableImage(kind) from None
    except OSError as error:  # the system's own have a number
        kind = "cannot be read" if error.errno else "pipe, device or socket, no regular file"
        raise UnreadableImage(kind, reason(error)) from None
    size = os.fstat(opened.fileno()).st_size
    if not 0 < size <= _MAX_BYTES:
        opened.close()
        if size:
            raise _too_large(f"{size:,} bytes")
        raise UnreadableImage("not an image (empty)")  # or one of /proc, that may never end
    raw = opened.detach()  # type: ignore[attr-defined]
    return io.BufferedReader(_AskingFile(raw, should_stop), _READ_AT_ONCE)


def _read(
    file: io.BufferedReader, suffix: str, form: Preprocessing, should_stop: ShouldStop
) -> NDArray[np.uint8]:
    head = file.peek(MAX_HEAD)[:MAX_HEAD]
    formats = formats_for(head, suffix)
    if isinstance(formats, str):
        raise UnreadableImage(formats)
    try:
        image = Image.open(file, formats=formats)
    except UnidentifiedImageError:
        raise UnreadableImage(unknown(head)) from None
    with image:
        if is_raw(image):
            raise UnreadableImage(RAW)
        pixels = image.width * image.height
        if pixels > MAX_PIXELS:
            raise _too_large(f"{image.width} x {image.height} pixels")
        image.draft(None, (_DETAIL * form.resize, _DETAIL * form.resize))
        with _one_at_a_time if _check_room(image, pixels) else contextlib.nullcontext():
            if should_stop():  # while another was waited for
                raise Cancelled
            rgb = _upright(_to_rgb(image, form.resize, should_stop), image)
    return np.asarray(_framed(rgb, form))


def _framed(image: Image.Image, form: Preprocessing) -> Image.Image:
    """The image scaled and cut out as `form` says, to the pixel as torchvision does both."""
    size, resampling = form.size, _RESAMPLING[form.interpolation]
    if form.cuts_first:
        fits = image.size == (size, size)
        return image if fits else ImageOps.fit(image, (size, size), resampling)
    image = _shortened(image)
    width, height = image.size
    shorter = min(width, height)
    if shorter != form.resize:
        width, height = (form.resize * side // shorter for side in (width, height))
        image = image.resize((width, height), resampling)
    left, top = round((width - size) / 2), round((height - size) / 2)
    return image.crop((left, top, left + size, top + size))


def _shortened(image: Image.Image) -> Image.Image:
    """The middle of a very long image: scaling all of it would take memory for what is cut off."""
    width, height = image.size
    longest = _LONGEST * min(width, height)
    left, top = max(0, (width - longest) // 2), max(0, (height - longest) // 2)
    if not left and not top:
        return image
    return image.crop((left, top, left + min(width, longest), top + min(height, longest)))


def _too_large(detail: str) -> UnreadableImage:
    most = f"{MAX_PIXELS / 10**6:,.0f} megapixels and {_MAX_BYTES // 10**6} MB"
    return UnreadableImage("too large", f"{detail}; up to {most} are opened")


def _check_room(image: Image.Image, full_pixels: int) -> bool:
    """Whether an image is large; one that would fill the memory is refused before it is decoded."""
    need = image.width * image.height * (1 if image.mode in ("1", "L", "P") else 4)
    if image.info.get("progressive"):  # the coefficients of all pixels are kept meanwhile
        need += 6 * full_pixels
    if image.format in _DECODED_WHOLE:
        need *= 3
    if need > _UNASKED and need > free_memory() // 2:
        need_text = f"{image.width} x {image.height} pixels need {need // 10**6:,} MB"
        raise UnreadableImage("too large for the memory that is free", need_text)
    return need > _UNASKED


def _to_rgb(image: Image.Image, size: int, should_stop: ShouldStop) -> Image.Image:
    """The image as RGB; of a large one the square in its middle, already of `size`.

    A large one goes strip after strip, to be in memory once, and not once a conversion.
    """
    convert = _converter(image, should_stop)
    width, height = image.size
    if width * height <= _WHOLE:
        return convert(image)
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    factor = max(1, side // (_DETAIL * size))
    reduced = Image.new("RGB", (-(-side // factor),) * 2)
    for start, end in _rows(side, side, should_stop, factor):
        strip = convert(image.crop((left, top + start, left + side, top + end)))
        reduced.paste(strip.reduce(factor), (0, start // factor))
    last = side / factor  # within the last pixel, where it stands for fewer than the others
    return reduced.resize((size, size), Image.Resampling.BICUBIC, (0, 0, last, last))


def _converter(image: Image.Image, should_stop: ShouldStop) -> Callable[[Image.Image], Image.Image]:
    """What makes strips of `image` RGB, each as the others."""
    if not is_deep(image):
        return _flat
    width, height = image.size
    rows = _rows(width, height, should_stop)
    limits = value_range(image.crop((0, start, width, end)) for start, end in rows)
    return lambda strip: to_8_bits(strip, limits).convert("RGB")


def _rows(
    width: int, height: int, should_stop: ShouldStop, step: int = 1
) -> Iterator[tuple[int, int]]:
    """Where each strip begins and ends; all but the last have a multiple of `step` rows."""
    rows = max(1, _WHOLE // width // step) * step
    for start in range(0, height, rows):
        if should_stop():
            raise Cancelled
        yield start, min(start + rows, height)


def _flat(image: Image.Image) -> Image.Image:
    """RGB, what is transparent on white."""
    if image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def _upright(rgb: Image.Image, original: Image.Image) -> Image.Image:
    """`rgb` turned and mirrored as the camera noted."""
    try:
        orientation = original.getexif().get(_ORIENTATION)
    except Exception:  # damaged notes do not spoil the picture
        return rgb
    transpose = _TRANSPOSES.get(orientation) if isinstance(orientation, int) else None
    return rgb if transpose is None else rgb.transpose(transpose)
