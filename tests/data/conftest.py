"""Tiny folders of images."""

import zlib

import pytest
from PIL import Image


@pytest.fixture
def write_images():
    """Write `count` images of one colour, told apart by their red, as PNG files.

    Those of other folders have another green.
    """

    def write(folder, count, size=(32, 32)):
        folder.mkdir(parents=True, exist_ok=True)
        green = zlib.crc32(str(folder).encode()) % 256
        for index in range(count):
            Image.new("RGB", size, (index, green, 100)).save(folder / f"{index:03}.png")

    return write
