"""The page of where the network looked: from a click on a picture to its maps."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QPushButton

from tests.ui.adapters import make_adapter
from vera_studio.errors import DataError, ModelError
from vera_studio.models.model import open_model
from vera_studio.recipe import AdapterSettings, ModelSettings
from vera_studio.ui.jobs import insight as insight_jobs
from vera_studio.ui.jobs.insight import look
from vera_studio.ui.state.workspace import LoadedAdapter


def told(pane):
    return [line.rsplit("  ", 1)[0] for line in pane.told.text().splitlines()]


def test_from_a_picture_to_its_maps(qtbot, window, settle, tmp_path, monkeypatch):
    page, workspace = window.looked_page, window.studio.workspace
    view = page.view
    window.rooms.show_page("looked")
    settle()
    assert view.before.isVisible()
    assert not view.after.isVisible()  # no adapter is on
    first = told(view.before)
    assert len(first) == 3

    workspace.set_adapter(LoadedAdapter(None, make_adapter(workspace.model), "Birds"))
    settle()
    assert view.after.isVisible()
    assert view.change.isVisible()
    assert told(view.before) == first
    assert first[0] != told(view.after)[0] or view.before.told.text() != view.after.told.text()

    # Held-out images come first; a key goes to the next picture, and it is another one.
    assert page.part.currentText() == "Validation"
    before = view.grab().toImage()
    qtbot.keyClick(page.strip, Qt.Key.Key_Right)
    settle()
    assert page.strip.position == 1
    assert view.grab().toImage() != before

    page.sought.setCurrentIndex(1 + workspace.class_names.index("ship"))
    settle()
    assert "ship" in view.note.text()
    covered = view.grab().toImage()
    view.opacity.setValue(0)
    assert view.grab().toImage() != covered

    path = tmp_path / "red.png"
    Image.new("RGB", (50, 40), "red").save(path)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(path), ""))
    qtbot.mouseClick(page.findChild(QPushButton, "open_looked_picture"), Qt.MouseButton.LeftButton)
    settle()
    middle = view.before.picture.grab().toImage()
    assert middle.pixelColor(middle.width() // 2, middle.width() // 2).name() == "#ff0000"

    # Another part and class fill the strip anew; a network without maps says why.
    page.label.setCurrentIndex(3)
    page.part.setCurrentIndex(2)
    settle()
    assert page.strip.model().rowCount() == page._gallery.counts[page.label.currentData()][0]

    def no_map(*_):
        raise ModelError("There is no map of where this network looked: attention.")

    monkeypatch.setattr(insight_jobs, "look", no_map)
    page.strip.choose(2)
    settle()
    assert view.note.text() == "There is no map of where this network looked: attention."
    assert not view.after.isVisible()


@pytest.fixture(scope="module")
def model():
    return open_model(ModelSettings())


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def test_classes_of_ones_own_have_no_map_before(model, pixels):
    own = model.with_classes(("amber", "teal"))
    settings = own.settings_for(AdapterSettings(rank=2))
    adapter = make_adapter(own, layers=settings.layers, head=settings.head)
    looked = look(own, LoadedAdapter(None, adapter, "Mine"), pixels, None, print, lambda: False)
    assert looked.base is None
    assert looked.class_name == looked.adapted.told[0][0]
    assert looked.adapted.heat.shape == (10, 10)
    assert 0 <= looked.adapted.heat.min() <= looked.adapted.heat.max() <= 1


def test_a_file_that_is_no_picture_is_told(model, tmp_path):
    (tmp_path / "no.png").write_text("not a picture")
    with pytest.raises(DataError, match=r"no\.png is no picture"):
        look(model, None, tmp_path / "no.png", None, print, lambda: False)
