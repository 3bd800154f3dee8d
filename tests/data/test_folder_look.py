"""Folders as people have them: where the data set begins, its parts and its classes."""

import contextlib
import os
from pathlib import Path

import pytest

from vera_studio.data.folder_scan import look_at, scan_folder
from vera_studio.errors import Cancelled, DataError


@pytest.fixture
def make(tmp_path):
    def make_files(*files):
        for file in files:
            path = tmp_path / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path

    return make_files


def seen(look):
    return look.class_names, set(look.parts)


def test_one_folder_deeper_is_stepped_down_to_and_told(make):
    root = make("pets/train/cat/a.jpg", "pets/train/dog/b.jpg", "pets/test/cat/c.jpg", "readme.md")
    look = look_at(root)
    assert seen(look) == (("cat", "dog"), {"train", "test"})
    assert look.root == root / "pets"
    assert look.notes == ("The images are in its folder pets.",)
    assert scan_folder(root, ("cat", "dog")).notes == look.notes


def test_deeper_still_and_beside_what_a_mac_leaves(make):
    root = make("archive/pets/cat/a.jpg", "archive/pets/dog/b.jpg", "__MACOSX/pets/cat/._a.jpg")
    assert look_at(root).root == root / "archive/pets"


def test_images_beside_labels(make):
    root = make("images/train/cat/a.jpg", "images/test/cat/b.jpg", "labels/train/cat/a.txt")
    assert look_at(root).root == root / "images"


def test_screenshots_beside_a_data_set_with_parts_are_no_class(make):
    root = make("docs/a.png", "pets/train/cat/a.jpg", "pets/test/cat/b.jpg")
    assert look_at(root).root == root / "pets"
    assert look_at(make("docs/b.png", "more/c.png")).class_names == ("docs", "more", "pets")


def test_of_two_data_sets_none_is_stepped_down_to(make):
    root = make("cat/in/a.jpg", "cat/out/b.jpg", "dog/in/c.jpg", "dog/out/d.jpg")
    assert seen(look_at(root)) == (("cat", "dog"), {"all"})
    assert look_at(root).root == root


def test_pictures_deeper_in_a_single_class_are_no_data_set(make):
    assert look_at(make("cat/more/a.jpg")).class_names == ("cat",)


@pytest.mark.parametrize(
    ("train", "other"),
    [
        ("train", "val"),
        ("TRAIN", "Validation"),
        ("train2017", "val2017"),
        ("training_set", "mine"),
        ("Train", "eval"),
        ("seg_train", "seg_val"),
    ],
)
def test_of_two_parts_the_other_one_is_to_test_on(make, train, other):
    root = make(f"{train}/ants/a.jpg", f"{train}/bees/b.jpg", f"{other}/ants/c.jpg", "code/x/a.py")
    look = look_at(root)
    assert seen(look) == (("ants", "bees"), {"train", "test"})
    assert look.notes == (
        f"The folder {other} is what is measured on at the end. "
        f"What is validated on is held out of {train}.",
    )


def test_three_parts_are_what_they_are_called(make):
    root = make("train/a/1.jpg", "dev/a/2.jpg", "eval/a/3.jpg")
    scan = scan_folder(root, ("a",))
    assert {part: files[0].name for part, files in scan.parts.items()} == {
        "train": "1.jpg",
        "validation": "2.jpg",
        "test": "3.jpg",
    }
    assert scan.notes == ()


def test_a_folder_with_other_classes_is_no_part_to_test_on(make):
    root = make("train/ants/a.jpg", "train/bees/b.jpg", "more/wasps/c.jpg")
    look = look_at(root)
    assert seen(look) == (("ants", "bees"), {"train"})
    assert [file.path for file in scan_folder(root, ("ants", "bees")).skipped] == ["more"]


def test_a_part_in_a_folder_of_its_own_name(make):
    root = make("seg_train/seg_train/sea/a.jpg", "seg_test/seg_test/sea/b.jpg")
    assert seen(look_at(root)) == (("sea",), {"train", "test"})


def test_classes_called_like_parts(make):
    root = make("test/a.jpg", "train/b.jpg", "cable/c.jpg")
    assert seen(look_at(root)) == (("cable", "test", "train"), {"all"})


def test_folders_without_a_picture_are_no_classes_and_are_told(make):
    root = make("cat/a.jpg", "labels/a.txt", "runs/exp1/weights.pt", "#recycle/b.jpg", "dog/b.PNG")
    (root / "bird").mkdir()
    look = look_at(root)
    assert look.class_names == ("cat", "dog")
    assert look.notes == ("Folders without a picture are no classes: bird, labels, runs.",)
    told = [(file.path, file.reason) for file in scan_folder(root, look.class_names).skipped]
    assert told == [
        (name, "Folder without a picture, no class.") for name in ("bird", "labels", "runs")
    ]


def test_a_folder_of_a_class_that_may_not_be_read_is_told_so(make, monkeypatch):
    root = make("cat/a.jpg", "dog/b.jpg")
    scandir = os.scandir

    def refuse(folder):
        if Path(folder).name == "dog":
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    (told,) = scan_folder(root, ("cat", "dog")).skipped
    assert (told.path, told.reason) == ("dog", "Folder that cannot be read: Permission denied.")
    assert look_at(root).notes == ()


def test_pictures_of_another_suffix_or_none_are_found_by_their_first_bytes(make):
    root = make("cat/notes.txt", "dog/b.jpg", "bird/c.txt", "hen/d.HEIC", "cow/e.dng")
    (root / "cat/IMG").write_bytes(b"\xff\xd8\xff\xe0")
    assert look_at(root).class_names == ("cat", "cow", "dog", "hen")


def test_which_files_are_looked_into_goes_by_their_names(make, monkeypatch):
    entries = []
    for number in range(20):
        entries += [f"cat/{number:02}.txt", f"cat/{number:02}.xml"]
    root = make(*entries, "cat/IMG_0001", "dog/b.jpg")
    (root / "cat/IMG_0001").write_bytes(b"\xff\xd8\xff\xe0")
    (root / "cat/19.xml").write_bytes(b"\xff\xd8\xff\xe0")  # too far back
    scandir = os.scandir

    class Turned(contextlib.closing):
        def __enter__(self):
            return iter(sorted(super().__enter__(), key=lambda one: one.name, reverse=self.turn))

    for turn in (False, True):
        monkeypatch.setattr(Turned, "turn", turn, raising=False)
        monkeypatch.setattr(os, "scandir", lambda folder: Turned(scandir(folder)))
        assert look_at(root).class_names == ("cat", "dog")
    (root / "cat/IMG_0001").unlink()
    for turn in (False, True):
        monkeypatch.setattr(Turned, "turn", turn)
        assert look_at(root).class_names == ("dog",)


def test_names_are_names_in_natural_order(make):
    names = ("#1 50%", "a & b", "class 2", "class 10", "others", "Ünï cödé", "قطة", "数据", "🐈")
    look = look_at(make(*(f"{name}/a.jpg" for name in reversed(names))))
    assert look.class_names == names
    assert {file.label for file in scan_folder(look.root, names).parts["all"]} == set(range(9))


@pytest.mark.skipif(os.name == "nt", reason="needs names of any bytes")
def test_a_name_that_is_no_text_is_left_out_and_told(make):
    root = make("cat/a.jpg")
    (root / os.fsdecode(b"d\xf6g")).mkdir()
    (root / os.fsdecode(b"d\xf6g") / "b.jpg").touch()
    assert look_at(root).class_names == ("cat",)
    assert scan_folder(root, ("cat",)).skipped[0].kind == "folder whose name no class can have"


def test_a_class_that_two_parts_spell_in_two_ways_is_one(make):
    root = make("train/Cat/a.jpg", "train/dog/b.jpg", "test/cats/c.jpg", "test/wasp/d.jpg")
    look = look_at(root)
    assert look.class_names == ("Cat", "dog", "wasp")
    assert len(scan_folder(root, look.class_names).parts["train"]) == 2


def test_what_the_network_does_not_know_is_left_out_and_told(make, class_names):
    root = make("cat/a.jpg", "dog/b.jpg", "zebra/c.jpg")
    scan = scan_folder(root, class_names, leave_out_unknown=True)
    assert [file.name for file in scan.parts["all"]] == ["a.jpg", "b.jpg"]
    assert scan.notes == ("Left out, as the network does not know these classes: zebra.",)
    assert [file.path for file in scan.skipped] == ["zebra"]
    with pytest.raises(DataError, match="does not know the class zebra"):
        scan_folder(root, class_names)
    with pytest.raises(DataError, match="does not know the classes cat, dog, zebra"):
        scan_folder(root, ("ant", "bee"), leave_out_unknown=True)


def test_looking_stops_when_asked(make):
    with pytest.raises(Cancelled):
        look_at(make("cat/a.jpg"), should_stop=lambda: True)


def test_nothing_to_be_found(make):
    with pytest.raises(DataError, match="no subfolders of classes"):
        look_at(make("a.jpg", "b.jpg"))


def test_beside_other_folders_of_pictures_nothing_is_stepped_down_to(make):
    root = make("cats/2020/a.jpg", "cats/2021/b.jpg", "dogs/2020/c.jpg", "dogs/2020/d.jpg")
    assert seen(look_at(root)) == (("cats", "dogs"), {"all"})
    assert look_at(root).notes == ()
    make("in/pets/cat/a.jpg", "in/pets/dog/b.jpg", "in/more/c.jpg")
    assert look_at(root / "in").class_names == ("more", "pets")


def test_what_stands_beside_the_folder_stepped_down_to_is_told(make):
    root = make("docs/a.png", "pets/train/cat/a.jpg", "pets/test/cat/b.jpg", "me.md", "x/y.txt")
    note = "The images are in its folder pets. Left out is what stands beside it: docs."
    assert look_at(root).notes == (note,)
    told = {file.path: file.kind for file in scan_folder(root, ("cat",)).skipped}
    beside = "beside the folder of the data set"
    assert told == {"docs": beside, "x": beside, "me.md": "not in the folder of a class"}


def test_a_picture_that_lies_loose_beside_folders_of_classes_makes_no_class(make):
    root = make("dataset/preview.png", "dataset/cat/a.jpg", "dataset/dog/b.jpg")
    assert look_at(root).class_names == ("cat", "dog")
    skipped = [Path(file.path).as_posix() for file in scan_folder(root, ("cat", "dog")).skipped]
    assert skipped == ["dataset/preview.png"]


@pytest.mark.parametrize("tops", [("fold1", "fold2", "fold3"), ("images", "masks")])
def test_the_same_folders_in_every_class_are_told(make, tops):
    root = make(*(f"{top}/{name}/a.png" for top in tops for name in ("ants", "bees")), "a.png")
    look = look_at(root)
    assert look.class_names == tops
    (note,) = look.notes
    assert ", ".join(tops) in note
    assert "the same folders in them: ants, bees." in note
    assert "open one of the folders above alone, or name them train and test" in note


def test_other_folders_in_every_class_are_nothing_to_tell(make):
    assert look_at(make("cat/in/a.jpg", "cat/out/b.jpg", "dog/in/c.jpg")).notes == ()
    assert look_at(make("all/cat/images/a.jpg", "all/dog/images/b.jpg").joinpath("all")).notes == ()


def test_folders_in_the_only_class_of_the_parts_are_told(make):
    root = make(
        *(f"{part}/images/{name}/a.png" for part in ("train", "test") for name in ("ants", "bees"))
    )
    assert look_at(root).notes == (
        "The folder images is taken for the only class, and has folders in it: ants, bees. "
        "If these are the classes, move them up to where it is.",
    )


def test_a_class_called_train_beside_others(make):
    root = make("bus/a.png", "plane/b.png", "train/steam/c.png", "train/diesel/d.png")
    look = look_at(root)
    assert seen(look) == (("bus", "plane", "train"), {"all"})
    assert look.notes == ("The folder train is taken for a class, as those beside it are classes.",)
    assert len(scan_folder(root, look.class_names).parts["all"]) == 4


def test_a_single_part_with_pictures_beside_it_is_told(make):
    root = make("train/cat/a.png", "train/dog/b.png", "more/c.png", "notes/x.txt")
    look = look_at(root)
    assert seen(look) == (("cat", "dog"), {"train"})
    assert look.notes == (
        "The folder train is taken for the train images, and left out is what stands beside it: "
        "more.",
    )


def test_files_beside_a_part_in_a_folder_of_its_own_name_are_told_where_they_are(make):
    root = make("train/train/sea/a.jpg", "test/test/sea/b.jpg", "readme.md", "train/list.csv")
    skipped = [Path(file.path).as_posix() for file in scan_folder(root, ("sea",)).skipped]
    assert skipped == ["readme.md", "train/list.csv"]
