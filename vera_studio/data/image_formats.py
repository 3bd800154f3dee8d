"""Which formats of images are opened, and what a file is that is in none of them."""

import functools
import os
import re
import sys
import warnings
from bisect import insort
from collections.abc import Iterable
from pathlib import Path

from PIL import Image, features

from vera_studio.files import open_regular

MAX_HEAD = 512  # bytes at the start of a file that say what it is
# Raster formats that Pillow decodes by itself, and what it must have been built with for them.
# Not among them: PostScript, for which it starts Ghostscript; WMF, FITS, GRIB, HDF5 and the
# like, which other programs' code may be registered for; and those without a signature.
_FORMATS = {
    "AVIF": "avif",
    "BMP": None,
    "GIF": None,
    "JPEG": "jpg",
    "JPEG2000": "jpg_2000",
    "PNG": "zlib",
    "PPM": None,
    "QOI": None,
    "TIFF": None,
    "WEBP": "webp",
}
_SAVE = "save it as PNG or JPEG"
_HEIC = f"HEIC photograph (install pillow-heif to open it, or {_SAVE})"
_AVIF = f"AVIF picture (a newer Pillow opens it, or {_SAVE})"
_JXL = f"JPEG XL picture ({_SAVE})"
RAW = f"raw photograph of a camera (develop it, and {_SAVE})"
_POSTSCRIPT = f"PostScript drawing ({_SAVE})"
_ARCHIVE = "archive (unpack it)"
_VIDEO = "video (save frames of it as PNG or JPEG)"
_SIGNATURES = (
    (b"%!PS", _POSTSCRIPT),
    (b"\xc5\xd0\xd3\xc6", _POSTSCRIPT),  # with a preview
    (b"%PDF", "PDF document (save its pictures as PNG or JPEG)"),
    (b"8BPS", f"Photoshop file ({_SAVE})"),
    (b"\xff\x0a", _JXL),
    (b"\0\0\0\x0cJXL ", _JXL),
    (b"FUJIFILMCCD-RAW", RAW),
    (b"FOVb", RAW),
    (b"II\x1a\0\0\0HEAPCCDR", RAW),
    (b"IIRO", RAW),
    (b"IIRS", RAW),
    (b"MMOR", RAW),
    (b"IIU\0", RAW),
    (b"version https://git-lfs", "Git LFS pointer ('git lfs pull' brings the picture)"),
    (b"PK\3\4", _ARCHIVE),
    (b"\x1f\x8b", _ARCHIVE),
    (b"7z\xbc\xaf", _ARCHIVE),
    (b"Rar!", _ARCHIVE),
    (b"\x1aE\xdf\xa3", _VIDEO),
    (b"\0\5\x16\7", "what macOS notes beside a file"),
)
_HEIC_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_RAW_SUFFIX = re.compile(r"\.(3fr|arw|cr2|dng|erf|iiq|kdc|nef|nrw|pef|rwl|sr2|srw)", re.IGNORECASE)
_DNG_VERSION = 50706  # a tag of TIFF
_WEB_PAGE = re.compile(rb"<(!doctype\s+html|html|head|title|body|script|meta)\b")
# What pictures are called, those too that another program has to open first.
_PICTURE_SUFFIX = re.compile(
    r"\.(jpe?g|jpe|jfif|pjpe?g|png|apng|gif|bmp|dib|tiff?|webp|avifs?|heic|heif|hif|jp2|j2k|jpx|jxl|"
    r"p[bgpn]m|qoi|mpo|dng|cr[23]|nef|arw|orf|rw2|raf)",
    re.IGNORECASE,
)
# How pictures begin, of whatever name.
_PICTURE_HEADS = (
    *(b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"qoif", b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51"),
    *_TIFF,
)
# Of the files in a folder that are looked into to know whether it has pictures.
_MOST_SUFFIXES, _MOST_OF_EACH = 8, 4


@functools.cache
def formats() -> tuple[str, ...]:
    """Pillow's names of the formats that are opened, as far as it was built with them."""
    Image.init()
    # What is wrong with a file is told as a reason for skipping it, and not on the terminal.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    return tuple(
        name
        for name, feature in _FORMATS.items()
        if name in Image.OPEN and (feature is None or features.check(feature))
    )


@functools.cache
def heif_format() -> tuple[str, ...]:
    """Pillow's name of HEIC, where the package that opens it is installed."""
    try:
        import pillow_heif
    except ImportError:
        return ()
    pillow_heif.register_heif_opener()
    return ("HEIF",)


def formats_for(head: bytes, suffix: str) -> tuple[str, ...] | str:
    """In which formats to open a file; in place of them what it is, where it is in none.

    Args:
        head: its first `MAX_HEAD` bytes.
        suffix: of its name.
    """
    if head[4:8] == b"ftyp":
        return _of_container(head)
    if head.startswith(_TIFF):
        is_raw = head[8:10] == b"CR" or _RAW_SUFFIX.fullmatch(suffix)
        return RAW if is_raw else formats()
    if found := next((told for start, told in _SIGNATURES if head.startswith(start)), None):
        return found
    return _of_markup(head) or formats()


def unknown(head: bytes) -> str:
    """What to call a file that is in none of the formats that it was tried in."""
    try:
        text = head.decode("utf-8-sig", errors="strict" if len(head) < MAX_HEAD else "ignore")
    except UnicodeDecodeError:
        text = "\0"
    is_text = all(character.isprintable() or character.isspace() for character in text)
    return "not an image (text)" if is_text else "not an image in a known format"


def is_raw(image: Image.Image) -> bool:
    """Whether it is a camera's raw photograph, of which Pillow would show the small preview."""
    return _DNG_VERSION in getattr(image, "tag_v2", ())


def looks_like_picture(entries: Iterable[os.DirEntry[str]], folders: list[Path]) -> bool:
    """Whether a file among the entries of a folder looks like a picture; stops at the first.

    It goes by the suffix; of the first few files, by name, with each of a few other suffixes, or
    none, by their first bytes.

    Args:
        entries: of the folder.
        folders: the folders among the entries are added to it.
    """
    others: dict[str, list[str]] = {}
    for entry in entries:
        if entry.is_dir():
            folders.append(Path(entry.path))
        elif _PICTURE_SUFFIX.fullmatch(Path(entry.name).suffix):
            return True
        else:
            same = others.setdefault(Path(entry.path).suffix.casefold(), [])
            insort(same, entry.path)
            del same[_MOST_OF_EACH:]
    few = [others[suffix] for suffix in sorted(others)[:_MOST_SUFFIXES]]
    return any(_begins_like_picture(Path(path)) for same in few for path in same)


def _begins_like_picture(path: Path) -> bool:
    try:
        with open_regular(path, sys.maxsize) as file:
            head = file.read(MAX_HEAD) or b""
    except OSError:
        return False
    if head[4:8] == b"ftyp":
        return not isinstance(_of_container(head), str) or _of_container(head) in (_HEIC, _AVIF)
    is_webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    is_bmp = head[:2] == b"BM" and head[6:10] == b"\0\0\0\0"
    return is_webp or is_bmp or head.startswith(_PICTURE_HEADS)


def _of_container(head: bytes) -> tuple[str, ...] | str:
    """The same, of a file of the family of MP4, which names its brands."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[start : start + 4] for start in range(16, end, 4))}
    if brands & {b"avif", b"avis"}:
        return formats() if "AVIF" in formats() else _AVIF
    if brands & _HEIC_BRANDS:
        return heif_format() or _HEIC
    return RAW if b"crx " in brands else _VIDEO


def _of_markup(head: bytes) -> str | None:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not text.startswith(b"<"):
        return None
    if _WEB_PAGE.search(text):
        return "web page (the download brought no picture)"
    return f"SVG drawing ({_SAVE})" if b"<svg" in text else None
