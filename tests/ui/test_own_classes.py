"""A folder of things that the network does not know: proposed, answered, and back again."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton

from tests.ui.barriers import Barrier
from tests.ui.conftest import LOADING_MILLISECONDS
from tests.ui.photographs import drop, make_photographs
from vera_studio import recipe_file
from vera_studio.recipe import DataSettings, Recipe
from vera_studio.ui.jobs import opening as opening_jobs


def press(qtbot, parent, name):
    button = parent.findChild(QPushButton, name)
    assert button.isEnabled(), button.toolTip()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def proposed(qtbot, window):
    """Wait for a proposal; returns its text."""
    box = window.data_page.folder_pane
    qtbot.waitUntil(box.isVisible, timeout=LOADING_MILLISECONDS)
    return box.sentence.text()


def is_open(window):
    """Whether images are open for what the network has, and nothing is being done."""
    studio = window.studio
    return studio.workspace.data is not None and not studio.runner.jobs


def wait_for(qtbot, window, source="folder"):
    def there():
        data = window.studio.workspace.data
        return is_open(window) and data.source == source

    qtbot.waitUntil(there, timeout=LOADING_MILLISECONDS)


@pytest.fixture
def photographs(tmp_path):
    return make_photographs(tmp_path / "garden")


@pytest.fixture
def own(qtbot, window, photographs):
    """A window in which the ConvNet has a new last layer for ants and bees."""
    drop(window, photographs)
    proposed(qtbot, window)
    press(qtbot, window.data_page, "proposal_answer_2")  # the first is another network
    wait_for(qtbot, window)
    return window


def test_a_folder_that_the_network_does_not_know_is_proposed_where_the_images_are(
    qtbot, window, photographs
):
    window.rooms.show_page("results")
    drop(window, photographs)
    text = proposed(qtbot, window)
    assert window.rooms.page == "data"
    assert text.startswith("garden has 2 classes: ants, bees. ConvNet knows none of these.")
    qtbot.waitUntil(lambda: len(pictures_of(window)) == 8)
    assert window.studio.workspace.data.source == "sample"  # nothing is opened before the answer


def pictures_of(window):
    labels = window.data_page.folder_pane.findChildren(QLabel)
    return [label for label in labels if label.accessibleName().startswith("An image of")]


def test_an_answer_opens_the_images_with_a_new_last_layer(own):
    workspace = own.studio.workspace
    assert workspace.model.has_own_classes
    assert workspace.class_names == ("ants", "bees")
    assert workspace.data.class_names == ("ants", "bees")
    assert workspace.recipe.data.classes == "own"
    assert not own.data_page.folder_pane.isVisible()
    assert "It is not trained yet: press Start." in own.data_page.accuracy.text()
    assert own.actions_by_name["start"].isEnabled()


def test_the_sample_gives_the_network_its_own_last_layer_back(qtbot, own):
    original = own.studio.workspace.model.original
    press(qtbot, own.data_page, "sample_button")
    wait_for(qtbot, own, "sample")
    assert own.studio.workspace.model is original
    assert own.studio.workspace.recipe.data.classes == "auto"


def test_a_proposal_that_is_closed_changes_nothing(qtbot, window, settle, photographs):
    before = window.studio.workspace.recipe
    drop(window, photographs)
    proposed(qtbot, window)
    press(qtbot, window.data_page, "dismiss_proposal")
    assert not window.data_page.folder_pane.isVisible()
    settle()
    assert window.studio.workspace.recipe == before
    assert window.studio.workspace.data.source == "sample"


def test_of_some_known_classes_those_alone_can_be_opened(qtbot, window, tmp_path):
    make_photographs(tmp_path, names=("cat", "ladybird", "dog"))
    drop(window, tmp_path)
    assert "ConvNet knows 2 of these and lacks ladybird." in proposed(qtbot, window)
    press(qtbot, window.data_page, "proposal_answer_3")
    wait_for(qtbot, window)
    workspace = window.studio.workspace
    assert not workspace.model.has_own_classes
    assert workspace.recipe.data.classes == "network"
    counts = dict(zip(workspace.class_names, workspace.data.train.counts(10), strict=True))
    assert {name for name, count in counts.items() if count} == {"cat", "dog"}


def test_known_classes_open_without_a_question_and_can_have_a_new_layer(qtbot, window, tmp_path):
    make_photographs(tmp_path, names=("cat", "dog"))
    drop(window, tmp_path)
    wait_for(qtbot, window)
    assert not window.studio.workspace.model.has_own_classes
    assert not window.data_page.folder_pane.isVisible()
    press(qtbot, window.data_page, "other_classes_button")
    assert "ConvNet knows all of these." in proposed(qtbot, window)
    press(qtbot, window.data_page, "proposal_answer_3")
    qtbot.waitUntil(lambda: window.studio.workspace.model.has_own_classes)
    wait_for(qtbot, window)
    assert window.studio.workspace.class_names == ("cat", "dog")


def test_the_next_start_brings_the_classes_back(qtbot, own, new_window):
    own.close()
    window = new_window()
    window.studio.load()
    qtbot.waitUntil(lambda: window.studio.is_ready, timeout=LOADING_MILLISECONDS)
    wait_for(qtbot, window)
    assert window.studio.workspace.class_names == ("ants", "bees")
    assert window.studio.workspace.model.has_own_classes


def test_a_recipe_with_own_classes_is_saved_and_opened(qtbot, own, tmp_path):
    path = tmp_path / "garden.toml"
    own.studio.save_recipe(path)
    assert recipe_file.load(path).data.classes == "own"
    press(qtbot, own.data_page, "sample_button")
    wait_for(qtbot, own, "sample")
    drop(own, path)
    wait_for(qtbot, own)
    assert own.studio.workspace.class_names == ("ants", "bees")


def test_a_recipe_that_leaves_it_open_takes_the_folders_classes(qtbot, window, photographs):
    data = DataSettings(source="folder", folder=str(photographs))
    recipe_file.save(Recipe(data=data), photographs.parent / "auto.toml")
    drop(window, photographs.parent / "auto.toml")
    wait_for(qtbot, window)
    assert window.studio.workspace.class_names == ("ants", "bees")


def test_the_folder_of_these_classes_is_opened_again_without_a_question(qtbot, own, photographs):
    model = own.studio.workspace.model
    drop(own, photographs)
    wait_for(qtbot, own)
    assert own.studio.workspace.model is model
    assert not own.data_page.folder_pane.isVisible()


def test_first_pictures_stand_there_while_the_folder_is_opened(qtbot, window, photographs):
    box, seen = window.data_page.folder_pane, []
    window.studio.first_pictures.connect(
        lambda first: seen.append((box.isVisible(), len(pictures_of(window)), box.bar.isVisible()))
    )
    drop(window, photographs)
    proposed(qtbot, window)
    press(qtbot, window.data_page, "proposal_answer_2")
    assert box.isVisible()
    assert box.sentence.text() == "Opening garden…"
    wait_for(qtbot, window)
    assert not box.isVisible()
    visible, pictures, has_bar = seen[-1]
    assert visible
    assert has_bar
    assert 1 <= pictures <= 8


def test_opening_is_broken_off_where_it_is_shown_and_asked_again(
    qtbot, window, photographs, monkeypatch
):
    drop(window, photographs)
    text = proposed(qtbot, window)
    opening = Barrier(monkeypatch, opening_jobs, "open_data")
    opening.close()
    press(qtbot, window.data_page, "proposal_answer_2")
    press(qtbot, window.data_page, "cancel_opening")
    opening.open()
    box = window.data_page.folder_pane
    qtbot.waitUntil(lambda: box.sentence.text() == text, timeout=LOADING_MILLISECONDS)
    assert window.studio.workspace.data.source == "sample"
    press(qtbot, window.data_page, "dismiss_proposal")
    qtbot.waitUntil(lambda: not window.studio.runner.jobs, timeout=LOADING_MILLISECONDS)


def test_where_the_folder_is_gone_the_network_has_its_own_classes(
    qtbot, own, new_window, photographs
):
    own.close()
    photographs.rename(photographs.parent / "elsewhere")
    window = new_window()
    window.studio.load()
    qtbot.waitUntil(lambda: window.studio.is_ready, timeout=LOADING_MILLISECONDS)
    wait_for(qtbot, window, "sample")
    assert not window.studio.workspace.model.has_own_classes
