import torch

from vera_studio.data.store import ImageSet, empty_set


def test_counts_include_classes_without_images():
    images = ImageSet(torch.zeros(3, 3, 2, 2, dtype=torch.uint8), torch.tensor([2, 0, 2]))
    assert len(images) == 3
    assert images.counts(4) == (1, 0, 2, 0)


def test_subset_has_the_images_asked_for_in_that_order():
    pixels = torch.arange(3, dtype=torch.uint8).view(3, 1, 1, 1).expand(3, 3, 2, 2)
    subset = ImageSet(pixels, torch.tensor([5, 6, 7])).subset(torch.tensor([2, 0]))
    assert subset.labels.tolist() == [7, 5]
    assert subset.images[:, 0, 0, 0].tolist() == [2, 0]


def test_an_empty_set_has_the_shape_of_a_full_one():
    empty = empty_set(8)
    assert empty.images.shape == (0, 3, 8, 8)
    assert empty.images.dtype == torch.uint8
    assert empty.counts(2) == (0, 0)
