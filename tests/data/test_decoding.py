import threading
import time
from contextlib import closing

import numpy as np
import pytest
from PIL import Image

from vera_studio.data import decoding
from vera_studio.data.decoding import decode
from vera_studio.data.image_file import UnreadableImage, read_image
from vera_studio.data.preprocessing import square
from vera_studio.errors import Cancelled

FORM = square(16)


@pytest.fixture
def paths(tmp_path):
    made = []
    for number in range(40):
        made.append(tmp_path / f"{number}.png")
        Image.new("RGB", (20 + number, 20), (number, 0, 0)).save(made[-1])
    made[7].write_text("no picture")
    made[8].unlink()
    return made


def go_on():
    return False


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_images_come_in_the_order_of_their_files(paths, threads):
    found = list(decode(iter(paths), FORM, go_on, threads))
    assert [str(found[k]) for k in (7, 8)] == ["Not an image (text).", "Gone since it was listed."]
    good = [k for k in range(40) if k not in (7, 8)]
    assert all(isinstance(found[k], UnreadableImage) for k in (7, 8))
    assert all(np.array_equal(found[k], read_image(paths[k], FORM)) for k in good)


def test_no_more_is_decoded_ahead_than_fits(paths, monkeypatch):
    monkeypatch.setattr(decoding, "_AT_ONCE", 2)
    taken = []
    with closing(decode((taken.append(p) or p for p in paths), FORM, go_on, 2)) as images:
        next(images)
        assert len(taken) <= 2 * (2 * 2 + 1)


def test_what_is_closed_early_leaves_no_thread(paths):
    before = threading.active_count()
    with closing(decode(paths, FORM, go_on, 3)) as images:
        next(images)
        assert threading.active_count() > before
    assert threading.active_count() == before


@pytest.mark.parametrize("threads", [1, 2])
def test_cancel(paths, threads):
    start = time.monotonic()
    with pytest.raises(Cancelled):
        list(decode(paths * 1000, FORM, lambda: time.monotonic() - start > 0.2, threads))
    assert time.monotonic() - start < 2


def test_memory_that_runs_out_in_a_thread_is_told(paths, monkeypatch):
    def no_memory(*_):
        raise MemoryError

    monkeypatch.setattr(decoding, "read_image", no_memory)
    with pytest.raises(MemoryError):
        list(decode(paths, FORM, go_on, 2))
