import itertools

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QCheckBox, QSlider, QWidget

from vera_studio.ui.theme import COLOR_SCHEMES, is_dark, plot_colors, set_color_scheme


@pytest.fixture(autouse=True)
def _palette_as_before(qapp):
    before = QPalette(qapp.palette())
    yield
    set_color_scheme("system")
    qapp.setPalette(before)


def luminance(color):
    """Relative luminance, https://www.w3.org/TR/WCAG21/#dfn-relative-luminance"""
    parts = [color.redF(), color.greenF(), color.blueF()]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first, second):
    """Contrast ratio, https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio"""
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def test_each_scheme_shows_at_once(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    set_color_scheme("dark")
    qtbot.waitUntil(lambda: is_dark(widget.palette()))
    set_color_scheme("light")
    qtbot.waitUntil(lambda: not is_dark(widget.palette()))


def test_an_unknown_scheme_is_refused(qapp):
    with pytest.raises(ValueError, match="'pink' is none of system, light, dark"):
        set_color_scheme("pink")


def test_following_the_system_takes_its_hint(qapp):
    set_color_scheme("dark")
    set_color_scheme("system")
    hint = qapp.styleHints().colorScheme()
    assert is_dark(QApplication.palette()) == (hint.name == "Dark")
    assert COLOR_SCHEMES[0] == "system"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read(qapp, scheme):
    set_color_scheme(scheme)
    palette = qapp.palette()
    for ground in (palette.base(), palette.window(), palette.alternateBase()):
        assert contrast(palette.text().color(), ground.color()) > 10
        assert contrast(palette.placeholderText().color(), ground.color()) > 4.5
        assert contrast(palette.link().color(), ground.color()) > 4.5
    assert contrast(palette.highlightedText().color(), palette.highlight().color()) > 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_drawn_stands_out_from_the_ground(qapp, scheme):
    set_color_scheme(scheme)
    colors = plot_colors(qapp.palette())
    drawn = (*colors.classes, colors.target, colors.other, colors.gain, colors.loss)
    assert len(colors.classes) == 10
    assert min(contrast(color, colors.background) for color in drawn) > 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("sight", ["normal", "protanopia", "deuteranopia"])
def test_class_colors_differ_for_everyone(qapp, scheme, sight):
    set_color_scheme(scheme)
    classes = plot_colors(qapp.palette()).classes
    seen = [oklab(as_seen(color, sight)) for color in classes]
    distances = {
        (a, b): sum((x - y) ** 2 for x, y in zip(seen[a], seen[b], strict=True)) ** 0.5
        for a, b in itertools.combinations(range(10), 2)
    }
    assert min(distances.values()) > 0.09, min(distances, key=distances.get)


def test_colors_of_classes_start_again_after_the_last(qapp):
    colors = plot_colors(qapp.palette())
    assert colors.of_class(13) == colors.of_class(3)
    assert colors.of_role("gain") == colors.gain


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_frames_of_check_boxes_can_be_seen(qtbot, qapp, scheme):
    set_color_scheme(scheme)
    box = QCheckBox("Flips")
    qtbot.addWidget(box)
    with qtbot.waitExposed(box):
        box.show()
    frame = box.palette().window().color().darker(140)  # what Fusion draws
    assert contrast(frame, qapp.palette().base().color()) > 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_handles_of_sliders_can_be_seen(qtbot, qapp, scheme):
    set_color_scheme(scheme)
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setMaximum(100)
    slider.setValue(50)
    qtbot.addWidget(slider)
    slider.resize(300, 24)
    with qtbot.waitExposed(slider):
        slider.show()
    image = slider.grab().toImage()
    ground = qapp.palette().window().color()
    row = [image.pixelColor(x, 8) for x in range(135, 165)]  # above the groove: only the handle
    assert max(contrast(color, ground) for color in row) > 3


# Machado, Oliveira, Fernandes (2009), severity 1, on linear RGB
_SIGHT = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
}


def linear(color):
    parts = (color.redF(), color.greenF(), color.blueF())
    return [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]


def as_seen(color: QColor, sight: str):
    """Linear RGB of `color` as a person with this `sight` sees it."""
    rgb = linear(color)
    if sight == "normal":
        return rgb
    rows = _SIGHT[sight]
    return [max(0.0, sum(w * v for w, v in zip(row, rgb, strict=True))) for row in rows]


def oklab(rgb):
    """https://bottosson.github.io/posts/oklab/"""
    r, g, b = rgb
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    medium = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )
