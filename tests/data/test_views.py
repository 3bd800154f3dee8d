"""Views: the image and parts of it, the same for the same seed and in any batch."""

import pytest
import torch

from vera_studio.data.views import DrawnViews

EVERY = torch.arange(6)


def pictures():
    """Six images (6, 3, 20, 20) that grow brighter to the right (red) and downwards (green)."""
    ramp = torch.arange(20, dtype=torch.uint8) * 10
    blue = torch.arange(6, dtype=torch.uint8)[:, None, None].expand(6, 20, 20) * 40
    red, green = ramp.expand(6, 20, 20), ramp[:, None].expand(6, 20, 20)
    return torch.stack([red, green, blue], dim=1)


def seen(drawn, view):
    return drawn.apply(pictures(), torch.full((6,), view), EVERY)


def test_view_0_is_the_image():
    assert torch.equal(seen(DrawnViews(6, 3, flips=True, seed=0), 0), pictures())


def test_a_view_is_a_part_of_its_image_enlarged():
    drawn = DrawnViews(6, 40, flips=False, seed=0)
    for view in range(1, 40):
        found = seen(drawn, view).float()
        assert found.shape == (6, 3, 20, 20)
        red, green, blue = found.unbind(1)
        assert torch.equal(blue, pictures()[:, 2].float())  # each its own image
        for steps in (red.diff(dim=2).mean((1, 2)), green.diff(dim=1).mean((1, 2))):
            assert bool((steps > 6).all())  # not less than 0.61 of a side: an area of half
            assert bool((steps <= 10.01).all())


def test_half_of_the_views_are_mirrored():
    drawn = DrawnViews(6, 101, flips=True, seed=0)
    rising = sum(
        int((seen(drawn, view)[:, 0].float().diff(dim=2).mean((1, 2)) > 0).sum())
        for view in range(1, 101)
    )
    assert 240 < rising < 360


def test_views_are_the_same_in_any_batch_and_whatever_their_number():
    few, many = (DrawnViews(6, views, flips=True, seed=3) for views in (3, 8))
    images, views = pictures(), torch.tensor([0, 2, 1, 2, 2, 0])
    together = many.apply(images, views, EVERY)
    for number in EVERY.tolist():
        one = slice(number, number + 1)
        assert torch.equal(few.apply(images[one], views[one], EVERY[one]), together[one])


def test_views_follow_the_seed():
    first, same, other = (seen(DrawnViews(6, 2, True, seed), 1) for seed in (1, 1, 2))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("views", [1, 4])
def test_all_views_are_drawn(views):
    generator = torch.Generator().manual_seed(0)
    drawn = DrawnViews(6, views, True, 0).draw(400, generator)
    assert torch.equal(torch.unique(drawn), torch.arange(views))
