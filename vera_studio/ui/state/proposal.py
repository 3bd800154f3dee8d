"""What is proposed for a folder of images: a sentence on what it holds, and the ways to open it."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from vera_studio.recipe import DataSettings, ModelSettings
from vera_studio.wording import first_of

if TYPE_CHECKING:
    from vera_studio.ui.jobs.folders import FolderFound

_NAMED = 5  # classes in a sentence
_SMALL = ModelSettings()  # made for drawings and pictures of 32 pixels: photographs deserve better
FOR_PHOTOGRAPHS = ModelSettings(name="efficientnet_lite0")  # comes with the studio


@dataclass(frozen=True)
class Answer:
    """One way to open the folder, as a button shows it."""

    key: str  # "own", "own_here" or "network"; "label" or "classify" where there are no classes
    text: str
    tip: str
    model: ModelSettings  # the network that it is opened for


@dataclass(frozen=True)
class Proposal:
    """What was found, and the ways to go on; the first is the proposed one."""

    folder: Path
    sentence: str
    answers: tuple[Answer, ...]
    is_question: bool  # else the network knows all of the classes
    notes: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()

    def data_settings(self, answer: Answer, draft: DataSettings) -> DataSettings:
        """The draft's section on images for `answer`."""
        classes: Literal["network", "own"] = "network" if answer.key == "network" else "own"
        folder = str(self.folder)
        left_out = draft.left_out if draft.folder == folder else ()
        return dataclasses.replace(
            draft, source="folder", folder=folder, classes=classes, left_out=left_out
        )


def propose(found: "FolderFound", network: ModelSettings) -> Proposal:
    """Propose how to open the folder that was looked at.

    Args:
        found: what is in it.
        network: what the one that is open was opened by.
    """
    if not found.class_names:
        return _unsorted(found, network)
    unknown = [name for name in found.class_names if name not in found.known]
    own = [_own("own_here", network, found.network)]
    if network == _SMALL:
        own.insert(0, _own("own", FOR_PHOTOGRAPHS, found.for_photographs))
    of_network = _of_network(found, unknown, network)
    if found.is_of_own_layer:
        told = f"The last layer that {found.network} has now is for these."
        own.sort(key=lambda answer: answer.model != network)
        return _proposal(found, told, [*own, *of_network], is_question=False)
    if not unknown:
        told = f"{found.network} knows all of these."
        return _proposal(found, told, [*of_network, *own], is_question=False)
    knows = "knows none of these" if len(unknown) > 1 else "does not know it"
    if found.known:
        knows = f"knows {len(found.known):,} of these and lacks {first_of(unknown, _NAMED)}"
    layer = found.for_photographs if own[0].key == "own" else found.network
    told = f"{found.network} {knows}. Proposed is a new last layer on {layer} for all of them."
    return _proposal(found, told, [*own, *of_network])


def _unsorted(found: "FolderFound", network: ModelSettings) -> Proposal:
    """What can be done with pictures that are in no folders of classes."""
    told = f"{found.folder.name} holds pictures, and no folders of classes to train on."
    answers = (
        Answer(
            "label",
            "Label by Sight",
            "Group what looks alike, name the groups by a key, and have a folder of classes",
            network,
        ),
        Answer("classify", "Classify Them", "See what the network takes each picture for", network),
    )
    return Proposal(found.folder, told, answers, is_question=True)


def _of_network(
    found: "FolderFound", unknown: Sequence[str], network: ModelSettings
) -> list[Answer]:
    """To go on with what the network knows; nothing where it knows none."""
    if not found.known:
        return []
    text, tip = "Use the Network's Classes", f"{found.network} stays as it is"
    if unknown:
        text = f"Open Only the {len(found.known):,} That It Knows"
        tip = f"Leave out {first_of(unknown, _NAMED)}; {found.network} stays as it is"
    return [Answer("network", text, tip, network)]


def _proposal(
    found: "FolderFound", told: str, answers: Sequence[Answer], is_question: bool = True
) -> Proposal:
    names = found.class_names
    count = "1 class" if len(names) == 1 else f"{len(names):,} classes"
    sentence = f"{found.folder.name} has {count}: {first_of(names, _NAMED)}. {told}"
    return Proposal(found.folder, sentence, tuple(answers), is_question, found.notes, names)


def _own(key: str, settings: ModelSettings, title: str) -> Answer:
    tip = (
        f"Put a last layer of its own for these classes on {title}; it is trained from your "
        "images, and saved in the adapter's file"
    )
    return Answer(key, f"New Last Layer on {title}", tip, settings)
