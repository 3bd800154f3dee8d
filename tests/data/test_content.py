import hashlib

import torch

from vera_studio.data.content import copies_among, digest_of, digests_of, first_copies
from vera_studio.data.store import ImageSet


def some(count=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    pixels = torch.randint(0, 256, (count, 3, 4, 5), dtype=torch.uint8, generator=generator)
    return ImageSet(pixels, torch.arange(count))


def test_an_image_is_its_rows_of_rgb():
    images = some()
    rows = images.read()[1].permute(1, 2, 0).contiguous().numpy().tobytes()
    assert digests_of(images)[1] == hashlib.sha256(rows).digest()
    known = ImageSet(images.read(), images.labels, (), None, (b"a", b"b", b"c"))
    assert digests_of(known.subset(torch.tensor([2, 0]))) == (b"c", b"a")


def test_copies_are_found():
    assert first_copies([b"a", b"b", b"a", b"c", b"b"]).tolist() == [0, 1, 0, 3, 1]
    assert copies_among([b"a", b"b"], [b"b", b"c"]).tolist() == [False, True]


def test_the_digest_of_all_knows_no_order_but_labels_and_parts():
    images = some()
    empty = images.subset(torch.tensor([], dtype=torch.int64))
    whole = digest_of(("a", "b", "c"), {"train": images, "test": empty})
    turned = images.subset(torch.tensor([2, 0, 1]))
    assert digest_of(("a", "b", "c"), {"train": turned, "test": empty}) == whole
    others = ImageSet(images.read(), images.labels.flip(0))
    assert digest_of(("a", "b", "c"), {"train": others, "test": empty}) != whole
    assert digest_of(("a", "b", "c"), {"train": empty, "test": images}) != whole
    assert digest_of(("a", "b", "d"), {"train": images, "test": empty}) != whole
