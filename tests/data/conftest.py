"""Tiny folders of images."""

import pytest
from PIL import Image


@pytest.fixture
def write_images():
    """Write `count` images of one colour, told apart by their red, as PNG files."""

    def write(folder, count, size=(32, 32)):
        folder.mkdir(parents=True, exist_ok=True)
        for index in range(count):
            Image.new("RGB", size, (index, 50, 100)).save(folder / f"{index:03}.png")

    return write
