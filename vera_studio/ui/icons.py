"""Icons drawn in the text colour of the present palette, sharp at any size and scale."""

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

from vera_studio.environment import resources_folder

_DIMMED = 0.45  # opacity of disabled pictures that bring colours of their own


def icon(name: str) -> QIcon:
    """The icon of the file ``resources/icons/<name>.svg``.

    Its ``currentColor`` is the colour of the palette's text when it is drawn, so that
    a switch between light and dark needs no new icons.

    Raises:
        FileNotFoundError: there is no such icon.
    """
    path = resources_folder() / "icons" / f"{name}.svg"
    return QIcon(_SvgEngine(path.read_text(encoding="utf-8")))


class _SvgEngine(QIconEngine):
    def __init__(self, svg: str) -> None:
        super().__init__()
        self._svg = svg
        self._renderers: dict[str, QSvgRenderer] = {}  # by colour

    def clone(self) -> QIconEngine:
        return _SvgEngine(self._svg)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        painter.save()
        if mode == QIcon.Mode.Disabled and "currentColor" not in self._svg:
            painter.setOpacity(_DIMMED)
        side = min(rect.width(), rect.height())
        square = QRectF(0, 0, side, side)
        square.moveCenter(QRectF(rect).center())
        self._renderer(mode).render(painter, square)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return pixmap

    def _renderer(self, mode: QIcon.Mode) -> QSvgRenderer:
        disabled = mode == QIcon.Mode.Disabled
        group = QPalette.ColorGroup.Disabled if disabled else QPalette.ColorGroup.Active
        color = QGuiApplication.palette().color(group, QPalette.ColorRole.WindowText).name()
        if color not in self._renderers:
            svg = self._svg.replace("currentColor", color).encode()
            self._renderers[color] = QSvgRenderer(QByteArray(svg))
        return self._renderers[color]
