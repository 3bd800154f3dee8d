"""Which part of a data set a folder's name means, in the spellings that people use."""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Literal

Part = Literal["train", "validation", "test", "all"]

_WORDS: dict[str, Part] = {
    "train": "train",
    "training": "train",
    "trn": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "validate": "validation",
    "dev": "validation",
    "eval": "validation",
    "evaluation": "validation",
    "test": "test",
    "testing": "test",
    "tst": "test",
    "holdout": "test",
    "hold-out": "test",
    "heldout": "test",
}
# "Training_set", "testset", "train2017", "val_images"; before it a prefix, as in "seg_train".
_NAME = re.compile(
    r"(?P<prefix>.+[ _.-])?"
    rf"(?P<word>{'|'.join(sorted(_WORDS, key=len, reverse=True))})"
    r"(?:[ _.-]*(?:set|data|dataset|images?|imgs?|pictures|photos|split|part|folder))?"
    r"[ _.-]*\d*",
    re.IGNORECASE,
)


def parts_of(names: Iterable[str]) -> dict[str, Part]:
    """Which part each of the names means; those that mean none are left out.

    With a prefix a name means a part only where another has the same prefix and means another
    part: "seg_train" beside "seg_test", but not "freight_train" alone.
    """
    found: dict[str, tuple[str, Part]] = {}
    by_prefix: dict[str, set[Part]] = defaultdict(set)
    for name in names:
        if match := _NAME.fullmatch(name.strip()):
            prefix, part = (match["prefix"] or "").casefold(), _WORDS[match["word"].casefold()]
            found[name] = prefix, part
            by_prefix[prefix].add(part)
    return {
        name: part
        for name, (prefix, part) in found.items()
        if not prefix or len(by_prefix[prefix]) > 1
    }


def means_evaluation(name: str) -> bool:
    """Whether it says "evaluation": beside a part to validate on that means the test part."""
    match = _NAME.fullmatch(name.strip())
    return match is not None and match["word"].casefold() in ("eval", "evaluation")
