"""What a recipe leaves open is decided by the classes and the images, and told."""

import pytest

from vera_studio.recipe import TrainingSettings
from vera_studio.training.automatic import automatic_learning_rate, decide, is_uneven, told


def course(counts=(10, 10), own=False, **training):
    return decide(TrainingSettings(**training), "vera", own, counts)


def test_with_the_networks_classes_a_run_is_what_it_always_was():
    found = course()
    assert (found.epochs, found.patience, found.views, found.balance) == (6, 0, 0, False)
    assert told(found, (10, 10)) == ""


def test_with_own_classes_it_is_longer_has_views_and_ends_by_itself():
    counts = (1000, 1000)
    found = course(counts, own=True)
    assert found.epochs > 6
    assert 0 < found.patience < found.epochs
    assert found.views > 1
    text = told(found, counts)
    assert f"At most {found.epochs} epochs" in text
    assert f"{found.views} views" in text


def test_few_images_are_gone_through_a_few_times():
    few, some, many = (course((count, count), own=True) for count in (5, 400, 10**5))
    assert few.epochs < some.epochs < many.epochs
    assert few.views == 1
    assert "Each image is trained on in one view" in told(few, (5, 5))


def test_what_is_set_is_taken():
    found = course(
        (1, 100),
        own=True,
        epochs=3,
        patience=0,
        views=1,
        balance=False,
        learning_rate=0.5,
        head_learning_rate=0.25,
    )
    assert (found.epochs, found.patience, found.views, found.balance) == (3, 0, 1, False)
    assert (found.learning_rate, found.head_learning_rate) == (0.5, 0.25)
    assert found.usual_learning_rate < 0.5
    assert told(found, (1, 100)) == "Each image is trained on in one view, as it is."


def test_shifts_are_drawn_anew_every_epoch_so_there_are_no_views():
    assert course(own=True, shift=2).views == 0
    assert "view" not in told(course(own=True, shift=2), (10, 10))
    assert course(own=True, shift=2, views=3).views == 3


@pytest.mark.parametrize(
    ("counts", "uneven"),
    [((10, 30), False), ((10, 31), True), ((0, 5, 5), False), ((1, 4, 0), True), ((), False)],
)
def test_more_than_three_times_as_many_is_uneven(counts, uneven):
    assert is_uneven(counts) == uneven
    found = course(counts)
    assert (found.balance, found.by_classes) == (uneven, uneven)


def test_balanced_drawing_is_told():
    assert "from 10 to 1,000 training images: as many of each" in told(
        course((1000, 10, 500)), (1000, 10, 500)
    )


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("name", ["learning_rate", "head_learning_rate", None])
def test_a_last_layer_alone_has_one_rate(own, name):
    course = decide(TrainingSettings(**({name: 0.04} if name else {})), "head", own, [5, 5])
    assert course.learning_rate == course.head_learning_rate
    assert course.learning_rate == (0.04 if name else automatic_learning_rate("head", own))
