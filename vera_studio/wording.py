"""Phrases that several refusals share, and texts as a terminal may show them."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence

# Control, format and unassigned characters, and what ends a line or a paragraph.
_STEERING = {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"  # of letters and of emoji: names need them, and they steer nothing
_ISOLATE, _END_OF_ISOLATE = "\u2068", "\u2069"  # https://www.unicode.org/reports/tr9/
_FEW = 20  # images: with fewer, one of them changes a share by more than 5 points


def difference(expected: Mapping[str, object], found: Mapping[str, object]) -> str:
    """The first difference, in words."""
    name = next(name for name in (*expected, *found) if expected.get(name) != found.get(name))
    return f"{name}: expected {expected.get(name, 'none')}, found {found.get(name, 'none')}."


def listed(names: Collection[str], most: int = 5) -> str:
    """The first `most` of the names by the alphabet, and how many more there are."""
    return first_of(sorted(names), most)


def shortened(text: str, most: int = 160) -> str:
    """`text`, cut off where it is longer than names are."""
    return text if len(text) <= most else text[:most] + "…"


def in_sentence(name: str) -> str:
    """A name for the middle of a sentence, shortened; one from right to left stays by itself.

    Else figures and commas after it would be taken to go on from right to left.
    """
    is_isolated = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in name)
    short = shortened(name)
    return f"{_ISOLATE}{short}{_END_OF_ISOLATE}" if is_isolated else short


def first_of(names: Sequence[str], most: int = 20) -> str:
    """The first `most` of the names as they come, and how many more there are."""
    more = len(names) - most
    return ", ".join(in_sentence(name) for name in names[:most]) + (
        f" and {more:,} more" if more > 0 else ""
    )


def sentence(text: str, detail: str = "") -> str:
    """`text`, and after a colon the detail if there is one, with a capital and a full stop."""
    whole = f"{text}: {detail}" if detail else text
    return whole[:1].upper() + whole[1:].rstrip(".") + "."


def files_skipped(count: int) -> str:
    """That so many files among the images could not be used."""
    return "1 file was skipped" if count == 1 else f"{count:,} files were skipped"


def skipped_text(reasons: Mapping[str, int], most: int = 5) -> str:
    """How many files were skipped and why; empty where none were.

    Args:
        reasons: how many files for each reason, such as "damaged".
        most: reasons that are named, the most frequent first.
    """
    count = sum(reasons.values())
    if not count:
        return ""
    ordered = sorted(reasons.items(), key=lambda item: -item[1])
    named = [f"{number:,} {reason}" for reason, number in ordered[:most]]
    if rest := sum(number for _, number in ordered[most:]):
        named.append(f"{rest:,} for other reasons")
    return f"{files_skipped(count)}: {', '.join(named)}."


def plain(number: float) -> str:
    """`number` without an exponent, but for one beyond all sizes, and without idle zeros."""
    if isinstance(number, int):
        text = f"{number:,}"
    elif number and not 1e-12 <= abs(number) < 1e15:
        text = f"{number:g}"
    else:
        text = f"{number:,.12f}".rstrip("0").rstrip(".")
    return text.replace("-", "\N{MINUS SIGN}")


def epochs_text(count: int) -> str:
    """So many epochs, in words."""
    return "1 epoch" if count == 1 else f"{count:,} epochs"


def size_text(count: float) -> str:
    """A number of bytes, such as "1.1 GB"."""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "KB")):
        if count >= unit:
            return f"{count / unit:,.1f} {name}"
    return f"{count:.0f} bytes"


def already_there(name: str) -> str:
    """Of an adapter that was to be kept, and that the library holds already as `name`."""
    return f"The library has this adapter already, as {name}; no second copy was made."


def printable(text: str) -> str:
    r"""`text` on one line, with what would steer a terminal spelled out, such as \x1b.

    File names, class names and notes come from anywhere: all that is printed goes through here.
    """
    # Terminals have an order of their own for what goes from right to left.
    text = text.replace(_ISOLATE, "").replace(_END_OF_ISOLATE, "")
    if text.isprintable():
        return text
    return "".join(
        character.encode("unicode_escape").decode() if _steers(character) else character
        for character in text
    )


def _steers(character: str) -> bool:
    return unicodedata.category(character) in _STEERING and character not in _JOINERS


def chosen_by(
    validation_images: int,
    keep_others: float,
    has_others: bool,
    by_classes: bool = False,
    is_last: bool = False,
) -> str:
    """By what a run's best epoch is chosen; `is_last` of those that are as good as the best."""
    if not validation_images:
        return "Best: the last epoch, for there are no validation images to choose by."
    text = "Best: the highest accuracy on the validation images"
    if by_classes:
        text = "Best: the highest mean of the classes' accuracies on the validation images"
    equals = "Of equals, the lowest loss."
    if is_last:
        equals = "Of epochs that so many images cannot tell from it, the last one."
    if not has_others:
        return f"{text}. {equals}"
    if keep_others == 0:
        return f"{text} of the target classes; the others do not count. {equals}"
    return f"{text}, the targets in full and the others by {keep_others:.0%}. {equals}"


def lower_rate(learning_rate: float, usual: float) -> str:
    """What to try where a run diverges; `usual` is what it would have had by itself."""
    return f"Try a lower learning rate, such as {min(learning_rate / 10, usual):.1g}."


def not_enough_memory(device: str) -> str:
    """What to do where not even one image can be computed on `device`, such as "cuda"."""
    if device == "cpu":
        return (
            "There is not enough memory. Close other programs, or choose fewer images, a lower "
            "rank or a smaller network."
        )
    return (
        f"There is not enough memory on {device.upper()}. Choose the CPU as the device, a lower "
        f"rank or a smaller network, or close other programs that use {device.upper()}."
    )


def device_failed(device: str, why: str) -> str:
    """What to do where `device`, such as "cuda", computes no more; `why` is what it said."""
    reason = why.strip().partition("\n")[0].rstrip(".")[:200]
    name = device.upper() or "The graphics card"
    return (
        f"{name} computes no more ({reason}). Start the program anew before it is used again, or "
        "choose the CPU as the device."
    )


def of_few(share: float, images: int) -> str:
    """The images behind a share where they are few, such as "1 of 3"; else empty."""
    return f"{round(share * images)} of {images}" if 0 < images < _FEW else ""
