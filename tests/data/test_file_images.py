"""Images of files: in memory or on disk, from the cache where it can be believed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from vera_studio import environment
from vera_studio.data import decoding, file_images, image_cache, pixel_cache
from vera_studio.data.folder import open_folder
from vera_studio.data.image_cache import cache_bytes, empty_cache, set_cache_limit
from vera_studio.data.pixels import MemoryPixels
from vera_studio.data.preprocessing import square
from vera_studio.errors import Cancelled, DataError

FORM = square(24)
ROW = 3 * 24**2


@pytest.fixture(params=["memory", "disk"])
def place(request, monkeypatch):
    """Where the pixels of open images are."""
    if request.param == "disk":
        monkeypatch.setattr(file_images, "MOST_IN_MEMORY", 0)
    return request.param


@pytest.fixture
def on_disk(monkeypatch):
    monkeypatch.setattr(file_images, "MOST_IN_MEMORY", 0)


@pytest.fixture
def pets(tmp_path):
    """30 pictures of noise, and a file that is none."""
    random = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(15):
            pixels = random.integers(0, 256, (30, 40, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / name / f"{number:02}.png")
    (tmp_path / "pets/cat/005.png").write_text("no picture")
    return tmp_path / "pets"


@pytest.fixture
def decoded(monkeypatch):
    """The names of the files that were decoded."""
    seen = []
    read_image = decoding.read_image

    def noting(path, *rest):
        seen.append(path.name)
        return read_image(path, *rest)

    monkeypatch.setattr(decoding, "read_image", noting)
    return seen


def opened(folder, form=FORM):
    """All of a folder's images as bytes, by the names of their files."""
    data = open_folder(folder, ("cat", "dog"), form)
    return {
        name: pixels.contiguous().numpy().tobytes()
        for part in (data.train, data.validation, data.test)
        for name, pixels in zip(part.names, part.read(), strict=True)
    }


def cache_file(suffix):
    (path,) = environment.images_cache_folder().glob(f"*{suffix}")
    return path


def test_images_are_what_the_files_show(pets, place):
    data = open_folder(pets, ("cat", "dog"), FORM)
    assert isinstance(data.train.pixels, MemoryPixels) == (place == "memory")
    assert data.train.pixels is data.test.pixels
    for part in (data.train, data.validation, data.test):
        pixels = part.read(torch.arange(len(part)).flip(0)).flip(0)
        assert (pixels.shape[1:], pixels.dtype) == ((3, 24, 24), torch.uint8)
        for name, image in zip(part.names, pixels, strict=True):
            expected = decoding.read_image(pets / name, FORM)
            assert np.array_equal(image.permute(1, 2, 0), expected)
    assert part.image_size == 24
    assert [file.path for file in data.skipped] == [str(Path("cat/005.png"))]


@pytest.mark.usefixtures("place")
def test_a_second_opening_decodes_nothing_but_what_changed(pets, decoded):
    before = opened(pets)
    assert len(decoded) == 31
    decoded.clear()
    assert opened(pets) == before
    assert decoded == ["005.png"]  # what is no image is tried again
    decoded.clear()
    (pets / "cat/005.png").unlink()
    shutil.copy(pets / "dog/07.png", pets / "cat/new.png")
    shutil.copy(pets / "dog/08.png", pets / "cat/03.png")  # another size
    os.utime(pets / "cat/04.png", ns=(1, 1))
    (pets / "dog/00.png").unlink()
    after = opened(pets)
    assert decoded == ["03.png", "04.png", "new.png"]
    assert after[str(Path("cat/03.png"))] == before[str(Path("dog/08.png"))]
    assert len(after) == 30
    assert opened(pets, square(20)) != after  # prepared in another way it is another cache
    assert len(decoded) == 33
    decoded.clear()
    assert opened(pets) == after
    assert not decoded


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("damage", ["short", "gone", "other", "longer index", "no json", "empty"])
def test_damaged_caches_are_believed_nothing_of_and_made_anew(pets, decoded, damage):
    before = opened(pets)
    decoded.clear()
    pixels, index = cache_file(".pixels"), cache_file(".index")
    if damage == "short":
        os.truncate(pixels, 17 * ROW + 5)
    elif damage == "gone":
        pixels.unlink()
    elif damage == "other":
        pixels.write_bytes(bytes(30 * ROW))
    elif damage == "longer index":
        index.write_bytes(index.read_bytes() + b" x")
    elif damage == "no json":
        index.write_bytes(b"\xff\xfe\0")
    else:
        index.write_bytes(b"")
    assert opened(pets) == before
    assert len(decoded) == 31  # once each, and all at the opening
    opened(pets)
    decoded.clear()
    assert opened(pets) == before
    assert decoded == ["005.png"]


@pytest.mark.usefixtures("on_disk")
def test_what_goes_wrong_with_the_cache_afterwards_is_noticed(pets, decoded):
    data = open_folder(pets, ("cat", "dog"), FORM)
    expected = data.train.read()
    decoded.clear()
    content = bytearray(cache_file(".pixels").read_bytes())
    again = open_folder(pets, ("cat", "dog"), FORM)
    content[5 * ROW + 3] ^= 1
    cache_file(".pixels").write_bytes(content)  # in place: the open file is this one
    decoded.clear()
    parts = (again.train, again.validation, again.test)
    assert torch.equal(again.train.read(), expected)
    for part in parts[1:]:
        part.read()
    assert len(decoded) == 1
    decoded.clear()
    opened(pets)
    assert len(decoded) == 2  # that one alone, and what is no image
    assert "005.png" in decoded


@pytest.mark.usefixtures("on_disk")
@pytest.mark.parametrize("why", ["limit", "disk full", "written by another", "no folder"])
def test_without_room_images_are_decoded_when_they_are_asked_for(pets, decoded, monkeypatch, why):
    def full(*_):
        raise OSError(28, "No space left on device")

    if why == "limit":
        set_cache_limit(1000)
    elif why == "disk full":
        monkeypatch.setattr(pixel_cache.PixelFile, "write", full)
    elif why == "written by another":
        monkeypatch.setattr(pixel_cache.filelock.BaseFileLock, "acquire", full)
    else:
        environment.images_cache_folder().parent.mkdir(exist_ok=True)
        environment.images_cache_folder().write_text("a file")
    data = open_folder(pets, ("cat", "dog"), FORM)
    decoded.clear()
    pixels = data.test.read(torch.tensor([1, 0, 1]))
    assert sorted(decoded) == sorted(Path(data.test.names[k]).name for k in (1, 0, 1))
    assert torch.equal(pixels[0], pixels[2])
    expected = decoding.read_image(pets / data.test.names[0], FORM)
    assert np.array_equal(pixels[1].permute(1, 2, 0), expected)


@pytest.mark.usefixtures("on_disk")
def test_a_file_that_is_not_what_it_was_is_told(pets):
    set_cache_limit(0)
    data = open_folder(pets, ("cat", "dog"), FORM)
    assert cache_bytes() == 0
    path = pets / data.test.names[0]
    Image.new("RGB", (30, 30)).save(path)
    with pytest.raises(DataError, match=r"has changed since the folder was opened. Open the"):
        data.test.read(torch.tensor([0]))
    path.unlink()
    with pytest.raises(DataError, match=r"cannot be read any more: Gone since .* Open the folder"):
        data.test.read(torch.tensor([0]))


def test_cancel_keeps_what_was_decoded_and_leaves_no_thread(pets, decoded, monkeypatch):
    monkeypatch.setattr(file_images, "_FEW_BYTES", 0)  # in threads, however small
    monkeypatch.setattr(decoding, "threads", lambda: 2)
    monkeypatch.setattr(file_images, "threads", lambda: 2)
    monkeypatch.setattr(decoding, "_AT_ONCE", 2)
    asked = []

    def should_stop():
        asked.append(True)
        return len(asked) > 60

    with pytest.raises(Cancelled):
        open_folder(pets, ("cat", "dog"), FORM, should_stop=should_stop)
    before = len(decoded)
    assert 0 < before < 31
    opened(pets)
    assert 31 <= len(decoded) < 31 + before


def test_a_slow_picture_is_not_waited_for(pets, monkeypatch):
    """Cancel is asked for while threads are at work."""
    monkeypatch.setattr(file_images, "_FEW_BYTES", 0)
    monkeypatch.setattr(file_images, "threads", lambda: 2)
    waiting = []

    def slow(path, form, should_stop):
        waiting.append(path)
        while not should_stop():
            time.sleep(0.01)
        raise Cancelled

    monkeypatch.setattr(decoding, "read_image", slow)
    with pytest.raises(Cancelled):
        open_folder(pets, ("cat", "dog"), FORM, should_stop=lambda: len(waiting) > 1)


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_a_process_that_is_killed_while_it_writes_leaves_nothing_believed(pets, decoded):
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from vera_studio import environment\n"
        "from vera_studio.data import file_images, pixel_cache\n"
        "from vera_studio.data.folder import open_folder\n"
        "from vera_studio.data.preprocessing import square\n"
        "environment.set_data_folder(Path(sys.argv[2]))\n"
        "write, rows = pixel_cache.PixelFile.write, []\n"
        "def dying(self, row, pixels):\n"
        "    rows.append(row)\n"
        "    write(self, row, pixels[: 10 if len(rows) == 12 else None])\n"
        "    if len(rows) == 12: os.kill(os.getpid(), signal.SIGKILL)\n"
        "pixel_cache.PixelFile.write = dying\n"
        "open_folder(Path(sys.argv[1]), ('cat', 'dog'), square(24))\n"
    )
    arguments = [sys.executable, "-c", code, str(pets), str(environment.data_folder())]
    assert subprocess.run(arguments, timeout=60).returncode == -signal.SIGKILL
    assert cache_file(".pixels").stat().st_size > 11 * ROW
    before = opened(pets)
    assert len(decoded) == 31
    assert opened(pets) == before
    assert cache_file(".pixels").stat().st_size == 30 * ROW  # what was left behind is gone


def test_pixels_that_were_left_behind_without_an_index_go_after_a_while(pets):
    opened(pets)
    cache_file(".index").unlink()
    image_cache.make_room(0, "")
    assert cache_bytes() >= 30 * ROW
    os.utime(cache_file(".pixels"), (1, 1))
    image_cache.make_room(0, "")
    assert cache_bytes() < ROW


def test_what_was_not_opened_for_longest_goes_first(pets, tmp_path):
    for number, name in enumerate(("a", "b", "c")):
        shutil.copytree(pets, tmp_path / name)
        opened(tmp_path / name)
        newest = max(environment.images_cache_folder().glob("*.index"), key=os.path.getmtime)
        os.utime(newest, (1000 + number, 1000 + number))
    each = cache_bytes() / 3
    opened(tmp_path / "a")  # and so it is the newest again
    set_cache_limit(round(2.5 * each))
    assert each < cache_bytes() < 2.5 * each
    shutil.copytree(pets, tmp_path / "d")
    opened(tmp_path / "d")
    assert each < cache_bytes() < 2.5 * each
    freed = cache_bytes()
    assert empty_cache() == freed
    assert cache_bytes() == 0


def test_a_file_of_the_same_size_and_time_but_other_content_is_another(tmp_path, decoded):
    path = tmp_path / "pets/cat/a.bmp"
    path.parent.mkdir(parents=True)
    seen = []
    for colour in ("red", "blue"):
        Image.new("RGB", (24, 24), colour).save(path)
        os.utime(path, (1, 1))
        seen.append(opened(tmp_path / "pets"))
    assert len(decoded) == 2
    assert seen[0] != seen[1]


def test_another_version_of_the_decoder_makes_caches_anew(pets, decoded, monkeypatch):
    opened(pets)
    monkeypatch.setattr(pixel_cache, "PIXELS_VERSION", 10**6)
    decoded.clear()
    opened(pets)
    assert len(decoded) == 31
    assert cache_file(".pixels").stat().st_size == 30 * ROW


@pytest.mark.usefixtures("on_disk")
def test_of_a_folder_larger_than_the_limit_as_much_is_kept_as_there_is_room_for(pets, decoded):
    set_cache_limit(20 * ROW + 5)
    before = opened(pets)
    assert cache_file(".pixels").stat().st_size == 20 * ROW
    decoded.clear()
    data = open_folder(pets, ("cat", "dog"), FORM)
    assert len(decoded) == 11
    note = "The image cache keeps 20 of the 30 images; the others are read from their files"
    assert note in data.notes[0]
    decoded.clear()
    assert opened(pets) == before
    assert len(decoded) == 21  # at the opening and when they were asked for


def test_for_what_cannot_be_kept_at_all_nothing_goes(pets, tmp_path, monkeypatch):
    opened(pets)
    held = cache_bytes()
    monkeypatch.setattr(image_cache, "_LEFT_FREE", 10**15)
    assert image_cache.make_room(10 * ROW, "other", ROW) == 0
    monkeypatch.undo()
    set_cache_limit(held)
    assert image_cache.make_room(10 * held, "other", held + 1) == 0
    assert cache_bytes() == held
    assert image_cache.make_room(10 * held, "other", ROW) == held
    assert cache_bytes() == 0


def test_a_limit_that_makes_no_sense_is_none(own_data_folder):
    assert image_cache.cache_limit() == image_cache.DEFAULT_LIMIT
    for text in ("", "-5", "much", "9" * 60):
        environment.images_cache_folder().mkdir(exist_ok=True)
        (environment.images_cache_folder() / "limit").write_text(text)
        assert image_cache.cache_limit() == image_cache.DEFAULT_LIMIT
