import shutil
import tracemalloc

import numpy as np
import pytest
import torch
from PIL import Image

from tests import audit
from vera_studio import environment
from vera_studio.data import decoding
from vera_studio.data.folder import open_folder, open_images
from vera_studio.data.open_data import open_data
from vera_studio.data.preprocessing import square
from vera_studio.data.room import told_without_memory
from vera_studio.errors import Cancelled, DataError, NotEnoughMemoryError
from vera_studio.recipe import DataSettings


def reds(images):
    return images.read()[:, 0, 0, 0].tolist()


def test_without_parts_a_test_set_and_a_validation_set_are_held_out(
    tmp_path, class_names, write_images
):
    root = tmp_path / "pets"
    write_images(root / "cat", 20)
    write_images(root / "dogs", 10)
    data = open_folder(root, class_names, square(32), validation_share=0.25, seed=1)
    assert (data.source, data.title) == ("folder", "Folder pets")
    assert data.class_names == class_names
    parts = (data.train, data.validation, data.test)
    assert [(part.counts(10)[3], part.counts(10)[5]) for part in parts] == [(12, 6), (4, 2), (4, 2)]
    cats = [red for part in parts for red in reds(part.subset(torch.where(part.labels == 3)[0]))]
    assert sorted(cats) == list(range(20))
    again = open_folder(root, class_names, square(32), validation_share=0.25, seed=1)
    assert torch.equal(again.test.read(), data.test.read())
    other = open_folder(root, class_names, square(32), validation_share=0.25, seed=2)
    assert not torch.equal(other.test.read(), data.test.read())


def test_parts_are_used_as_they_are(tmp_path, class_names, write_images):
    write_images(tmp_path / "train/cat", 3)
    write_images(tmp_path / "val/cat", 2)
    write_images(tmp_path / "test/cat", 4)
    data = open_folder(tmp_path, class_names, square(32))
    assert [len(part) for part in (data.train, data.validation, data.test)] == [3, 2, 4]
    assert reds(data.test) == [0, 1, 2, 3]


def test_validation_images_come_from_the_training_part(tmp_path, class_names, write_images):
    write_images(tmp_path / "train/cat", 2)
    write_images(tmp_path / "test/cat", 4)
    data = open_folder(tmp_path, class_names, square(32), validation_share=0.01)
    assert [len(part) for part in (data.train, data.validation, data.test)] == [1, 1, 4]


def test_only_a_test_part(tmp_path, class_names, write_images):
    write_images(tmp_path / "test/cat", 4, size=(40, 50))
    data = open_folder(tmp_path, class_names, square(16))
    assert [len(part) for part in (data.train, data.validation, data.test)] == [0, 0, 4]
    assert data.train.read().shape == (0, 3, 16, 16)
    assert data.test.read().shape == (4, 3, 16, 16)


def test_files_that_are_no_images_are_skipped_and_listed(tmp_path, class_names, write_images):
    write_images(tmp_path / "cat", 5)
    (tmp_path / "cat/notes.txt").write_text("meow")
    whole = (tmp_path / "cat/001.png").read_bytes()
    (tmp_path / "cat/001.png").write_bytes(whole[: len(whole) - 30])
    images, skipped, text, _ = open_images(tmp_path, class_names, square(32))
    assert reds(images) == [0, 2, 3, 4]
    assert images.labels.tolist() == [3] * 4
    assert text == "all images"
    assert [file.path.replace("\\", "/") for file in skipped] == ["cat/001.png", "cat/notes.txt"]
    assert all(file.reason for file in skipped)
    assert open_folder(tmp_path, class_names, square(32)).skipped == skipped


def test_no_readable_image_at_all(tmp_path, class_names):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat/notes.txt").write_text("meow")
    with pytest.raises(DataError, match=r"no image that can be read") as caught:
        open_folder(tmp_path, class_names, square(32))
    assert "notes.txt: Not an image" in str(caught.value)


def test_evaluating_takes_the_test_part_alone(tmp_path, class_names, write_images):
    write_images(tmp_path / "train/cat", 3)
    write_images(tmp_path / "test/cat", 2)
    images, skipped, text, _ = open_images(tmp_path, class_names, square(32))
    assert (len(images), skipped, text) == (2, (), "test part")
    shutil.rmtree(tmp_path / "test")
    images, _, text, _ = open_images(tmp_path, class_names, square(32))
    assert (len(images), text) == (3, "all images")


def test_progress_and_stopping(tmp_path, class_names, write_images):
    write_images(tmp_path / "cat", 120, size=(4, 4))
    reports = []
    open_folder(
        tmp_path, class_names, square(8), on_progress=lambda *report: reports.append(report)
    )
    assert reports == [(100, 120), (120, 120)]
    with pytest.raises(Cancelled):
        open_folder(tmp_path, class_names, square(8), should_stop=lambda: True)


def test_real_images_of_the_test_part(real_images, class_names):
    images, skipped, text, _ = open_images(real_images, class_names, square(32))
    assert images.counts(10) == (1000,) * 10
    assert (skipped, text) == ((), "test part")
    with Image.open(real_images / "test/bird/0007.jpg") as image:
        expected = np.asarray(image.convert("RGB")).transpose(2, 0, 1)
    assert np.array_equal(images.read()[2007].numpy(), expected)


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_memory_that_runs_out_while_opening_is_told(
    tmp_path, class_names, write_images, monkeypatch, error
):
    def no_memory(*_):
        raise error

    write_images(tmp_path / "cat", 4, size=(4, 4))
    monkeypatch.setattr(decoding, "read_image", no_memory)
    settings = DataSettings(source="folder", folder=str(tmp_path))
    with pytest.raises(NotEnoughMemoryError, match=r"are free. Close other programs"):
        open_data(settings, class_names, square(8))
    with pytest.raises(NotEnoughMemoryError, match="Close other programs"):
        open_images(tmp_path, class_names, square(8))


def test_other_errors_are_not_taken_for_a_lack_of_memory():
    with pytest.raises(RuntimeError, match="something else"), told_without_memory():
        raise RuntimeError("something else")


def test_images_are_in_memory_once(tmp_path, class_names, write_images):
    """Splitting copies none."""
    write_images(tmp_path / "first/cat", 2)
    open_folder(tmp_path / "first", class_names, square(256))  # what is loaded once is loaded
    write_images(tmp_path / "pets/cat", 60, size=(8, 8))
    size = 60 * 3 * 256**2
    tracemalloc.start()
    try:
        data = open_folder(tmp_path / "pets", class_names, square(256))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(data.train) + len(data.validation) + len(data.test) == 60
    assert data.train.pixels is data.validation.pixels is data.test.pixels
    assert most < 1.2 * size


def test_skipped_files_are_counted_by_reason(tmp_path, class_names, write_images):
    write_images(tmp_path / "cat", 5)
    for name in ("a.jpg", "b.jpg"):
        whole = (tmp_path / "cat/001.png").read_bytes()
        (tmp_path / "cat" / name).write_bytes(whole[: len(whole) - 30])
    (tmp_path / "cat/page.jpg").write_text("<!doctype html><title>404</title>")
    data = open_folder(tmp_path, class_names, square(32))
    assert data.skipped_text == (
        "3 files were skipped: 2 damaged, 1 web page (the download brought no picture)."
    )
    (tmp_path / "cat/page.jpg").unlink()
    (tmp_path / "cat/b.jpg").unlink()
    assert (
        open_folder(tmp_path, class_names, square(32)).skipped_text
        == "1 file was skipped: 1 damaged."
    )
    (tmp_path / "cat/a.jpg").unlink()
    assert open_folder(tmp_path, class_names, square(32)).skipped_text == ""


def test_opening_a_folder_of_anything_reads_nothing_but_itself(tmp_path, class_names, write_images):
    root = tmp_path / "photos"
    write_images(root / "cat", 3)
    (root / "cat/drawing.jpg").write_text("%!PS-Adobe-3.0 EPSF-3.0\n{} loop\n")
    (root / "cat/page.jpg").write_text("<!doctype html><img src='http://127.0.0.1:9/x.png'>")
    write_images(root / "dog/@eaDir/a.png", 2)
    with audit.recording() as seen:
        data = open_folder(root, class_names, square(32))
    cache = environment.images_cache_folder()
    assert seen.strays(root, writable=(cache,)) == []
    assert len(data.train) + len(data.validation) + len(data.test) == 3
    assert [file.kind.split()[0] for file in data.skipped] == ["folder", "PostScript", "web"]
