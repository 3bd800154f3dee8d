import os
import sys

import numpy as np
import pytest
from PIL import Image

from vera_studio.data import image_file
from vera_studio.data.image_file import UnreadableImage, read_image


def test_an_image_of_the_right_size_keeps_its_pixels(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(tmp_path / "a.png", 32), pixels)


@pytest.mark.parametrize("size", [(90, 30), (30, 90)])
def test_the_middle_is_cut_out(tmp_path, size):
    image = Image.new("RGB", size, "red")
    middle = (30, 0, 60, 30) if size[0] > size[1] else (0, 30, 30, 60)
    image.paste("blue", middle)
    image.save(tmp_path / "a.png")
    pixels = read_image(tmp_path / "a.png", 15)
    assert pixels.shape == (15, 15, 3)
    assert (pixels[2:-2, 2:-2] == (0, 0, 255)).all()


def test_a_large_jpeg_and_a_tiny_image_come_out_in_size(tmp_path):
    Image.new("RGB", (1200, 900), (10, 200, 30)).save(tmp_path / "large.jpg")
    Image.new("RGB", (3, 2), (10, 200, 30)).save(tmp_path / "tiny.png")
    for name in ("large.jpg", "tiny.png"):
        pixels = read_image(tmp_path / name, 32)
        assert pixels.shape == (32, 32, 3)
        assert np.abs(pixels.astype(int) - (10, 200, 30)).max() <= 3


def test_a_photograph_lying_on_its_side_is_put_upright(tmp_path):
    image = Image.new("RGB", (32, 32), "black")
    image.paste("white", (0, 0, 32, 16))  # bright on top
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise to show
    image.save(tmp_path / "a.png", exif=exif)
    pixels = read_image(tmp_path / "a.png", 32)
    assert pixels[:, 20:].min() == 255
    assert pixels[:, :12].max() == 0


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_becomes_white(tmp_path, mode):
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 4, 8))
    image.convert(mode).save(tmp_path / "a.png")
    pixels = read_image(tmp_path / "a.png", 8)
    assert (pixels[:, :4] == 0).all()
    assert (pixels[:, 4:] == 255).all()


def test_grey_and_16_bit_images(tmp_path):
    Image.new("L", (8, 8), 77).save(tmp_path / "grey.png")
    deep = np.full((8, 8), 77 * 256 + 9, dtype=np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    for name in ("grey.png", "deep.png"):
        assert (read_image(tmp_path / name, 8) == 77).all()


def test_what_is_no_image_says_so(tmp_path):
    (tmp_path / "notes.jpg").write_text("no pixels here")
    (tmp_path / "empty.jpg").touch()
    for name in ("notes.jpg", "empty.jpg"):
        with pytest.raises(UnreadableImage, match="Not an image"):
            read_image(tmp_path / name, 8)


def test_a_truncated_image_is_damaged(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "whole.jpg")
    content = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "half.jpg").write_bytes(content[: len(content) // 2])
    with pytest.raises(UnreadableImage, match=r"Damaged: .*truncated"):
        read_image(tmp_path / "half.jpg", 8)


def test_a_decompression_bomb_is_not_opened(tmp_path, monkeypatch):
    Image.new("L", (100, 100)).save(tmp_path / "a.png")
    monkeypatch.setattr(image_file, "MAX_PIXELS", 9_999)
    with pytest.raises(UnreadableImage, match="Too large: 100 x 100"):
        read_image(tmp_path / "a.png", 8)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4_000)
    with pytest.raises(UnreadableImage, match="Too large"):
        read_image(tmp_path / "a.png", 8)


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes and links of POSIX")
def test_pipes_and_broken_links_do_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "link.jpg").symlink_to(tmp_path / "gone.jpg")
    for name in ("pipe.jpg", "link.jpg"):
        with pytest.raises(UnreadableImage, match="no regular file"):
            read_image(tmp_path / name, 8)
