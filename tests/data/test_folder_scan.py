from collections import Counter

import pytest

from vera_studio.data.folder_scan import scan_folder
from vera_studio.errors import DataError


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
