"""Colours: the light and the dark palette of the application, and those of the plots."""

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

COLOR_SCHEMES = ("system", "light", "dark")
ACCENT = "#3e63dd"

Role = Literal["raw", "target", "other", "base", "gain", "loss"]

_SCHEMES = {
    "system": Qt.ColorScheme.Unknown,
    "light": Qt.ColorScheme.Light,
    "dark": Qt.ColorScheme.Dark,
}


@dataclass(frozen=True)
class PlotColors:
    """What the plots are drawn with; `classes` can be told apart by the colour-blind too."""

    background: QColor
    text: QColor
    muted: QColor
    grid: QColor
    raw: QColor
    target: QColor
    other: QColor
    base: QColor
    gain: QColor
    loss: QColor
    classes: tuple[QColor, ...]

    def of_class(self, index: int) -> QColor:
        """The colour of the class `index`; after the last colour they start again."""
        return self.classes[index % len(self.classes)]

    def of_role(self, role: Role) -> QColor:
        """The colour of what is no class."""
        roles = {"raw": self.raw, "target": self.target, "other": self.other}
        return (roles | {"base": self.base, "gain": self.gain, "loss": self.loss})[role]


def is_dark(palette: QPalette) -> bool:
    """Whether `palette` has light text on a dark ground."""
    return palette.windowText().color().lightness() > palette.window().color().lightness()


def plot_colors(palette: QPalette) -> PlotColors:
    """The colours for plots on `palette`."""
    dark = is_dark(palette)
    ground, text = palette.base().color(), palette.text().color()
    target = QColor("#8da4ef" if dark else ACCENT)
    return PlotColors(
        background=ground,
        text=text,
        muted=palette.placeholderText().color(),
        grid=_mix(ground, text, 0.25),
        raw=_mix(ground, target, 0.5 if dark else 0.35),
        target=target,
        other=QColor("#9b9ea6" if dark else "#6f737b"),
        base=QColor("#6c7078" if dark else "#a7abb3"),
        gain=QColor("#3dd68c" if dark else "#0b7a4b"),
        loss=QColor("#ff9592" if dark else "#c62a2f"),
        classes=tuple(QColor(name) for name in (_CLASSES_ON_DARK if dark else _CLASSES_ON_LIGHT)),
    )


def set_color_scheme(scheme: str) -> None:
    """Show the application in "light" or "dark" colours, or as the "system" has it.

    Raises:
        ValueError: `scheme` is none of `COLOR_SCHEMES`.
    """
    if scheme not in _SCHEMES:
        raise ValueError(f"color scheme {scheme!r} is none of {', '.join(COLOR_SCHEMES)}")
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    follower = application.findChild(_SchemeFollower) or _SchemeFollower(application)
    follower.follow(scheme)


class _SchemeFollower(QObject):
    """Puts the palette in place, again whenever the system changes between light and dark."""

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._application = application
        self._scheme = "system"
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._apply)

    def follow(self, scheme: str) -> None:
        self._scheme = scheme
        QGuiApplication.styleHints().setColorScheme(_SCHEMES[scheme])
        self._apply()

    def _apply(self) -> None:
        # Not every platform can be told a scheme (plain X11 cannot): its hint then stays
        # Unknown, and only a palette of our own brings light and dark everywhere.
        scheme = _SCHEMES[self._scheme]
        if scheme == Qt.ColorScheme.Unknown:
            scheme = QGuiApplication.styleHints().colorScheme()
        palette = _dark_palette() if scheme == Qt.ColorScheme.Dark else _light_palette()
        self._application.setPalette(palette)
        fields = QPalette(palette)
        frame = _mix(palette.base().color(), palette.text().color(), 0.5)
        fields.setColor(_ROLE.Window, frame.lighter(_FRAME_LIGHTNESS))
        for name in _FRAMED:
            # The stub wants bytes, the call only takes a string (PySide6 6.12).
            self._application.setPalette(fields, name)  # type: ignore[arg-type]
        self._application.setPalette(_slider_palette(fields), "QSlider")  # type: ignore[arg-type]


# Fusion draws the frames of fields in the window's colour, made darker, where they all but
# vanish in the dark. These kinds use the window's colour for nothing else.
_FRAMED = (
    *("QCheckBox", "QRadioButton", "QLineEdit", "QAbstractSpinBox", "QPlainTextEdit"),
    *("QListView", "QTreeView", "QTableView"),
)
_FRAME_LIGHTNESS = 140  # per cent; undoes the darkening


def _slider_palette(palette: QPalette) -> QPalette:
    """`palette` with handles that can be seen: in the dark, Fusion's are as dark as the ground."""
    sliders = QPalette(palette)
    if is_dark(palette):
        for group in (QPalette.ColorGroup.Active, QPalette.ColorGroup.Inactive):
            sliders.setColor(group, _ROLE.Button, palette.color(_ROLE.PlaceholderText))
    else:  # a white handle shows by its frame, of which Fusion draws a part only
        sliders.setColor(_ROLE.Window, palette.window().color().darker(_FRAME_LIGHTNESS))
    return sliders


def _light_palette() -> QPalette:
    palette = QPalette(QColor("#f3f4f6"), QColor("#f3f4f6"))
    _set_roles(palette, _LIGHT)
    _set_disabled(palette, "#9a9da5")
    return palette


def _dark_palette() -> QPalette:
    palette = QPalette(QColor("#2a2c31"), QColor("#1f2024"))
    _set_roles(palette, _DARK)
    _set_disabled(palette, "#6a6d75")
    return palette


def _set_roles(palette: QPalette, roles: dict[QPalette.ColorRole, str]) -> None:
    for role, name in roles.items():
        palette.setColor(role, QColor(name))


def _set_disabled(palette: QPalette, name: str) -> None:
    for role in (_ROLE.WindowText, _ROLE.Text, _ROLE.ButtonText, _ROLE.PlaceholderText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(name))
    palette.setColor(QPalette.ColorGroup.Disabled, _ROLE.Highlight, QColor(name))


def _mix(first: QColor, second: QColor, share: float) -> QColor:
    """`first` with a `share` (0 to 1) of `second` in it."""
    return QColor.fromRgbF(
        first.redF() + (second.redF() - first.redF()) * share,
        first.greenF() + (second.greenF() - first.greenF()) * share,
        first.blueF() + (second.blueF() - first.blueF()) * share,
    )


_ROLE = QPalette.ColorRole
_LIGHT = {
    _ROLE.WindowText: "#1c2024",
    _ROLE.Base: "#ffffff",
    _ROLE.AlternateBase: "#f7f8fa",
    _ROLE.Text: "#1c2024",
    _ROLE.PlaceholderText: "#62666e",
    _ROLE.ButtonText: "#1c2024",
    _ROLE.BrightText: "#ffffff",
    _ROLE.Highlight: ACCENT,
    _ROLE.HighlightedText: "#ffffff",
    _ROLE.Accent: ACCENT,
    _ROLE.Link: "#3358d4",
    _ROLE.LinkVisited: "#6550b9",
    _ROLE.ToolTipBase: "#ffffff",
    _ROLE.ToolTipText: "#1c2024",
}
_DARK = {
    _ROLE.WindowText: "#e9eaed",
    _ROLE.Base: "#17181b",
    _ROLE.AlternateBase: "#1c1d21",
    _ROLE.Text: "#e9eaed",
    _ROLE.PlaceholderText: "#9b9ea6",
    _ROLE.ButtonText: "#e9eaed",
    _ROLE.BrightText: "#ffffff",
    _ROLE.Highlight: ACCENT,
    _ROLE.HighlightedText: "#ffffff",
    _ROLE.Accent: "#8da4ef",
    _ROLE.Link: "#9eb1ff",
    _ROLE.LinkVisited: "#baa7ff",
    _ROLE.ToolTipBase: "#303238",
    _ROLE.ToolTipText: "#e9eaed",
}
# Found by search: the least OKLab distance of any two is as great as it gets for people with
# normal sight, protanopia and deuteranopia; tests/ui/test_theme.py measures it.
_CLASSES_ON_LIGHT = (
    *("#1271a1", "#733326", "#12a189", "#b88114", "#5417cf"),
    *("#ac3973", "#7988d2", "#a85024", "#682d86", "#9947eb"),
)
_CLASSES_ON_DARK = (
    *("#5ea6ed", "#e9a496", "#a3f5be", "#cfb017", "#8e5eed"),
    *("#e61aa2", "#bacff7", "#ed5e76", "#1f931f", "#e6e61a"),
)
