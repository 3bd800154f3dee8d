import gc
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QImage, QPalette
from PySide6.QtWidgets import QToolButton

from vera_studio.environment import resources_folder
from vera_studio.ui.icons import icon

NAMES = sorted(path.stem for path in (resources_folder() / "icons").glob("*.svg"))
COLORED = {"vera-studio"}


@pytest.fixture
def text_color(qapp):
    """Sets the colour of the application's text, and puts it back."""
    before = QPalette(qapp.palette())

    def set_to(name):
        palette = QPalette(before)
        palette.setColor(QPalette.ColorGroup.Active, QPalette.ColorRole.WindowText, QColor(name))
        grey = QColor("#808080")
        palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.WindowText, grey)
        qapp.setPalette(palette)

    yield set_to
    qapp.setPalette(before)


def colors_in(image: QImage):
    """Names of the colours of all pixels that are not see-through at all."""
    pixels = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    return {pixel.name() for pixel in pixels if pixel.alpha() == 255}


@pytest.mark.parametrize("name", NAMES)
def test_every_icon_is_a_drawing_on_its_grid(name):
    root = ElementTree.parse(resources_folder() / "icons" / f"{name}.svg").getroot()
    if name not in COLORED:
        assert root.get("viewBox") == "0 0 24 24"
        assert root.get("stroke") == "currentColor"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("side", [16, 48])
def test_every_icon_shows_something(qapp, name, side):
    image = icon(name).pixmap(QSize(side, side), 1.0).toImage()
    assert image.size() == QSize(side, side)
    drawn = sum(image.pixelColor(x, y).alpha() > 40 for x in range(side) for y in range(side))
    assert side * side * 0.05 < drawn <= side * side


def test_an_icon_takes_the_text_color_of_the_moment(text_color):
    stop = icon("pause")
    text_color("#ff0000")
    assert colors_in(stop.pixmap(96, 96).toImage()) == {"#ff0000"}
    text_color("#00ff00")
    assert colors_in(stop.pixmap(96, 96).toImage()) == {"#00ff00"}


def test_a_disabled_icon_is_dim(text_color):
    text_color("#ff0000")
    image = icon("pause").pixmap(QSize(96, 96), 1.0, QIcon.Mode.Disabled).toImage()
    assert colors_in(image) == {"#808080"}
    normal = icon("vera-studio").pixmap(QSize(64, 64), 1.0).toImage()
    dimmed = icon("vera-studio").pixmap(QSize(64, 64), 1.0, QIcon.Mode.Disabled).toImage()
    assert dimmed.pixelColor(32, 8).alpha() < normal.pixelColor(32, 8).alpha()


def test_icons_are_drawn_in_device_pixels(qapp):
    pixmap = icon("open").pixmap(QSize(24, 24), 2.0)
    assert pixmap.size() == QSize(48, 48)
    assert pixmap.devicePixelRatio() == 2.0


def test_copies_outlive_the_icon_they_were_made_from(qtbot):
    button = QToolButton()
    qtbot.addWidget(button)
    for _ in range(50):
        button.setIcon(QIcon(icon("start")))
        gc.collect(0)
    assert not button.icon().pixmap(24, 24).isNull()


def test_an_unknown_icon_is_an_error(qapp):
    with pytest.raises(FileNotFoundError, match="unicorn"):
        icon("unicorn")


def test_the_window_and_the_desktop_show_the_same_icon():
    shown = resources_folder() / "icons" / "vera-studio.svg"
    source = resources_folder().parent / "packaging" / "icons" / "vera-studio.svg"
    assert shown.read_bytes() == source.read_bytes()
