"""The gallery, without a window."""

import numpy as np
from PIL import Image

from vera_studio.data import file_images
from vera_studio.data.folder import open_folder
from vera_studio.data.image_cache import set_cache_limit
from vera_studio.data.preprocessing import square
from vera_studio.ui.state.gallery import Gallery


def open_pets(tmp_path):
    for number, name in enumerate(("cat", "dog")):
        (tmp_path / name).mkdir()
        for shade in range(10):
            colour = (10 * shade, 100 * number, 0)
            Image.new("RGB", (8, 8), colour).save(tmp_path / name / f"{shade}.png")
    return open_folder(tmp_path, ("cat", "dog"), square(8))


def test_every_image_is_there_once_with_its_file(tmp_path):
    gallery = Gallery(open_pets(tmp_path))
    for row, name in enumerate(("cat", "dog")):
        pictures = [gallery.picture(row, position) for position in range(sum(gallery.counts[row]))]
        assert sorted(picture.file.name for picture in pictures) == [f"{k}.png" for k in range(10)]
        for picture in pictures:
            with Image.open(picture.file) as image:
                assert np.array_equal(np.asarray(image), picture.pixels)
            assert picture.class_name == picture.file.parent.name == name


def test_a_file_that_is_gone_is_grey(tmp_path, monkeypatch):
    monkeypatch.setattr(file_images, "MOST_IN_MEMORY", 0)
    set_cache_limit(0)
    gallery = Gallery(open_pets(tmp_path))
    gallery.picture(1, 0).file.unlink()
    assert (gallery(1, 0) == np.full((8, 8, 3), 128)).all()
    assert gallery(1, 0).dtype == np.uint8
