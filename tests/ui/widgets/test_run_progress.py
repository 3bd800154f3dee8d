import math

import pytest

from vera_studio.ui.widgets.run_progress import RunProgress, format_seconds


@pytest.fixture
def progress(qtbot):
    widget = RunProgress()
    qtbot.addWidget(widget)
    return widget


def test_a_run_in_words(progress):
    progress.set_progress(0.43, 3, 6, 10_250.3, 11.2)
    assert progress.label.text() == "Epoch 3 of 6 · 10,250 images/s · 0:12 left"
    assert progress.bar.value() == 430


def test_what_is_not_known_is_left_out(progress):
    progress.set_progress(0, 1, 6, math.nan, math.nan)
    assert progress.label.text() == "Epoch 1 of 6"


def test_a_pause_keeps_the_bar_and_the_words(progress):
    progress.set_progress(0.5, 3, 6, 100, 60)
    progress.set_paused()
    assert progress.label.text() == "Paused · Epoch 3 of 6 · 100 images/s · 1:00 left"
    assert progress.bar.value() == 500


def test_ends(progress):
    progress.set_progress(0.5, 3, 6, 100, 60)
    progress.set_stopped("Stopped after 3 epochs")
    assert (progress.label.text(), progress.bar.value()) == ("Stopped after 3 epochs", 500)
    progress.set_finished()
    assert (progress.label.text(), progress.bar.value()) == ("Finished", 1000)
    progress.set_idle()
    assert (progress.label.text(), progress.bar.value()) == ("No run yet", 0)
    progress.set_paused()
    assert progress.label.text() == "Paused"


def test_a_stop_leaves_the_bar_where_the_run_ended(progress):
    progress.set_progress(0.4, 4, 10, 100, 60)
    progress.set_busy("Stopping")
    progress.set_busy("Measuring the best epoch", 0.9)
    progress.set_stopped("Stopped after 4 epochs")
    assert (progress.bar.maximum(), progress.bar.value()) == (1000, 400)


def test_what_is_told_in_other_words_is_kept_too(progress):
    progress.set_share(0.25, "Run 2 of 8")
    progress.set_busy("Stopping")
    progress.set_stopped("Stopped after 2 of 8 runs")
    assert progress.bar.value() == 250


def test_being_busy_has_no_end_in_sight(progress):
    progress.set_busy("Opening the images")
    assert (progress.bar.minimum(), progress.bar.maximum()) == (0, 0)
    progress.set_progress(0.2, 1, 2, 10, 5)
    assert progress.bar.maximum() == 1000


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (11.2, "0:12"), (60, "1:00"), (3723, "1:02:03"), (-1, "0:00")],
)
def test_seconds(seconds, text):
    assert format_seconds(seconds) == text


def test_being_busy_with_an_end_in_sight(progress):
    progress.set_busy("Opening the images")
    progress.set_busy("Computing", 0.25)
    assert progress.label.text() == "Computing"
    assert (progress.bar.maximum(), progress.bar.value()) == (1000, 250)
