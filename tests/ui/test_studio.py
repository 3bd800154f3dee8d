"""What the studio refuses and how it gets over failures: nothing may leave it unusable."""

import pytest
import torch
from PySide6.QtWidgets import QMessageBox, QPushButton

from tests.top_level import top_level_widgets
from tests.ui.conftest import LOADING_MILLISECONDS, is_settled
from vera_studio import recipe as recipes
from vera_studio import recipe_file
from vera_studio.data import cifar10
from vera_studio.recipe import AdapterSettings, ModelSettings, Recipe, TrainingSettings
from vera_studio.ui.app import when_exposed
from vera_studio.ui.state.run_control import RunState


@pytest.fixture
def running(qtbot, window):
    """A window with a long run going."""
    window.studio.workspace.edit_training(epochs=400)
    window.actions_by_name["start"].trigger()
    assert window.studio.run.state is RunState.RUNNING
    return window


def test_a_damaged_cifar10_at_the_start_gives_the_sample_and_a_way_out(
    qtbot, new_window, own_data_folder
):
    folder = own_data_folder / "cifar10" / cifar10.UNPACKED_FOLDER
    folder.mkdir(parents=True)
    for name in cifar10.UNPACKED_FILES:
        (folder / name).write_bytes(b"damaged")
    window = new_window()
    window.studio.load()
    qtbot.waitUntil(lambda: is_settled(window), timeout=LOADING_MILLISECONDS)
    assert window.studio.workspace.data.source == "sample"
    button = window.data_page.findChild(QPushButton, "download_button")
    assert button.isVisibleTo(window.data_page)
    assert button.text() == "Try again"


def test_cancelling_while_loading_leaves_a_usable_window(qtbot, new_window):
    window = new_window()
    window.studio.load()
    window.studio.busy.cancel()
    qtbot.waitUntil(lambda: is_settled(window), timeout=LOADING_MILLISECONDS)
    assert window.actions_by_name["start"].isEnabled()


def test_opening_that_is_cancelled_is_told(qtbot, window, settle):
    told = []
    window.studio.message.connect(told.append)
    window.studio.open_data(recipes.DataSettings(seed=1))
    window.studio.busy.cancel()
    settle()
    assert told == ["Opening the images was cancelled."]
    assert window.studio.workspace.recipe.data.seed == 0


def test_what_is_handed_over_before_loading_begins_is_opened_after_it(qtbot, new_window, tmp_path):
    recipe_file.save(Recipe(training=TrainingSettings(epochs=3)), tmp_path / "first.toml")
    recipe_file.save(Recipe(training=TrainingSettings(batch_size=7)), tmp_path / "second.toml")
    window = new_window()
    told = []
    window.studio.message.connect(told.append)
    window.come_to_front(tmp_path / "first.toml")
    window.load()
    window.come_to_front(tmp_path / "second.toml")
    qtbot.waitUntil(lambda: is_settled(window), timeout=LOADING_MILLISECONDS)
    assert [text for text in told if text.startswith(("Not opened", "Opened the recipe"))] == [
        "Opened the recipe first.toml.",
        "Opened the recipe second.toml.",
    ]


def test_another_network_is_opened_while_a_run_goes_on(qtbot, running, settle):
    studio, model = running.studio, running.studio.workspace.model
    for name in ("sample_button", "folder_button"):
        assert running.data_page.findChild(QPushButton, name).isEnabled()
    qtbot.waitUntil(lambda: "Epoch" in running.training_page.progress.label.text())
    studio.open_model(ModelSettings())
    qtbot.waitUntil(lambda: studio.workspace.model is not model, timeout=60_000)
    assert studio.run.state is RunState.RUNNING
    studio.start_run()  # one at a time
    studio.stop()
    settle()
    # What was trained is kept; it is not for the network that is open now.
    assert studio.workspace.adapter is None
    assert len(studio.shelf.entries) == int(studio.workspace.result.has_adapter)


def test_a_pause_is_shown_until_it_ends(qtbot, running):
    qtbot.waitUntil(lambda: "Epoch" in running.training_page.progress.label.text())
    running.studio.run.pause()
    running.studio.runner.deliver()
    qtbot.wait(200)
    assert "Paused" in running.training_page.progress.label.text()


def test_a_run_of_own_weights_does_not_need_their_file_again(qtbot, window, settle, tmp_path):
    import torch

    path = tmp_path / "mine.pt"
    torch.save(window.studio.workspace.model.network.state_dict(), path)
    window.studio.open_path(path)
    qtbot.waitUntil(lambda: window.studio.workspace.model.weights == "mine.pt")
    settle()
    path.unlink()
    window.studio.workspace.edit_training(epochs=1)
    window.actions_by_name["start"].trigger()
    qtbot.waitUntil(lambda: window.studio.workspace.adapter is not None, timeout=60_000)
    settle()
    assert window.studio.workspace.result.epochs_done == 1


def test_an_exploding_run_says_so_and_the_window_goes_on(qtbot, window, settle):
    window.studio.workspace.edit_training(
        learning_rate=10.0, optimizer="sgd", schedule="constant", epochs=20
    )
    window.actions_by_name["start"].trigger()
    qtbot.waitUntil(lambda: message_box() is not None, timeout=60_000)
    box = message_box()
    text = box.text() + box.informativeText()
    box.close()
    settle()
    assert "no longer finite" in text
    assert "lower learning rate" in text
    assert window.studio.run.state is RunState.IDLE
    assert window.actions_by_name["start"].isEnabled()


def test_weights_of_any_name_are_opened_and_how_they_were_taken_is_told(
    qtbot, window, settle, tmp_path
):
    state = window.studio.workspace.model.network.state_dict()
    torch.save({f"module.{name}": value for name, value in state.items()}, tmp_path / "mine.bin")
    with qtbot.waitSignal(window.studio.message) as told:
        window.studio.open_path(tmp_path / "mine.bin")
        settle()
    assert "mine.bin weights. The prefix module. of all names was taken off." in told.args[0]


@pytest.mark.parametrize(
    ("recipe", "told"),
    [
        (Recipe(adapter=AdapterSettings(layers=("fc9",))), "fc9"),
        (Recipe(training=TrainingSettings(target_classes=("cow",))), "cow"),
    ],
)
def test_a_recipe_that_does_not_fit_keeps_start_off_and_says_why(
    qtbot, window, settle, tmp_path, recipe, told
):
    path = tmp_path / "recipe.toml"
    recipe_file.save(recipe, path)
    window.studio.open_path(path)
    settle()
    assert not window.actions_by_name["start"].isEnabled()
    assert told in window.setup_panel._problem.text()


def test_the_forms_show_every_recipe_that_is_valid(qtbot, window, settle, tmp_path):
    path = tmp_path / "recipe.toml"
    recipe = Recipe(
        adapter=AdapterSettings(rank=1024, d_initial=0.0001, seed=recipes.MAX_SEED),
        training=TrainingSettings(learning_rate=1e-6, seed=recipes.MAX_SEED, epochs=10_000),
    )
    recipe_file.save(recipe, path)
    window.studio.open_path(path)
    settle()
    assert window.studio.workspace.recipe == recipe
    from PySide6.QtWidgets import QDoubleSpinBox

    panel = window.setup_panel
    assert panel.findChild(QDoubleSpinBox, "learning_rate").value() == 1e-6
    assert panel.findChild(QDoubleSpinBox, "d_initial").value() == 0.0001
    assert window.actions_by_name["start"].isEnabled()


def message_box():
    boxes = [w for w in top_level_widgets() if isinstance(w, QMessageBox)]
    return next((box for box in boxes if box.isVisible()), None)


def test_a_recipe_whose_images_are_gone_is_taken_with_the_present_ones(
    qtbot, window, settle, tmp_path
):
    path = tmp_path / "recipe.toml"
    gone = recipes.DataSettings(source="folder", folder=str(tmp_path / "gone"))
    recipe_file.save(Recipe(data=gone, adapter=AdapterSettings(rank=5)), path)
    window.studio.open_path(path)
    qtbot.waitUntil(lambda: message_box() is not None, timeout=20_000)
    message_box().close()
    settle()
    assert window.studio.workspace.recipe.adapter.rank == 5
    assert window.studio.workspace.recipe.data.source == "sample"
    assert window.actions_by_name["start"].isEnabled()


def test_the_window_is_drawn_before_anything_is_loaded(qtbot, new_window):
    seen = []
    window = new_window()
    window.hide()
    when_exposed(window, lambda: seen.append(window.isVisible()))
    qtbot.wait(1)
    assert seen == []
    window.show()
    qtbot.waitUntil(lambda: seen == [True])
    window.hide()
    with qtbot.waitExposed(window):
        window.show()
    assert seen == [True]
