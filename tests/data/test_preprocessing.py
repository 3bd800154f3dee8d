"""What a network's images must be, against torchvision's own transforms."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms
from torchvision.transforms import InterpolationMode

from vera_studio.data.image_file import read_image
from vera_studio.data.preprocessing import Preprocessing, square

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@pytest.mark.parametrize("size", [(300, 200), (200, 301), (64, 64), (40, 41), (20, 90)])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_a_picture_is_framed_as_torchvision_does(tmp_path, size, interpolation):
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    image.save(tmp_path / "a.png")
    theirs = transforms.Compose(
        [
            transforms.Resize(64, InterpolationMode(interpolation)),
            transforms.CenterCrop(56),
            transforms.ToTensor(),
            transforms.Normalize(MEAN, STD),
        ]
    )
    form = Preprocessing(56, 64, interpolation, MEAN, STD)
    read = torch.from_numpy(read_image(tmp_path / "a.png", form).copy())
    found = form(read.permute(2, 0, 1)[None])[0]
    torch.testing.assert_close(found, theirs(image), rtol=0, atol=1e-5)


def test_small_images_are_enlarged_whole():
    image = torch.zeros(2, 3, 4, 4, dtype=torch.uint8)
    image[:, :, :, 2:] = 255
    found = square(16)(image)
    assert found.shape == (2, 3, 16, 16)
    assert found.min() == -1  # what overshoots at the edge is cut
    assert found.max() == 1
    assert (found[..., :4] == -1).all()
    assert found.is_contiguous(memory_format=torch.channels_last)


def test_large_images_are_brought_down_without_patterns():
    stripes = torch.zeros(1, 3, 64, 64, dtype=torch.uint8)
    stripes[..., ::2] = 255
    assert square(8)(stripes).abs().max() < 0.3  # grey, where every eighth pixel would be black


@pytest.mark.parametrize("size", [(1, 60_000), (60_000, 1)])
def test_of_a_thin_picture_what_is_cut_off_is_not_scaled(tmp_path, size, monkeypatch):
    Image.new("RGB", size, (10, 20, 30)).save(tmp_path / "thin.png")
    resize, sizes = Image.Image.resize, []

    def noted(self, to, *args, **kwargs):
        sizes.append(to)
        return resize(self, to, *args, **kwargs)

    monkeypatch.setattr(Image.Image, "resize", noted)
    found = read_image(tmp_path / "thin.png", Preprocessing(224, 256, "bicubic", MEAN, STD))
    assert found.shape == (224, 224, 3)
    assert (found == (10, 20, 30)).all()
    assert max(max(one) for one in sizes) <= 1024
