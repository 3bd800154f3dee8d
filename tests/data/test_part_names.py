import pytest

from vera_studio.data.part_names import means_evaluation, parts_of


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("train", "train"),
        ("Train", "train"),
        ("TRAIN", "train"),
        ("Training", "train"),
        ("training_set", "train"),
        ("trainset", "train"),
        ("train-images", "train"),
        ("train2017", "train"),
        ("Train Data", "train"),
        ("val", "validation"),
        ("valid", "validation"),
        ("Validation", "validation"),
        ("dev", "validation"),
        ("eval", "validation"),
        ("test", "test"),
        ("Testing", "test"),
        ("test_set", "test"),
        ("holdout", "test"),
        ("hold-out", "test"),
    ],
)
def test_spellings(name, part):
    assert parts_of([name, "cat"]) == {name: part}


@pytest.mark.parametrize("name", ["trains", "tester", "train station", "contest", "valley", "2017"])
def test_words_that_only_sound_like_parts(name):
    assert parts_of([name, "train"]) == {"train": "train"}


def test_a_prefix_counts_where_two_parts_share_it():
    assert parts_of(["seg_train", "seg_test"]) == {"seg_train": "train", "seg_test": "test"}
    assert parts_of(["freight_train", "crash_test", "bus"]) == {}


def test_evaluation_is_told_apart():
    assert means_evaluation("Evaluation")
    assert means_evaluation("eval_set")
    assert not means_evaluation("val")
    assert not means_evaluation("cat")
