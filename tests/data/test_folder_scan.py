import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from vera_studio.data import folder_tree
from vera_studio.data.folder_scan import scan_folder
from vera_studio.errors import Cancelled, DataError


def names(files):
    return [(file.path.name, file.label) for file in files]


def make(root, *files):
    for file in files:
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_classes_right_in_the_folder(tmp_path, class_names):
    make(tmp_path, "cat/b.png", "cat/a.png", "Car/x.jpg", "readme.txt")
    scan = scan_folder(tmp_path, class_names)
    assert {part: names(files) for part, files in scan.parts.items()} == {
        "all": [("x.jpg", 1), ("a.png", 3), ("b.png", 3)]
    }
    assert [file.path for file in scan.skipped] == ["readme.txt"]


@pytest.mark.parametrize("validation", ["val", "valid", "validation"])
def test_parts(tmp_path, class_names, validation):
    make(tmp_path, "Train/plane/a.png", "test/airplane/b.png", f"{validation}/cat/c.png")
    make(tmp_path, "other/d.png")
    scan = scan_folder(tmp_path, class_names)
    assert names(scan.parts["train"]) == [("a.png", 0)]
    assert names(scan.parts["test"]) == [("b.png", 0)]
    assert names(scan.parts["validation"]) == [("c.png", 3)]
    assert [file.path for file in scan.skipped] == ["other"]


def test_hidden_things_are_passed_over_and_deeper_folders_are_not(tmp_path, class_names):
    make(tmp_path, "cat/.DS_Store", "cat/Thumbs.db", ".git/x", "cat/.hidden/y.png")
    make(tmp_path, "__MACOSX/z.png", "cat/more/a.png", ".DS_Store")
    scan = scan_folder(tmp_path, class_names)
    assert names(scan.parts["all"]) == [("a.png", 3)]
    assert not scan.skipped


def test_links_in_a_circle_are_not_followed(tmp_path, class_names):
    make(tmp_path, "data/cat/a.png")
    try:
        (tmp_path / "data/cat/again").symlink_to(tmp_path / "data/cat")
        (tmp_path / "data/dog").symlink_to(tmp_path / "data")
    except OSError:
        pytest.skip("no right to make links")
    assert names(scan_folder(tmp_path / "data", class_names).parts["all"]) == [("a.png", 3)]


def test_a_link_to_a_folder_elsewhere_is_a_class(tmp_path, class_names):
    make(tmp_path, "elsewhere/a.png")
    (tmp_path / "data").mkdir()
    try:
        (tmp_path / "data/cat").symlink_to(tmp_path / "elsewhere")
    except OSError:
        pytest.skip("no right to make links")
    assert names(scan_folder(tmp_path / "data", class_names).parts["all"]) == [("a.png", 3)]


@pytest.fixture
def link():
    def make_link(path, target):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.symlink_to(target, target_is_directory=True)
        except OSError:
            pytest.skip("no right to make links")

    return make_link


def told(scan):
    return {file.path.replace("\\", "/"): file.reason for file in scan.skipped}


CIRCLE = "Link in a circle."
AGAIN = "Link to a folder that is read already."


def test_a_link_in_a_class_is_followed_once_and_circles_are_told(tmp_path, class_names, link):
    make(tmp_path, "data/cat/a.png", "data/dog/b.png", "elsewhere/c.png", "elsewhere/deep/d.png")
    root = tmp_path / "data"
    link(root / "cat/more", tmp_path / "elsewhere")
    link(root / "dog/more", tmp_path / "elsewhere")
    link(root / "dog/loop", root)
    link(tmp_path / "elsewhere/up", tmp_path)
    scan = scan_folder(root, class_names)
    assert names(scan.parts["all"]) == [("a.png", 3), ("c.png", 3), ("d.png", 3), ("b.png", 5)]
    assert told(scan) == {"dog/loop": CIRCLE, "dog/more": AGAIN, "cat/more/up": CIRCLE}


def test_what_is_no_link_comes_first(tmp_path, class_names, link):
    make(tmp_path, "cat/a.png", "ship/tall/b.png")
    link(tmp_path / "bird/cats", tmp_path / "cat")
    link(tmp_path / "bird/tall", tmp_path / "ship/tall")
    link(tmp_path / "puppies", tmp_path / "cat")
    make(tmp_path, "bird/c.png")
    scan = scan_folder(tmp_path, class_names)
    assert names(scan.parts["all"]) == [("c.png", 2), ("a.png", 3), ("b.png", 8)]
    assert told(scan) == {"bird/cats": AGAIN, "bird/tall": AGAIN, "puppies": AGAIN}


def test_parts_and_classes_may_be_links(tmp_path, class_names, link):
    make(tmp_path, "all/cats/a.png", "all/dogs/b.png", "elsewhere/cat/c.png", "data/own/x.txt")
    root = tmp_path / "data"
    link(root / "train/cat", tmp_path / "all/cats")
    link(root / "train/dog", tmp_path / "all/dogs")
    link(root / "test", tmp_path / "elsewhere")
    link(root / "val", root)
    scan = scan_folder(root, class_names)
    assert {part: names(files) for part, files in scan.parts.items()} == {
        "train": [("a.png", 3), ("b.png", 5)],
        "test": [("c.png", 3)],
    }
    assert told(scan)["val"] == CIRCLE


def test_a_link_to_nothing_is_not_passed_over(tmp_path, class_names, link):
    make(tmp_path, "cat/a.png")
    link(tmp_path / "cat/gone.png", tmp_path / "nothing.png")
    link(tmp_path / "cat/itself.png", tmp_path / "cat/itself.png")
    found = names(scan_folder(tmp_path, class_names).parts["all"])
    assert found == [("a.png", 3), ("gone.png", 3), ("itself.png", 3)]


@pytest.mark.parametrize(
    "name",
    [
        "@eaDir",
        ".picasaoriginals",
        ".thumbnails",
        "Thumbs",
        ".@__thumb",
        "#recycle",
        "$RECYCLE.BIN",
        "System Volume Information",
        "lost+found",
    ],
)
def test_folders_of_systems_are_passed_over(tmp_path, class_names, name):
    make(tmp_path, "cat/a.png", f"cat/{name}/a.png/SYNOPHOTO_THUMB_XL.jpg", f"{name}/b.png")
    make(tmp_path, "cat/Thumbs.db", "cat/._a.png")
    scan = scan_folder(tmp_path, class_names)
    assert names(scan.parts["all"]) == [("a.png", 3)]
    assert not scan.skipped


def test_a_part_is_a_folder_of_folders(tmp_path):
    for name in ("test", "train", "cable"):
        make(tmp_path, f"{name}/a.png", f"{name}/@eaDir/a.png/thumb.jpg")
    scan = scan_folder(tmp_path, ("train", "cable", "test", "val"))
    assert names(scan.parts["all"]) == [("a.png", 1), ("a.png", 2), ("a.png", 0)]
    assert not scan.skipped


def test_a_flat_test_folder_beside_a_part_is_told(tmp_path, class_names):
    make(tmp_path, "train/cat/a.png", "test/1.png", "notes/x.txt")
    scan = scan_folder(tmp_path, class_names)
    assert list(scan.parts) == ["train"]
    assert told(scan) == {
        "notes": "Folder that is no part such as train or test.",
        "test": "Folder without folders of classes.",
    }


@pytest.mark.skipif(sys.platform == "win32", reason="needs rights of POSIX")
def test_a_folder_that_may_not_be_entered_is_told(tmp_path, class_names, monkeypatch):
    make(tmp_path, "cat/a.png", "cat/closed/b.png")
    scandir = os.scandir

    def refuse(folder):
        if Path(folder).name == "closed":
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    scan = scan_folder(tmp_path, class_names)
    assert names(scan.parts["all"]) == [("a.png", 3)]
    assert told(scan) == {"cat/closed": "Folder that cannot be read: Permission denied."}


def test_scanning_tells_how_far_it_is_and_stops(tmp_path, class_names, monkeypatch):
    monkeypatch.setattr(folder_tree, "_REPORT_EVERY", 10)
    make(tmp_path, *(f"cat/{number}.png" for number in range(35)))
    reports = []
    scan_folder(tmp_path, class_names, lambda *report: reports.append(report))
    assert reports == [(10, 0), (20, 0), (30, 0)]
    asked = []

    def should_stop():
        asked.append(True)
        return len(asked) > 4

    with pytest.raises(Cancelled):
        scan_folder(tmp_path, class_names, should_stop=should_stop)
    assert len(asked) == 5


def test_no_such_folder(tmp_path, class_names):
    with pytest.raises(DataError, match=r"There is no folder .*nowhere"):
        scan_folder(tmp_path / "nowhere", class_names)


def test_a_file_instead_of_a_folder(tmp_path, class_names):
    make(tmp_path, "images.zip")
    with pytest.raises(DataError, match=r"images\.zip is a file"):
        scan_folder(tmp_path / "images.zip", class_names)


@pytest.mark.parametrize("folder", ["", "train"])
def test_no_subfolders_of_classes(tmp_path, class_names, folder):
    make(tmp_path / folder, *(f"{k}.png" for k in range(7)))
    with pytest.raises(DataError, match="no subfolders of classes") as caught:
        scan_folder(tmp_path, class_names)
    assert "one subfolder a class" in str(caught.value)
    found = "Found: train." if folder else "Found: 0.png, 1.png, 2.png, 3.png, 4.png and 2 more."
    assert found in str(caught.value)


def test_classes_that_the_network_does_not_know(tmp_path, class_names):
    make(tmp_path, "train/cat/a.png", "train/zebra/b.png")
    with pytest.raises(DataError, match="zebra"):
        scan_folder(tmp_path, class_names)


def test_two_folders_for_one_class_or_part(tmp_path, class_names):
    make(tmp_path, "a/car/a.png", "a/automobile/b.png", "b/val/cat/a.png", "b/valid/cat/a.png")
    with pytest.raises(DataError, match="automobile and car are the same class"):
        scan_folder(tmp_path / "a", class_names)
    with pytest.raises(DataError, match="two folders for the validation images: val and valid"):
        scan_folder(tmp_path / "b", class_names)


def test_a_part_may_name_its_classes_in_its_own_way(tmp_path, class_names):
    make(tmp_path, "train/car/a.png", "test/automobile/b.png")
    scan = scan_folder(tmp_path, class_names)
    assert names(scan.parts["train"] + scan.parts["test"]) == [("a.png", 1), ("b.png", 1)]


def test_real_images(real_images, class_names):
    scan = scan_folder(real_images, class_names)
    counts = {
        part: Counter(class_names[file.label] for file in files)
        for part, files in scan.parts.items()
    }
    assert counts == {
        "train": dict.fromkeys(class_names, 5000),
        "test": dict.fromkeys(class_names, 1000),
    }
    assert not scan.skipped
