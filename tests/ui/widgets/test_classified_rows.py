"""What was said of pictures: sorted, filtered, corrected; any number of them."""

import time

import numpy as np
import pytest

from vera_studio.ui.widgets.classified_rows import (
    CLASS,
    FILE,
    NOBODY,
    SECOND,
    SHARE,
    STATE,
    ClassifiedRows,
    View,
)

NAMES = ("b", "A", "c")


@pytest.fixture
def rows():
    """Five pictures; the third one's class was given by a person."""
    rows = ClassifiedRows(NAMES)
    told = [[0, 1, 2], [1, 0, 2], [2, 1, 0], [0, 2, 1], [1, 2, 0]]
    shares = [[0.9, 0.1, 0], [0.5, 0.3, 0.2], [0.6, 0.3, 0.1], [0.4, 0.3, 0.3], [0.7, 0.2, 0.1]]
    rows.add([f"{n}.jpg" for n in range(3)], np.array(told[:3]), np.array(shares[:3]))
    rows.add(["3.jpg", "sub/4.JPG"], np.array(told[3:]), np.array(shares[3:]))
    rows.threshold = 0.65
    rows.give([2], 0)
    return rows


def ids(rows, *arguments, **settings):
    return rows.ids(View(*arguments, **settings)).tolist()


def test_they_are_sorted_by_every_column(rows):
    assert ids(rows) == [0, 1, 2, 3, 4]
    assert ids(rows, FILE, True) == [4, 3, 2, 1, 0]
    assert ids(rows, CLASS) == [1, 4, 0, 2, 3]  # by name, capitals or not, as corrected
    assert ids(rows, SHARE) == [3, 1, 2, 4, 0]
    assert ids(rows, STATE, True) == [2, 1, 3, 0, 4]
    assert ids(rows, SECOND) == [0, 2, 1, 3, 4]


def test_they_are_filtered(rows):
    assert ids(rows, which="unsure") == [1, 3]
    assert ids(rows, which="corrected") == [2]
    assert ids(rows, class_index=0) == [0, 2, 3]
    assert ids(rows, text=" SUB/4.jpg ") == [4]
    assert ids(rows, SHARE, True, class_index=0, which="unsure", text="jpg") == [3]
    assert rows.ids(View(), 3).tolist() == [3, 4]


def test_what_a_person_said_goes_before_what_the_network_says(rows):
    assert [rows.class_of(row) for row in range(5)] == [0, 1, 0, 0, 1]
    assert rows.classes().tolist() == [0, 1, 0, 0, 1]
    assert not rows.is_unsure(2)
    rows.give([2, 4], NOBODY)
    assert rows.class_of(2) == 2
    assert rows.is_unsure(2)
    assert rows.told(2) == [
        (2, pytest.approx(0.6)),
        (1, pytest.approx(0.3)),
        (0, pytest.approx(0.1)),
    ]


def test_a_copy_stays_as_it_was(rows):
    copied = rows.copy()
    rows.give([0, 2], 2)
    rows.add(["5.jpg"], np.array([[0, 1, 2]]), np.array([[1.0, 0, 0]]))
    assert copied.classes().tolist() == [0, 1, 0, 0, 1]
    assert copied.unsure().tolist() == [False, True, False, True, False]
    assert len(copied) == 5


def test_there_may_be_one_class_and_no_picture():
    rows = ClassifiedRows(("only",))
    assert ids(rows, SECOND) == ids(rows, CLASS) == []
    rows.add(["a"], np.array([[0]]), np.array([[1.0]]))
    assert ids(rows, SECOND) == [0]
    assert ClassifiedRows().unsure().tolist() == ClassifiedRows().classes().tolist() == []


def test_a_hundred_thousand_are_sorted_in_a_moment():
    rows = ClassifiedRows([f"class {n}" for n in range(1000)])
    generator = np.random.default_rng(0)
    for start in range(0, 100_000, 500):
        told = generator.integers(0, 1000, (500, 5))
        shares = generator.random((500, 5))
        rows.add([f"folder/{start + n:06}.jpg" for n in range(500)], told, shares)
    start = time.process_time()
    for column in (FILE, CLASS, SHARE, STATE, SECOND):
        assert len(rows.ids(View(column, True))) == 100_000
    assert len(rows.ids(View(SHARE, text="99"))) > 1000
    assert time.process_time() - start < 2
