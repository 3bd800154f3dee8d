import contextlib
import functools
import io
import os
import struct
import subprocess
import sys
import textwrap
import types
import zlib

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from tests import audit
from vera_studio.data import image_file, image_formats
from vera_studio.data.image_file import UnreadableImage, read_image
from vera_studio.data.preprocessing import square
from vera_studio.errors import Cancelled


def test_an_image_of_the_right_size_keeps_its_pixels(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(tmp_path / "a.png", square(32)), pixels)


@pytest.mark.parametrize("size", [(90, 30), (30, 90)])
def test_the_middle_is_cut_out(tmp_path, size):
    image = Image.new("RGB", size, "red")
    middle = (30, 0, 60, 30) if size[0] > size[1] else (0, 30, 30, 60)
    image.paste("blue", middle)
    image.save(tmp_path / "a.png")
    pixels = read_image(tmp_path / "a.png", square(15))
    assert pixels.shape == (15, 15, 3)
    assert (pixels[2:-2, 2:-2] == (0, 0, 255)).all()


def test_a_large_jpeg_and_a_tiny_image_come_out_in_size(tmp_path):
    Image.new("RGB", (1200, 900), (10, 200, 30)).save(tmp_path / "large.jpg")
    Image.new("RGB", (3, 2), (10, 200, 30)).save(tmp_path / "tiny.png")
    for name in ("large.jpg", "tiny.png"):
        pixels = read_image(tmp_path / name, square(32))
        assert pixels.shape == (32, 32, 3)
        assert np.abs(pixels.astype(int) - (10, 200, 30)).max() <= 3


def test_a_photograph_lying_on_its_side_is_put_upright(tmp_path):
    image = Image.new("RGB", (32, 32), "black")
    image.paste("white", (0, 0, 32, 16))  # bright on top
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise to show
    image.save(tmp_path / "a.png", exif=exif)
    pixels = read_image(tmp_path / "a.png", square(32))
    assert pixels[:, 20:].min() == 255
    assert pixels[:, :12].max() == 0


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_becomes_white(tmp_path, mode):
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 4, 8))
    image.convert(mode).save(tmp_path / "a.png")
    pixels = read_image(tmp_path / "a.png", square(8))
    assert (pixels[:, :4] == 0).all()
    assert (pixels[:, 4:] == 255).all()


def test_grey_and_16_bit_images(tmp_path):
    Image.new("L", (8, 8), 77).save(tmp_path / "grey.png")
    deep = np.full((8, 8), 77 * 256 + 9, dtype=np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    for name in ("grey.png", "deep.png"):
        assert (read_image(tmp_path / name, square(8)) == 77).all()


def test_what_is_no_image_says_so(tmp_path):
    (tmp_path / "notes.jpg").write_text("no pixels here")
    (tmp_path / "empty.jpg").touch()
    for name in ("notes.jpg", "empty.jpg"):
        with pytest.raises(UnreadableImage, match="Not an image"):
            read_image(tmp_path / name, square(8))


def test_a_truncated_image_is_damaged(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "whole.jpg")
    content = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "half.jpg").write_bytes(content[: len(content) // 2])
    with pytest.raises(UnreadableImage, match=r"Damaged: .*truncated"):
        read_image(tmp_path / "half.jpg", square(8))


def test_a_decompression_bomb_is_not_opened(tmp_path, monkeypatch):
    Image.new("L", (100, 100)).save(tmp_path / "a.png")
    monkeypatch.setattr(image_file, "MAX_PIXELS", 9_999)
    with pytest.raises(UnreadableImage, match="Too large: 100 x 100"):
        read_image(tmp_path / "a.png", square(8))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4_000)
    with pytest.raises(UnreadableImage, match="Too large"):
        read_image(tmp_path / "a.png", square(8))


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes and links of POSIX")
def test_pipes_and_broken_links_do_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "link.jpg").symlink_to(tmp_path / "gone.jpg")
    for name in ("pipe.jpg", "link.jpg"):
        with pytest.raises(UnreadableImage, match="no regular file"):
            read_image(tmp_path / name, square(8))


RAMP = np.tile(np.linspace(0, 1, 64), (48, 1))


def as_grey(values, dtype, name):
    def save(folder):
        Image.fromarray((RAMP * values).astype(dtype)).save(folder / name)
        return folder / name

    return save


@pytest.mark.parametrize(
    "save",
    [
        as_grey(65535, np.uint16, "16 of 16.png"),
        as_grey(1023, np.uint16, "10 of 16.png"),
        as_grey(4095, np.uint16, "12 of 16.tiff"),
        as_grey(4095, ">u2", "12 of 16, big-endian.tiff"),
        as_grey(255, np.int32, "8 of 32.tiff"),
        as_grey(2**31 - 1, np.int32, "31 of 32.tiff"),
        as_grey(1, np.float32, "to 1.tiff"),
        as_grey(255, np.float32, "to 255.tiff"),
        as_grey(65535, np.float32, "to 65535.tiff"),
        as_grey(0.004, np.float32, "to hardly more than nothing.tiff"),
    ],
)
def test_grey_of_any_depth_keeps_its_contrast(tmp_path, save):
    Image.fromarray((RAMP * 255).round().astype(np.uint8)).save(tmp_path / "8.png")
    expected = read_image(tmp_path / "8.png", square(40)).astype(int)
    assert np.ptp(expected) > 180
    assert np.abs(read_image(save(tmp_path), square(40)) - expected).max() <= 1


def test_negative_and_missing_values_are_grey_too(tmp_path):
    values = (RAMP * 3000 - 1000).astype(np.float32)  # as of a computed tomography
    values[:5, :9] = np.nan
    Image.fromarray(values).save(tmp_path / "a.tiff")
    pixels = read_image(tmp_path / "a.tiff", square(48))
    assert pixels.min() < 40
    assert pixels.max() > 215
    Image.fromarray(np.full((8, 8), np.nan, np.float32)).save(tmp_path / "none.tiff")
    with pytest.raises(UnreadableImage, match="no finite value"):
        read_image(tmp_path / "none.tiff", square(8))


ISO = b"\0\0\0\x18ftyp%b\0\0\0\0mif1%b" + bytes(40)
SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>'


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("photo.HEIC", ISO % (b"heic", b"heic"), "HEIC photograph .*pillow-heif"),
        ("photo.jpg", ISO % (b"mif1", b"heic"), "HEIC photograph"),
        ("film.jpg", b"\0\0\0\x14ftypisom\0\0\0\0mp42" + bytes(40), "Video"),
        ("raw.dng", b"II*\0" + bytes(60), "Raw photograph of a camera"),
        ("raw.CR2", b"II*\0\x10\0\0\0CR\2\0" + bytes(60), "Raw photograph"),
        ("raw.jpg", b"II*\0\x10\0\0\0CR\2\0" + bytes(60), "Raw photograph"),
        ("raw.cr3", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(40), "Raw photograph"),
        ("new.jxl", b"\xff\x0a" + bytes(40), "JPEG XL picture"),
        ("new.jpg", b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(40), "JPEG XL"),
        ("page.jpg", b"<!doctype html><title>404</title>", "Web page"),
        ("page.png", b"\xef\xbb\xbf\n <HTML lang=en><body>no</body></HTML>", "Web page"),
        ("pointer.jpg", b"version https://git-lfs.github.com/spec/v1\n", "Git LFS .*git lfs pull"),
        ("drawing.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript"),
        ("drawing.svg", SVG, "SVG drawing"),
        ("paper.jpg", b"%PDF-1.7\n", "PDF document"),
        ("layers.psd", b"8BPS\0\1" + bytes(40), "Photoshop"),
        ("all.jpg", b"PK\3\4" + bytes(40), "Archive"),
        ("list.jpg", b"name,class\n1.jpg,cat\n", r"Not an image \(text\)"),
        ("noise.jpg", bytes(range(256)), "Not an image in a known format"),
        ("empty.jpg", b"", r"Not an image \(empty\)"),
    ],
)
def test_what_is_not_opened_is_called_what_it_is(tmp_path, monkeypatch, name, content, text):
    monkeypatch.setattr(image_formats, "heif_format", lambda: ())  # as without pillow-heif
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableImage, match=text) as caught:
        read_image(tmp_path / name, square(8))
    assert str(caught.value).endswith(".")


def test_a_raw_photograph_called_tiff_is_not_opened_as_its_preview(tmp_path):
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info.tagtype[50706] = 1  # DNGVersion, of bytes
    info[50706] = b"\1\4\0\0"
    Image.new("RGB", (8, 8)).save(tmp_path / "a.tif", tiffinfo=info)
    with pytest.raises(UnreadableImage, match="Raw photograph"):
        read_image(tmp_path / "a.tif", square(8))


@pytest.mark.parametrize("format_", image_formats.formats())
def test_every_format_of_the_list_is_opened(tmp_path, format_):
    Image.new("RGB", (40, 30), (200, 100, 50)).save(tmp_path / "a", format_)
    pixels = read_image(tmp_path / "a", square(8))
    assert np.abs(pixels.astype(int) - (200, 100, 50)).max() <= 12


def test_heic_is_opened_where_it_can_be(tmp_path, monkeypatch):
    """A stand-in for pillow-heif, which opens a PNG behind HEIC's signature."""
    opener = types.ModuleType("pillow_heif")
    opener.register_heif_opener = lambda: Image.register_open("HEIF", opened)
    Image.new("RGB", (8, 8), (1, 2, 3)).save(tmp_path / "a.png")

    def opened(file, name):
        return Image.open(io.BytesIO((tmp_path / "a.png").read_bytes()))

    monkeypatch.setitem(sys.modules, "pillow_heif", opener)
    monkeypatch.setattr(Image, "OPEN", dict(Image.OPEN))
    monkeypatch.setattr(Image, "ID", list(Image.ID))
    monkeypatch.setattr(
        image_formats, "heif_format", functools.cache(image_formats.heif_format.__wrapped__)
    )
    (tmp_path / "a.heic").write_bytes(ISO % (b"heic", b"heic"))
    assert (read_image(tmp_path / "a.heic", square(8)) == (1, 2, 3)).all()


def test_no_picture_starts_a_program_or_reads_another_file(tmp_path):
    """Every kind of file that Pillow can write, and what starts programs elsewhere."""
    picture = Image.new("RGB", (16, 16), "red")
    for format_ in ("EPS", "PDF", "ICO", "ICNS", "TGA", "PCX", "SGI", "DDS", "XBM"):
        mode = {"XBM": "1"}.get(format_, "RGB")
        picture.convert(mode).save(tmp_path / f"{format_}.jpg", format_)
    for format_ in image_formats.formats():
        picture.save(tmp_path / f"{format_}.jpg", format_)
    (tmp_path / "drawing.jpg").write_text(
        "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 40 40\n%%EndComments\n{} loop\n"
    )
    (tmp_path / "metafile.jpg").write_bytes(b"\xd7\xcd\xc6\x9a\0\0" + bytes(90))
    (tmp_path / "fits.jpg").write_bytes(b"SIMPLE  =                    T" + b" " * 2850)
    opened = []
    with audit.recording() as seen:
        for path in sorted(tmp_path.iterdir()):
            with contextlib.suppress(UnreadableImage):
                opened.append(read_image(path, square(8)))
    assert seen.strays(tmp_path) == []
    assert len(opened) == len(image_formats.formats())


def write_png(path, width, height, colour_type, channels, depth=8, chunks=()):
    """A PNG of one value, of as many pixels as one likes, in little time and memory."""

    def chunk(name, content):
        return (
            struct.pack(">I", len(content))
            + name
            + content
            + zlib.crc32(name + content).to_bytes(4)
        )

    row = b"\0" + b"\x40" * (width * channels * depth // 8)
    packer = zlib.compressobj(1)
    pixels = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    content = [(b"IHDR", head), *chunks, (b"IDAT", pixels), (b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*one) for one in content))


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
@pytest.mark.parametrize("kind", ["RGBA", "palette", "grey 16"])
def test_a_giant_picture_takes_memory_once(tmp_path, kind):
    """36 megapixels of 4 bytes at most, decoded, and little besides."""
    path, side, palette = tmp_path / "a.png", 6000, [(b"PLTE", bytes(768)), (b"tRNS", bytes(256))]
    if kind == "RGBA":
        write_png(path, side, side, 6, 4)
    elif kind == "palette":
        write_png(path, side, side, 3, 1, chunks=palette)
    else:
        write_png(path, side, side, 0, 1, depth=16)
    code = textwrap.dedent(
        """
        import resource, sys
        from pathlib import Path
        from vera_studio.data.image_file import read_image
        from vera_studio.data.preprocessing import square
        def most(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        before = most()
        print(read_image(Path(sys.argv[1]), square(32))[0, 0, 0], (most() - before) // 1000)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    value, megabytes = map(int, done.stdout.split())
    assert value == {"RGBA": 207, "palette": 255, "grey 16": 64}[kind]
    assert megabytes < 144 + 80


def test_a_large_picture_is_the_middle_of_itself(tmp_path, monkeypatch):
    """Strip after strip comes to what all at once does."""
    noise = np.random.default_rng(0).integers(0, 256, (9, 14, 4), dtype=np.uint8)
    image = Image.fromarray(noise).resize((1200, 800), Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "a.png", exif=exif)
    whole = read_image(tmp_path / "a.png", square(32)).astype(int)
    monkeypatch.setattr(image_file, "_WHOLE", 100_000)
    in_strips = read_image(tmp_path / "a.png", square(32))
    assert in_strips.shape == (32, 32, 3)
    assert np.abs(in_strips - whole).max() <= 6
    assert np.abs(in_strips - whole).mean() < 1


def test_a_picture_larger_than_the_free_memory_is_skipped(tmp_path, monkeypatch):
    monkeypatch.setattr(image_file, "free_memory", lambda: 10_000)
    monkeypatch.setattr(image_file, "_UNASKED", 9_000)
    Image.new("RGB", (20, 20)).save(tmp_path / "small.png")
    assert read_image(tmp_path / "small.png", square(8)).shape == (8, 8, 3)
    Image.new("RGB", (100, 100)).save(tmp_path / "large.png")
    with pytest.raises(UnreadableImage, match="memory that is free: 100 x 100 pixels"):
        read_image(tmp_path / "large.png", square(8))


def test_no_memory_left_is_not_a_damaged_file(tmp_path, monkeypatch):
    def no_memory(*_):
        raise MemoryError

    Image.new("RGB", (20, 20)).save(tmp_path / "a.png")
    monkeypatch.setattr(image_file, "_to_rgb", no_memory)
    with pytest.raises(MemoryError):
        read_image(tmp_path / "a.png", square(8))


def test_a_huge_file_is_not_read(tmp_path):
    with (tmp_path / "a.jpg").open("wb") as file:
        file.truncate(2**32)  # takes no room on the disk
    with pytest.raises(UnreadableImage, match="Too large: 4,294,967,296 bytes"):
        read_image(tmp_path / "a.jpg", square(8))


@pytest.mark.skipif(sys.platform == "win32", reason="needs links of POSIX")
def test_a_link_to_itself_cannot_be_read(tmp_path):
    (tmp_path / "a.jpg").symlink_to(tmp_path / "a.jpg")
    with pytest.raises(UnreadableImage, match="Cannot be read: Too many levels"):
        read_image(tmp_path / "a.jpg", 8)


@pytest.mark.skipif(sys.platform != "linux", reason="needs files of Linux")
@pytest.mark.parametrize(
    ("target", "text"),
    [("/dev/zero", "a device"), ("/proc/kmsg", "empty"), ("/proc/self/maps", "empty")],
)
def test_what_never_ends_is_not_read(tmp_path, target, text):
    (tmp_path / "a.jpg").symlink_to(target)
    with pytest.raises(UnreadableImage, match=text):
        read_image(tmp_path / "a.jpg", square(8))


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "tif", "webp"])
def test_one_can_stop_within_a_picture(tmp_path, suffix):
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / f"a.{suffix}", quality=95)
    for times in range(2):
        answers = [False] * times
        with pytest.raises(Cancelled):
            read_image(
                tmp_path / f"a.{suffix}", square(8), lambda left=answers: not left or left.pop()
            )


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_notes_of_the_camera_do_not_spoil_the_picture(tmp_path):
    Image.new("RGB", (8, 8), (9, 9, 9)).save(
        tmp_path / "a.jpg", exif=b"Exif\0\0II*\0" + b"\xff" * 4
    )
    assert read_image(tmp_path / "a.jpg", square(8)).shape == (8, 8, 3)
