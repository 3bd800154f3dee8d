"""Names that a person gives to pictures, step by step and back."""

import pytest

from vera_studio.ui.state.labelling import LEFT_OUT, Labelling


@pytest.fixture
def labelling():
    return Labelling([0, 0, 0, 1, 1, 2])


def test_a_group_is_named_and_is_empty_then(labelling):
    assert labelling.waiting() == {0: 3, 1: 2, 2: 1}
    labelling.name(labelling.in_group(0), "ant")
    labelling.name([4], "bee")
    assert labelling.waiting() == {1: 1, 2: 1}
    assert labelling.classes == ("ant", "bee")
    assert labelling.pairs() == [(0, "ant"), (1, "ant"), (2, "ant"), (4, "bee")]
    assert labelling.of_class(1) == [4]
    assert (labelling.named, labelling.left_out) == (4, 0)
    labelling.leave_out([5])
    assert labelling.of_class(LEFT_OUT) == [5]
    assert labelling.name_of(5) == ""
    labelling.take_names([5, 0])
    assert labelling.waiting() == {0: 1, 1: 1, 2: 1}


def test_pictures_move_and_split_and_names_stay_with_other_groups(labelling):
    labelling.name([3], "ant")
    labelling.move([0, 3], 2)
    assert labelling.in_group(2) == [0, 3, 5]
    assert labelling.named == 0
    assert labelling.split([1]) == 3
    assert labelling.in_group(3) == [1]
    labelling.name([1], "bee")
    labelling.regroup([0, 1, 0, 1, 0, 1])
    assert labelling.waiting() == {0: 3, 1: 2}
    assert labelling.pairs() == [(1, "bee")]


def test_a_class_is_renamed_or_joined_with_another(labelling):
    for pictures, name in (([0], "ant"), ([1], "beee"), ([2], "wasp"), ([3], "bee")):
        labelling.name(pictures, name)
    labelling.rename(2, "hornet")
    labelling.rename(1, "bee")
    assert labelling.classes == ("ant", "hornet", "bee")
    assert labelling.pairs() == [(0, "ant"), (1, "bee"), (2, "hornet"), (3, "bee")]


def test_every_step_is_taken_back_and_done_again(labelling):
    def now():
        return labelling.pairs(), labelling.classes, labelling.waiting(), labelling.left_out

    seen = [now()]
    for step in (
        lambda: labelling.name([0, 1], "ant"),
        lambda: labelling.leave_out([2]),
        lambda: labelling.move([2], 1),
        lambda: labelling.split([3]),
        lambda: labelling.regroup([1] * 6),
        lambda: labelling.rename(0, "bee"),
        lambda: labelling.take_names([0]),
    ):
        step()
        seen.append(now())
    assert labelling.undo_text == "1 picture without a name again"
    for before in reversed(seen[:-1]):
        labelling.undo()
        assert now() == before
    assert labelling.undo_text == ""
    labelling.undo()  # nothing is left
    for after in seen[1:]:
        labelling.redo()
        assert now() == after
    labelling.undo()
    labelling.name([5], "wasp")
    assert labelling.redo_text == ""


def test_it_knows_whether_it_was_saved(labelling):
    assert labelling.is_saved
    labelling.name([0], "ant")
    assert not labelling.is_saved
    labelling.note_saved()
    assert labelling.is_saved
    labelling.undo()
    assert not labelling.is_saved
    labelling.redo()
    labelling.regroup([0] * 6)
    assert labelling.is_saved
