"""What a folder's images show: copies, a digest of all, what classes lack, the first few."""

import shutil
from pathlib import Path

from PIL import Image

from vera_studio.data import decoding
from vera_studio.data.first_pictures import first_pictures
from vera_studio.data.folder import open_folder
from vera_studio.data.folder_tree import FoundFile
from vera_studio.data.image_file import UnreadableImage
from vera_studio.data.open_data import open_data
from vera_studio.data.preprocessing import square
from vera_studio.recipe import DataSettings


def shades(images):
    return set(images.read()[:, 0, 0, 0].tolist())


def test_copies_are_on_one_side_of_the_split(tmp_path, class_names, write_images):
    write_images(tmp_path / "cat", 30)
    (tmp_path / "dog").mkdir()
    for index in range(30):
        original = tmp_path / "cat" / f"{index:03}.png"
        shutil.copy(original, tmp_path / "cat" / f"copy {index}.png")
        with Image.open(original) as image:  # the same pixels in another file
            image.save(tmp_path / "dog" / f"{index}.bmp")
    data = open_folder(tmp_path, class_names, square(32), validation_share=0.3)
    seen = [shades(part) for part in (data.train, data.validation, data.test)]
    assert set.union(*seen) == set(range(30))
    assert [len(one) for one in seen] == [17, 7, 6]
    assert (len(data.test), data.copies, len(data.copied.contradicting)) == (18, (), 90)


def test_training_pictures_among_those_to_test_on_are_told_and_can_be_left_out(
    tmp_path, class_names, write_images
):
    write_images(tmp_path / "train/cat", 10)
    write_images(tmp_path / "test/cat", 5)
    for index in range(1, 10):
        shutil.copy(tmp_path / f"train/cat/{index:03}.png", tmp_path / f"test/cat/x{index}.png")
    data = open_folder(tmp_path, class_names, square(32))
    assert len(data.test) == 14
    assert sorted(name.replace("\\", "/") for name in data.copies) == [
        f"test/cat/x{index}.png" for index in range(1, 10)
    ]
    assert data.copies_text.replace("\\", "/") == (
        "8 pictures to test on are among those to train on too, and measured on all the same: "
        "test/cat/x1.png, test/cat/x2.png, test/cat/x3.png and 5 more. "
        "1 picture to test on is among those to validate on too, and measured on all the same: "
        "test/cat/x4.png."
    )
    settings = DataSettings(source="folder", folder=str(tmp_path), leave_out_copies=True)
    without = open_data(settings, class_names, square(32))
    assert len(without.test) == 5
    assert len(without.copies) == 9
    assert "left out of the test" in without.copies_text
    assert without.digest != data.digest


def test_copies_are_told_of_the_parts_that_they_are_in(tmp_path, class_names, write_images):
    for part, count in (("train", 9), ("val", 5), ("test", 5)):
        write_images(tmp_path / part / "cat", count)
    for source, target in (
        ("train/cat/000", "val/cat/t0"),
        ("train/cat/001", "test/cat/t1"),
        ("val/cat/000", "test/cat/v0"),
        ("val/cat/t0", "test/cat/both"),
    ):
        shutil.copy(tmp_path / f"{source}.png", tmp_path / f"{target}.png")
    data = open_folder(tmp_path, class_names, square(32))
    assert data.copies_text.replace("\\", "/") == (
        "2 pictures to test on are among those to train on too, and measured on all the same: "
        "test/cat/both.png, test/cat/t1.png. "
        "1 picture to test on is among those to validate on too, and measured on all the same: "
        "test/cat/v0.png. "
        "1 picture to validate on is among those to train on too: val/cat/t0.png."
    )
    assert len(data.copies) == 3


def test_one_picture_under_two_classes_is_told(tmp_path, class_names, write_images):
    write_images(tmp_path / "cat", 9)
    (tmp_path / "dog").mkdir()
    shutil.copy(tmp_path / "cat/003.png", tmp_path / "dog/a.png")
    shutil.copy(tmp_path / "cat/004.png", tmp_path / "cat/again.png")
    data = open_folder(tmp_path, class_names, square(32))
    start = "2 files show pictures that are in the folders of several classes: "
    assert data.copies_text.startswith(start)
    assert set(data.copied.contradicting) == {str(Path("cat/003.png")), str(Path("dog/a.png"))}
    assert data.copies_text in data.remarks


def test_the_digest_goes_by_content(tmp_path, class_names, write_images):
    write_images(tmp_path / "a/cat", 8)
    write_images(tmp_path / "a/dog", 8)
    shutil.copytree(tmp_path / "a", tmp_path / "elsewhere/b")

    def digest(name="a", names=class_names, seed=0):
        return open_folder(tmp_path / name, names, square(32), seed=seed).digest

    first = digest()
    assert len(first) == 64
    assert digest("elsewhere/b") == first
    assert digest(seed=3) != first
    assert digest(names=class_names[::-1]) != first
    Image.new("RGB", (32, 32), "red").save(tmp_path / "a/cat/new.png")
    assert digest() != first


def test_what_classes_lack_is_asked_in_one_place(tmp_path, class_names, write_images):
    write_images(tmp_path / "train/cat", 8)
    write_images(tmp_path / "train/deer", 1)
    write_images(tmp_path / "test/cat", 3)
    write_images(tmp_path / "test/dog", 3)
    data = open_folder(tmp_path, class_names, square(32))
    assert data.lacking == {"train": ("dog",), "validation": ("deer", "dog"), "test": ("deer",)}
    assert data.lacking_text == (
        "Nothing to train on of 1 class: dog. Nothing to validate on of 2 classes: deer, dog. "
        "Nothing to test on of 1 class: deer."
    )


def test_one_image_a_class(tmp_path, class_names, write_images):
    for name in ("cat", "dog"):
        write_images(tmp_path / name, 1)
    data = open_folder(tmp_path, class_names, square(32))
    assert [len(part) for part in (data.train, data.validation, data.test)] == [2, 0, 0]
    assert data.lacking == dict.fromkeys(("validation", "test"), ("cat", "dog"))


def test_the_first_pictures_are_shown_before_the_others_are_read(
    tmp_path, class_names, write_images
):
    for name in ("cat", "dog", "ship"):
        write_images(tmp_path / name, 40)
    (tmp_path / "cat/000.png").write_text("no picture")
    heard = []
    open_folder(
        tmp_path,
        class_names,
        square(16),
        on_progress=lambda done, total: heard.append(done),
        on_first=heard.append,
    )
    shown = [pictures for pictures in heard if not isinstance(pictures, int)]
    assert heard[: len(shown)] == shown
    assert (shown[0][0][0].shape, shown[0][0][1]) == ((16, 16, 3), "dog")
    assert [name for _, name in shown[-1]] == ["dog", "ship"] + ["cat", "dog", "ship"] * 3 + ["cat"]
    assert shown[-1][4][0][0, 0, 0] == 1


def test_of_unreadable_files_not_all_are_tried_for_first_pictures(tmp_path, monkeypatch):
    tried = []
    monkeypatch.setattr(decoding, "read_image", lambda path, *_: tried.append(path) or fail())

    def fail():
        raise UnreadableImage("damaged")

    files = [FoundFile(tmp_path, f"{number}.png", number % 3) for number in range(500)]
    names = ("cat", "dog", "ship")
    assert not list(first_pictures(files, names, square(16), lambda: False, 8))
    assert tried == [file.path for file in files[:32]]
