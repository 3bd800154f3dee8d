"""How a run ended, in sentences: the same for the window and the command line."""

import math
from pathlib import Path

from vera_studio.methods import METHOD_FACTS
from vera_studio.runs.events import RunResult
from vera_studio.wording import epochs_text, in_sentence, lower_rate, of_few

_MOST_NAMED = 5  # classes; of more the first ones stand for all


def sentences(result: RunResult) -> tuple[str, ...]:
    """What became of the run, and what the user should know of it."""
    told = (outcome(result), fallen(result), unmeasured(result), repeatability(result))
    return tuple(filter(None, told))


def headline(result: RunResult) -> str:
    """How the run ended, short enough for a status bar."""
    how = "stopped" if result.stopped else "finished"
    epochs = epochs_text(result.epochs_done)
    kept = "nothing is kept as the best"
    if result.improved:
        kept = f"epoch {result.best_epoch} is kept as the best"
    elif result.has_adapter:
        kept = "the means of the classes are kept as the best"
    elif result.fell_short:
        kept = "none did better than the network before training"
    return f"Fine-tuning {how} after {epochs}; {kept}."


def outcome(result: RunResult) -> str:
    """Which epoch is kept, or why none is and what to try."""
    if result.improved and result.epochs_measured == 0:
        return f"Epoch {result.best_epoch} is kept; there were no validation images to choose by."
    if result.improved:
        ended = " Training ended early: nothing better came for long." if result.gave_up else ""
        of_all = f"Epoch {result.best_epoch} of {result.epochs_done}"
        if result.has_own_classes:
            return (
                f"{of_all} is kept: the last that the validation images cannot tell from the best."
                f"{ended}"
            )
        return f"{of_all} was the best on the validation images and is kept.{ended}"
    if result.has_adapter:
        none = "Stopped before an epoch was measured"
        if result.fell_short:
            none = "No epoch did better on the validation images"
        return f"{none}: the means of the classes, which training began with, are kept."
    if result.fell_short:
        advice = "Try a lower learning rate, or more images."
        if not math.isnan(result.learning_rate):
            facts = METHOD_FACTS.get(result.subject.method)  # type: ignore[call-overload]
            usual = facts.learning_rate if facts else result.learning_rate
            advice = f"{lower_rate(result.learning_rate, usual)[:-1]}, or more images."
        return (
            "No epoch did better on the validation images than the network before training: "
            f"nothing is kept as the best, and the network stays as it was. {advice}"
        )
    if result.epochs_done:
        return "Stopped before the first epoch was measured, so none is kept as the best."
    return "Stopped before the first step: nothing was trained."


def fallen(result: RunResult) -> str:
    """Names the target classes that do worse on the test images; empty where none does."""
    falls = [_fall(result, index) for index in result.fallen[:_MOST_NAMED]]
    if not falls:
        return ""
    more = len(result.fallen) - len(falls)
    names = ", ".join(falls) + (f" and {more} more" if more else "")
    return f"Target classes that do worse on the test images than before: {names}."


def unmeasured(result: RunResult) -> str:
    """Says so where the run was stopped before it was measured on the test images."""
    if result.after.images or not result.before.images:
        return ""
    return "Stopped before it was measured on the test images."


def repeatability(result: RunResult) -> str:
    """Says so where the same recipe need not give the same adapter to the last digit."""
    if result.is_repeatable:
        return ""
    return (
        f"It ran on {result.device.upper()}, which adds numbers up in no fixed order: run again, "
        "the last digits may differ."
    )


def moved(asked: Path, folder: Path) -> str:
    """What to tell where a run or a comparison had to go into another folder than `asked`."""
    return (
        f"{asked} could not be written to.\nAll that was left is in {folder} instead: put "
        "that where it is safe, once there is room."
    )


def _fall(result: RunResult, index: int) -> str:
    before, after = result.before.per_class[index], result.after.per_class[index]
    few = of_few(after, result.after.counts[index])
    behind = f" ({few})" if few else ""
    return f"{in_sentence(result.class_names[index])}, {before:.1%} to {after:.1%}{behind}"
