"""A folder of photographs and classes of one's own, on the network that is here for them."""

import os
import shutil
from pathlib import Path

import pytest

from vera_studio import recipe_file
from vera_studio.adapters import adapter_file
from vera_studio.runs.run_folder import load_result
from vera_studio.training.loop import train

ANTS_BEES = os.environ.get("VERA_STUDIO_ANTS_BEES")
pytestmark = pytest.mark.skipif(not ANTS_BEES, reason="needs VERA_STUDIO_ANTS_BEES")
RECIPE = """
[model]
name = "efficientnet_lite0"
[data]
source = "folder"
folder = "few"
classes = "own"
[training]
views = 2
"""


@pytest.fixture
def few(tmp_path):
    """Some of the photographs: 10 of each class to train on, 5 to test on."""
    (whole,) = (path.parent for path in Path(ANTS_BEES).rglob("train") if path.is_dir())
    for part, count in (("train", 10), ("val", 5)):
        for name in ("ants", "bees"):
            place = tmp_path / "few" / part / name
            place.mkdir(parents=True)
            for path in sorted((whole / part / name).iterdir())[:count]:
                shutil.copy(path, place)
    return tmp_path / "few"


def test_a_folder_and_a_network_are_a_whole_recipe(few, tmp_path):
    (tmp_path / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    result = train(recipe_file.load(tmp_path / "recipe.toml"), tmp_path / "run")
    assert result.class_names == ("ants", "bees")
    assert sum(result.after.counts) == 10
    assert result.before.accuracy >= 0.8  # the means of the classes
    assert result.after.accuracy >= 0.8
    assert load_result(tmp_path / "run").images_digest == result.images_digest != ""
    info = adapter_file.inspect(result.best_adapter)
    assert info.has_own_classes
    assert info.classes.names == ("ants", "bees")
    assert result.best_adapter.stat().st_size < 150_000
