"""What is proposed for a folder, by what the network knows of its classes."""

from pathlib import Path

from vera_studio.recipe import DataSettings, ModelSettings
from vera_studio.ui.jobs.folders import FolderFound
from vera_studio.ui.state.proposal import FOR_PHOTOGRAPHS, propose

CONVNET, RESNET = ModelSettings(), ModelSettings(name="resnet18")


def found(names, known=(), is_of_own_layer=False, network="ConvNet", notes=()):
    return FolderFound(
        Path("/photos/pets"),
        tuple(names),
        frozenset(known),
        network,
        "EfficientNet-Lite0",
        is_of_own_layer,
        notes,
    )


def keys(proposal):
    return [answer.key for answer in proposal.answers]


def test_all_known_is_opened_without_a_question():
    proposal = propose(found(["cat", "dog"], ["cat", "dog"]), CONVNET)
    assert not proposal.is_question
    assert keys(proposal) == ["network", "own", "own_here"]
    assert proposal.sentence == "pets has 2 classes: cat, dog. ConvNet knows all of these."


def test_none_known_on_the_convnet_proposes_the_network_for_photographs():
    proposal = propose(found(["ants", "bees"], notes=["One is empty."]), CONVNET)
    assert proposal.is_question
    assert list(proposal.notes) == ["One is empty."]
    assert [(answer.text, answer.model) for answer in proposal.answers] == [
        ("New Last Layer on EfficientNet-Lite0", FOR_PHOTOGRAPHS),
        ("New Last Layer on ConvNet", CONVNET),
    ]
    assert proposal.sentence == (
        "pets has 2 classes: ants, bees. ConvNet knows none of these. "
        "Proposed is a new last layer on EfficientNet-Lite0 for all of them."
    )


def test_another_network_that_is_open_is_proposed_itself():
    proposal = propose(found(["ants", "bees"], network="ResNet18"), RESNET)
    assert [answer.model for answer in proposal.answers] == [RESNET]
    assert "new last layer on ResNet18 for all of them" in proposal.sentence


def test_weights_of_ones_own_are_not_left_for_another_network():
    own = ModelSettings(weights="mine.pt")
    assert [answer.model for answer in propose(found(["ant"]), own).answers] == [own]


def test_some_known_can_be_opened_without_the_others():
    proposal = propose(found(["ant", "cat", "dog"], ["cat", "dog"]), CONVNET)
    assert keys(proposal) == ["own", "own_here", "network"]
    assert proposal.answers[-1].text == "Open Only the 2 That It Knows"
    assert "Leave out ant" in proposal.answers[-1].tip
    assert "ConvNet knows 2 of these and lacks ant." in proposal.sentence


def test_the_classes_of_the_new_layer_are_opened_for_it():
    proposal = propose(found(["ants", "bees"], (), True, "ResNet18"), RESNET)
    assert not proposal.is_question
    assert keys(proposal) == ["own_here"]
    on_convnet = propose(found(["ants", "bees"], (), True), CONVNET)
    assert on_convnet.answers[0].model == CONVNET


def test_an_answer_is_a_section_of_the_recipe():
    proposal = propose(found(["ant", "cat"], ["cat"]), CONVNET)
    draft = DataSettings(seed=3)
    own, _, network = (proposal.data_settings(answer, draft) for answer in proposal.answers)
    folder = str(Path("/photos/pets"))
    assert own == DataSettings(source="folder", folder=folder, seed=3, classes="own")
    assert network == DataSettings(source="folder", folder=folder, seed=3, classes="network")


def test_a_thousand_classes_make_a_short_sentence():
    proposal = propose(found([f"kind {number}" for number in range(1000)]), RESNET)
    assert "1,000 classes: kind 0, kind 1, kind 2, kind 3, kind 4 and 995 more" in proposal.sentence
    assert len(proposal.sentence) < 250
