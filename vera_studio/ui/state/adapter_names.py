"""How adapters are named for a person."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vera_studio.methods import METHOD_FACTS
from vera_studio.recipe import AdapterSettings

if TYPE_CHECKING:  # which imports torch
    from vera_studio.adapters.adapter_metadata import AdapterInfo

_USUAL_NETWORK = "the pretrained ConvNet"  # which a name does not tell
_BETWEEN = " · "  # parts of a name
_MOST_PART = 32  # characters of a part of a name that is somebody else's text
MOST_IN_MENU = 40  # characters of a name in a menu or a title
_MOST_NAMED = 3  # classes; of more the first ones stand for all


def method_text(settings: AdapterSettings) -> str:
    """A few words for the method, with its rank where it has one."""
    title = METHOD_FACTS[settings.method].title
    return f"{title} {settings.rank}" if settings.has_rank else title


def classes_text(classes: Sequence[str], of: int) -> str:
    """A few words for `classes`, of a network with `of` of them; a dash for none."""
    if not classes:
        return "\N{EN DASH}"
    if len(classes) == of:
        return f"all {of} classes"
    more = len(classes) - _MOST_NAMED
    text = ", ".join(classes[:_MOST_NAMED])
    return f"{text} +{more}" if more > 0 else text


def targets_text(info: "AdapterInfo") -> str:
    """A few words for the classes that an adapter was trained for; a dash for none."""
    from vera_studio.adapters.gains import is_for_all, target_classes

    if info.has_own_classes:  # their names say what it is for
        return classes_text(target_classes(info), 0)
    if is_for_all(info):
        return f"all {info.classes.count:,} classes"
    return classes_text(target_classes(info), info.classes.count)


def trained_name(info: "AdapterInfo") -> str:
    """What an adapter is called that was just trained.

    Tells what sets it apart: "bird, cat · VeRA 32 · others 44% · CIFAR-10", and the network where
    that is another than the usual one.
    """
    from vera_studio.adapters.gains import is_for_all

    record = info.training
    parts = [shortened(targets_text(info), 60), method_text(info.settings)]
    share = record.keep_others
    if share is not None and record.targets and not is_for_all(info):
        parts.append(f"others {share:.0%}" if share else "no others")
    parts += [
        shortened(text.removeprefix("the pretrained "), _MOST_PART)
        for text in (record.data, record.network)
        if text and text != _USUAL_NETWORK
    ]
    return _BETWEEN.join(parts)


def shortened(text: str, most: int) -> str:
    """`text`, or its two ends with dots between them."""
    half = (most - 1) // 2
    return text if len(text) <= most else f"{text[:half]}…{text[-half:]}"


def apart(first: str, second: str) -> tuple[str, str]:
    """Two names without the parts, at either end, in which they are the same."""
    one, other = first.split(_BETWEEN), second.split(_BETWEEN)
    for end in (0, -1):
        while min(len(one), len(other)) > 1 and one[end] == other[end]:
            one.pop(end)
            other.pop(end)
    return _BETWEEN.join(one), _BETWEEN.join(other)
