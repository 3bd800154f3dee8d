"""A folder of pictures that nobody has labelled."""

import numpy as np
import pytest
from PIL import Image

from vera_studio.data.heap import find_files, open_heap
from vera_studio.data.preprocessing import square
from vera_studio.errors import Cancelled, DataError


@pytest.fixture
def heap(tmp_path):
    """Three pictures, one of them further down, beside what is none."""
    (tmp_path / "album").mkdir()
    for number, name in enumerate(("b.png", "album/c.jpg", "a.png")):
        Image.new("RGB", (40, 30), (80 * number, 10, 10)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("Dear diary")
    (tmp_path / ".hidden.png").write_bytes(b"")
    return tmp_path


def test_every_picture_in_and_below_it_is_opened_in_order(heap):
    found = open_heap(heap, square(32))
    assert found.images.names == ("a.png", "b.png", "album/c.jpg")
    assert [file.path for file in found.skipped] == ["notes.txt"]
    reds = found.images.read()[:, 0].float().mean((1, 2)).tolist()
    assert np.argsort(reds).tolist() == [1, 2, 0]


def test_a_folder_without_a_picture_says_why(heap, tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("Dear diary")
    with pytest.raises(DataError, match=r"holds no picture that can be read.*text"):
        open_heap(tmp_path / "letters", square(32))
    (tmp_path / "empty").mkdir()
    for folder, why in ((tmp_path / "empty", "holds no file"), (tmp_path / "gone", "no folder")):
        with pytest.raises(DataError, match=why):
            find_files(folder)


def test_it_stops_when_told_to(heap):
    with pytest.raises(Cancelled):
        open_heap(heap, square(32), should_stop=lambda: True)
