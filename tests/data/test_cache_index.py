import json
import os

import pytest

from vera_studio.data.cache_index import CachedImage, CacheIndex, read_index, write_index

MAKER = ["13.0", ["PNG"], [224, 256, "bicubic", False]]


@pytest.fixture
def index():
    images = {
        "cat/a b.png": CachedImage(0, 100, 1_700_000_000_123_456_789, 7, b"a" * 32),
        os.fsdecode(b"cat/\xff.png"): CachedImage(2, 0, -5, -6, b"b" * 32),
        "猫/\n.png": CachedImage(1, 2**40, 0, 2**60, bytes(32)),
    }
    return CacheIndex("key.0123456789abcdef.pixels", 3, images)


def test_what_is_written_is_read(tmp_path, index):
    write_index(tmp_path / "key.index", MAKER, index)
    assert read_index(tmp_path / "key.index", MAKER) == index


def test_another_maker_or_none_at_all(tmp_path, index):
    write_index(tmp_path / "key.index", MAKER, index)
    assert read_index(tmp_path / "key.index", [*MAKER, "more"]) is None
    assert read_index(tmp_path / "nothing.index", MAKER) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", 1),
        ("version", "2"),
        ("pixels", "other.0123456789abcdef.pixels"),
        ("pixels", "key.index"),
        ("pixels", "key.lock"),
        ("pixels", "key.0123.pixels"),
        ("pixels", "key.0123456789abcdef.pixels\n"),
        ("pixels", "key.a/../../b.pixels"),
        ("pixels", 7),
        ("rows", 2),  # fewer than there are images beyond
        ("rows", True),
        ("rows", -1),
        ("names", ["a", "b"]),
        ("names", ["a", "b", 3]),
        ("names", "abc"),
        ("places", [0, 1, 1.0]),
        ("places", {}),
        ("sizes", [1, 2, 2**70]),
        ("times", [None] * 3),
        ("changes", [1, 2]),
        ("digests", ["00" * 32, "00" * 32, "00" * 31]),
        ("digests", ["0", "0", "0"]),
        ("digests", None),
    ],
)
def test_what_makes_no_sense_is_not_believed(tmp_path, index, key, value):
    path = tmp_path / "key.index"
    write_index(path, MAKER, index)
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {key: value}))
    assert read_index(path, MAKER) is None
    path.write_text(json.dumps({name: one for name, one in content.items() if name != key}))
    assert read_index(path, MAKER) is None
    path.write_text(json.dumps([content]))
    assert read_index(path, MAKER) is None
