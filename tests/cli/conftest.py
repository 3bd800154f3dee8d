"""A folder of images, a recipe for it, and a run of that."""

import pytest

from tests.command_line import COLOURS, run, write_class
from vera_studio import recipe_file
from vera_studio.recipe import DataSettings, Recipe, TrainingSettings
from vera_studio.runs.run_folder import load_result


@pytest.fixture
def images(tmp_path):
    """A folder of three classes, with a train and a test part."""
    folder = tmp_path / "images"
    for name in COLOURS:
        write_class(folder / "train", name, 8, seed=1)
        write_class(folder / "test", name, 4, seed=2)
    return folder


@pytest.fixture
def write_recipe(tmp_path, images):
    def write(**training):
        values = {"target_classes": ("cat", "dog"), "epochs": 2, "batch_size": 4, "device": "cpu"}
        data = DataSettings(source="folder", folder=str(images), validation_share=0.25)
        path = tmp_path / "recipe.toml"
        recipe_file.save(Recipe(data=data, training=TrainingSettings(**values | training)), path)
        return path

    return write


@pytest.fixture
def trained(write_recipe, tmp_path, capsys):
    """The result of a run of the command line."""
    assert run("train", write_recipe(), "--out", tmp_path / "run") == 0
    capsys.readouterr()
    return load_result(tmp_path / "run")
