"""The next start brings back what was left, each only if it is still there."""

import dataclasses
import shutil

import pytest

from tests.command_line import write_class
from tests.ui.adapters import make_adapter
from tests.ui.conftest import LOADING_MILLISECONDS, is_settled, message_box
from vera_studio import environment, recipe_file
from vera_studio.recipe import ModelSettings, Recipe
from vera_studio.ui.state.session import Session, keep_session, mark_start, read_session
from vera_studio.ui.state.settings import Settings


@pytest.fixture
def left(tmp_path):
    """Weights and images of one's own, and a set-up on them, as the last session had them."""
    weights = tmp_path / "own.safetensors"
    shutil.copy(environment.resources_folder() / "convnet.safetensors", weights)
    for part, count in (("train", 20), ("test", 5)):
        for name in ("cat", "dog", "ship"):
            write_class(tmp_path / "images" / part, name, count, 0)
    recipe = Recipe(model=ModelSettings(weights=str(weights)))
    data = dataclasses.replace(recipe.data, source="folder", folder=str(tmp_path / "images"))
    adapter = dataclasses.replace(recipe.adapter, rank=7)
    training = dataclasses.replace(recipe.training, target_classes=("cat",), epochs=3)
    return dataclasses.replace(recipe, data=data, adapter=adapter, training=training)


def settings():
    return Settings(environment.settings_file())


def load(qtbot, new_window):
    window = new_window()
    window.load()
    qtbot.waitUntil(lambda: is_settled(window), timeout=LOADING_MILLISECONDS)
    return window


def test_all_of_it_comes_back(qtbot, new_window, left):
    keep_session(settings(), Session(left, "Parameters"))
    window = load(qtbot, new_window)
    workspace = window.studio.workspace
    assert workspace.recipe == left
    assert workspace.model.weights != "pretrained"
    assert workspace.data.source == "folder"
    assert window.rooms.page == "parameters", "remembered by its title before there were rooms"
    assert message_box() is None


def test_what_is_gone_is_told_and_passed_over(qtbot, new_window, left, tmp_path):
    keep_session(settings(), Session(left, "A page of another version", ("/gone",)))
    shutil.rmtree(tmp_path / "images")
    (tmp_path / "own.safetensors").unlink()
    told = []
    window = new_window()
    window.studio.message.connect(told.append)
    window.load()
    qtbot.waitUntil(lambda: is_settled(window), timeout=LOADING_MILLISECONDS)
    workspace = window.studio.workspace
    assert workspace.recipe.model.weights == ""
    assert workspace.recipe.data.source == "sample"
    assert workspace.recipe.adapter == left.adapter
    assert message_box() is None, "a start is not held up by a question"
    last = next(text for text in told if text.startswith("Not opened again: "))
    assert "own.safetensors" in last
    assert str(tmp_path / "images") in last


def test_closing_keeps_what_the_next_window_shows(qtbot, window, new_window, left):
    studio = window.studio
    adapter = make_adapter(studio.workspace.model)
    studio.adapters._take(adapter, "Birds")
    entry = studio.shelf.entries[0]
    window.adapters_page.table.select((str(entry.path),))
    window.rooms.show_page("library")
    studio.workspace.edit_training(epochs=9)
    window.close()
    again = load(qtbot, new_window)
    assert again.studio.workspace.recipe.training.epochs == 9
    assert again.rooms.page == "library"
    assert again.adapters_page.table.selected == (str(entry.path),)


def test_what_was_set_up_is_there_after_a_program_that_was_killed(qtbot, window):
    window._continuity._soon.setInterval(0)
    window.studio.workspace.edit_training(epochs=17)
    qtbot.waitUntil(lambda: read_session(settings()).recipe is not None)
    assert read_session(settings()).recipe.training.epochs == 17


def test_closing_before_all_is_loaded_loses_nothing(qtbot, new_window, left):
    keep_session(settings(), Session(left, "library", ("/some/adapter",)))
    window = new_window()
    window.close()
    assert read_session(settings()) == Session(left, "library", ("/some/adapter",))


def test_what_ended_a_start_does_not_end_the_next(qtbot, new_window, left):
    keep_session(settings(), Session(left, "Adapters"))
    mark_start(settings(), True)  # and then the program ended, out of memory for instance
    window = new_window()
    assert window.studio.workspace.recipe == Recipe()
    mark_start(settings(), False)


@pytest.mark.parametrize("text", ["[model]\nname = 3", "not toml [", "[data]\nfolder = '\\0'"])
def test_a_foreign_recipe_is_left_out(text, caplog):
    settings().keep(recipe=text, page="Images")
    found = read_session(settings())
    assert found.page == "Images"
    assert found.recipe is None or recipe_file.to_toml(found.recipe)


def test_a_path_that_is_no_unicode_is_not_remembered(caplog):
    recipe = Recipe(model=ModelSettings(weights="\udcff.pt"))
    keep_session(settings(), Session(recipe, "Images"))
    assert read_session(settings()).recipe is None
    assert "not remembered" in caplog.text
