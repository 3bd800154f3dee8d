"""How a run ended, in the sentences of window and command line."""

import math

import pytest

from tests.runs.test_run_folder import NAMES, NAN, evaluation, result
from vera_studio.runs.events import Evaluation
from vera_studio.runs.summary import headline, outcome, sentences


@pytest.mark.parametrize(
    ("changes", "short", "first"),
    [
        (
            {"stopped": False},
            "Fine-tuning finished after 3 epochs; epoch 2 is kept as the best.",
            "Epoch 2 of 3 was the best on the validation images and is kept.",
        ),
        (
            {"epochs_measured": 0},
            "Fine-tuning stopped after 3 epochs; epoch 2 is kept as the best.",
            "Epoch 2 is kept; there were no validation images to choose by.",
        ),
        (
            {"stopped": False, "best_epoch": 0, "epochs_done": 1, "epochs_measured": 1},
            "Fine-tuning finished after 1 epoch; none did better than the network before training.",
            "No epoch did better on the validation images than the network before training: nothing"
            " is kept as the best, and the network stays as it was. Try a lower learning rate, such"
            " as 0.002, or more images.",
        ),
        (
            {"best_epoch": 0, "epochs_done": 1, "epochs_measured": 0},
            "Fine-tuning stopped after 1 epoch; nothing is kept as the best.",
            "Stopped before the first epoch was measured, so none is kept as the best.",
        ),
        (
            {"best_epoch": 0, "epochs_done": 0, "epochs_measured": 0},
            "Fine-tuning stopped after 0 epochs; nothing is kept as the best.",
            "Stopped before the first step: nothing was trained.",
        ),
    ],
)
def test_what_became_of_it(tmp_path, changes, short, first):
    ended = result(tmp_path, **changes)
    assert (headline(ended), outcome(ended)) == (short, first)
    assert sentences(ended)[0] == first


def test_a_result_of_an_older_version_has_no_learning_rate_to_speak_of(tmp_path):
    older = result(tmp_path, best_epoch=0, learning_rate=NAN, epochs_measured=None)
    assert outcome(older).endswith("Try a lower learning rate, or more images.")


def test_only_targets_that_were_measured_can_fall(tmp_path):
    before = Evaluation(1.0, 0.5, (0.75, 0.5, NAN), (4, 4, 0))
    worse = Evaluation(1.0, 0.5, (0.5, 0.25, NAN), (4, 4, 0))
    ended = result(tmp_path, before=before, after=worse)
    assert [NAMES[index] for index in ended.fallen] == ["cat"]  # dog is no target, ship unknown
    fell = "Target classes that do worse on the test images than before: cat, 75.0% to 50.0%"
    assert sentences(ended)[1:] == (f"{fell} (2 of 4).",)
    unmeasured = result(tmp_path, before=before, after=Evaluation.nothing(3))
    assert unmeasured.fallen == ()
    assert sentences(unmeasured)[1:] == ("Stopped before it was measured on the test images.",)


def test_nothing_was_measured_where_there_is_nothing(tmp_path):
    nothing = Evaluation.nothing(3)
    assert math.isnan(nothing.loss_over((0, 1)))
    assert len(sentences(result(tmp_path, before=nothing, after=nothing))) == 1
    assert len(sentences(result(tmp_path, before=evaluation(), after=nothing))) == 2


def test_what_need_not_come_out_the_same_again_is_told(tmp_path):
    assert sentences(result(tmp_path, device="cpu")) == sentences(result(tmp_path, threads=2))
    (*_, told) = sentences(result(tmp_path, device="cuda"))
    assert told.startswith("It ran on CUDA, which adds numbers up in no fixed order")
