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
    assert subset.read()[:, 0, 0, 0].tolist() == [2, 0]


def numbered(*numbers):
    """Images of one colour each."""
    return torch.tensor(numbers, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 3, 2, 2)


def test_a_part_of_a_part_reads_the_right_images_and_copies_none():
    whole = ImageSet(numbered(0, 1, 2, 3, 4), torch.arange(5), tuple("abcde"))
    part = whole.subset(torch.tensor([4, 2, 1])).subset(torch.tensor([2, 0]))
    assert part.pixels is whole.pixels
    assert (part.labels.tolist(), part.names) == ([1, 4], ("b", "e"))
    assert part.read(torch.tensor([1, 0, 1]))[:, 0, 0, 0].tolist() == [4, 1, 4]
    assert (part.image_size, len(part)) == (2, 2)


def test_joined_sets_have_the_images_of_both():
    whole = ImageSet(numbered(0, 1, 2), torch.arange(3), tuple("abc"))
    ends = whole.subset(torch.tensor([2])).joined(whole)
    assert ends.pixels is whole.pixels
    assert ends.read()[:, 0, 0, 0].tolist() == ends.labels.tolist() == [2, 0, 1, 2]
    assert ends.names == tuple("cabc")
    both = ends.joined(ImageSet(numbered(7), torch.tensor([7])))
    assert both.read()[:, 0, 0, 0].tolist() == both.labels.tolist() == [2, 0, 1, 2, 7]


def test_images_go_to_another_device_and_are_left_where_they_are_on_it():
    part = ImageSet(numbered(0, 1, 2), torch.arange(3)).subset(torch.tensor([1]))
    assert part.on(torch.device("cpu")) is part
    moved = part.on(torch.device("meta"))
    assert (moved.device.type, moved.pixels.shape) == ("meta", (1, 3, 2, 2))
    assert moved.subset(torch.tensor([0])).rows.device.type == "meta"


def test_an_empty_set_has_the_shape_of_a_full_one():
    empty = empty_set(8)
    assert empty.read().shape == (0, 3, 8, 8)
    assert empty.read().dtype == torch.uint8
    assert empty.counts(2) == (0, 0)
