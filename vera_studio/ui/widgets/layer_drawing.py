"""A drawing of an adapted layer: what is frozen, what is trained, and how large each is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from vera_studio.ui.theme import plot_colors

_LEAST, _MOST = 9.0, 52.0  # pixels, of a side
_WIDTH = 420
_TIMES = "\N{MULTIPLICATION SIGN}"
_MARGIN, _ARROW = 10.0, 5.0
_NODE = 11.0  # radius
_CENTRE = Qt.AlignmentFlag.AlignHCenter


@dataclass(frozen=True)
class Part:
    """A matrix on the way from the inputs to the outputs, or a vector, which scales."""

    name: str  # such as "A"
    rows: int
    columns: int = 1  # of a vector, 1
    is_trained: bool = False
    note: str = ""  # a word or two below its size, such as "shared"

    @property
    def size(self) -> str:
        """Its shape, for a person."""
        if self.columns == 1:
            return f"{self.rows:,}"
        return f"{self.rows:,} {_TIMES} {self.columns:,}"


@dataclass(frozen=True)
class Drawing:
    """The parts of an adapted layer."""

    title: str  # such as "fc1"
    weight: Part  # the layer's own, frozen
    branch: tuple[Part, ...]  # what the adapter adds, in the order in which inputs go through it
    formula: str  # of the outputs
    inputs: int
    outputs: int
    takes_inputs: bool = True  # whether these go through the branch, or it adds the same to all


class LayerDrawing(QWidget):
    """The inputs go through the frozen weight, and beside it through what the adapter adds."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layer_drawing")
        self.setAccessibleName("Drawing of the layer")
        self.setToolTip("What the inputs of the layer go through: filled parts are trained")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._drawing: Drawing | None = None

    def set_drawing(self, drawing: Drawing | None) -> None:
        """Draw another layer; None for nothing."""
        self._drawing = drawing
        self.setAccessibleDescription("" if drawing is None else _in_words(drawing))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH + 120, self.minimumSizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(_WIDTH, round(_height(self.fontMetrics().lineSpacing())))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Base))
        if self._drawing is not None:
            _Painting(painter, self.palette(), QRectF(self.rect())).draw(self._drawing)


class _Painting:
    """One time that a layer is drawn."""

    def __init__(self, painter: QPainter, palette: QPalette, room: QRectF) -> None:
        self._painter, self._room = painter, room
        colors = plot_colors(palette)
        self._text, self._muted = colors.text, colors.muted
        self._trained, self._frozen = colors.target, colors.base
        self._line = painter.fontMetrics().lineSpacing()
        self._bold = QFont(painter.font())
        self._bold.setWeight(QFont.Weight.DemiBold)

    def draw(self, drawing: Drawing) -> None:
        top = self._room.top() + _upper(self._line)
        below = self._room.top() + _lower(self._line)
        left, right = self._room.left() + 62, self._room.right() - 62
        largest = max(drawing.inputs, drawing.outputs, 1)
        self._ends(drawing, left, right, top)
        centre = (left + right) / 2
        self._lane(left, right, top, [(centre, drawing.weight)], largest)
        self._branch(left, right, top, below, drawing, largest)
        self._formula(drawing)

    def _ends(self, drawing: Drawing, left: float, right: float, top: float) -> None:
        self._words(QPointF(left - 36, top), ("inputs", f"{drawing.inputs:,}"), lines_above=1)
        self._words(QPointF(right + 36, top), ("outputs", f"{drawing.outputs:,}"), lines_above=1)
        self._painter.setPen(QPen(self._text, 1.4))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        self._painter.drawEllipse(QPointF(right, top), _NODE, _NODE)
        plus = _NODE * 0.55
        self._painter.drawLine(QPointF(right - plus, top), QPointF(right + plus, top))
        self._painter.drawLine(QPointF(right, top - plus), QPointF(right, top + plus))

    def _branch(
        self,
        left: float,
        right: float,
        top: float,
        below: float,
        drawing: Drawing,
        largest: int,
    ) -> None:
        """From the inputs down, through the parts, and up to where both are added."""
        pen = QPen(self._muted, 1.2)
        self._painter.setPen(pen)
        step = (right - left) / (len(drawing.branch) + 1)
        places = [(left + step * (number + 1), part) for number, part in enumerate(drawing.branch)]
        if drawing.takes_inputs:
            self._painter.drawLine(QPointF(left, top), QPointF(left, below))
        start = left if drawing.takes_inputs else places[0][0]
        self._lane(start, right, below, places, largest, has_arrow=False)
        self._painter.setPen(pen)
        self._painter.drawLine(QPointF(right, below), QPointF(right, top + _NODE))
        self._arrow_head(QPointF(right, top + _NODE), QPointF(0, -1))

    def _lane(
        self,
        left: float,
        right: float,
        y: float,
        places: Sequence[tuple[float, Part]],
        largest: int,
        has_arrow: bool = True,
    ) -> None:
        end = right - _NODE if has_arrow else right
        self._painter.setPen(QPen(self._muted, 1.2))
        self._painter.drawLine(QPointF(left, y), QPointF(end, y))
        if has_arrow:
            self._arrow_head(QPointF(end, y), QPointF(1, 0))
        for x, part in places:
            self._part(QPointF(x, y), part, largest)

    def _part(self, centre: QPointF, part: Part, largest: int) -> None:
        height = _side(part.rows, largest)
        width = _LEAST if part.columns == 1 else _side(part.columns, largest)
        box = QRectF(centre.x() - width / 2, centre.y() - height / 2, width, height)
        color = self._trained if part.is_trained else self._frozen
        ground = QColor(color)
        if not part.is_trained:
            ground.setAlphaF(0.45)
        self._painter.setPen(QPen(color, 1.2))
        self._painter.setBrush(ground)
        self._painter.drawRoundedRect(box, 2, 2)
        self._painter.setFont(self._bold)
        self._painter.setPen(self._text)
        above = QRectF(centre.x() - 60, centre.y() - _MOST / 2 - self._line - 2, 120, self._line)
        self._painter.drawText(above, int(_CENTRE), part.name)
        state = "trained" if part.is_trained else "frozen"
        words = (part.size, state, part.note) if part.note else (part.size, state)
        self._words(QPointF(centre.x(), centre.y() + _MOST / 2 + 2 + self._line), words)

    def _formula(self, drawing: Drawing) -> None:
        self._painter.setFont(self._bold)
        self._painter.setPen(self._text)
        line = self._room.adjusted(_MARGIN, 4, -_MARGIN, 0)
        width = int(line.width() / 2)
        elide = Qt.TextElideMode.ElideMiddle
        title = self._painter.fontMetrics().elidedText(drawing.title, elide, width)
        self._painter.drawText(line, int(Qt.AlignmentFlag.AlignLeft), title)
        self._painter.setFont(QFont())
        self._painter.setPen(self._muted)
        self._painter.drawText(line, int(Qt.AlignmentFlag.AlignRight), drawing.formula)

    def _words(self, top: QPointF, words: Sequence[str], lines_above: int = 1) -> None:
        """Lines below each other, of which the first stands above `top`."""
        self._painter.setFont(QFont())
        for number, text in enumerate(words):
            self._painter.setPen(self._text if number == 0 else self._muted)
            y = top.y() + (number - lines_above) * self._line
            place = QRectF(top.x() - 60, y, 120, self._line)
            metrics = self._painter.fontMetrics()
            shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, 120)
            self._painter.drawText(place, int(_CENTRE), shown)

    def _arrow_head(self, tip: QPointF, direction: QPointF) -> None:
        across = QPointF(-direction.y(), direction.x())
        back = tip - direction * _ARROW * 1.6
        self._painter.setBrush(self._muted)
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.drawPolygon([tip, back + across * _ARROW, back - across * _ARROW])


def _upper(line: float) -> float:
    """Where the way through the weight lies: below a line of words, and its name."""
    return _MARGIN + 2 * line + _MOST / 2


def _lower(line: float) -> float:
    """Where the way beside it lies: three lines of words between both, and a name."""
    return _upper(line) + _MOST + 4.5 * line


def _height(line: float) -> float:
    """Of the whole drawing: three lines of words below."""
    return _lower(line) + _MOST / 2 + 3 * line + _MARGIN


def _side(count: int, largest: int) -> float:
    """Pixels for a side of so many numbers: by its logarithm, for 4 and 4,096 in one drawing."""
    share = math.log(count + 1) / math.log(largest + 1)
    return _LEAST + (_MOST - _LEAST) * min(share, 1.0)


def _in_words(drawing: Drawing) -> str:
    """The drawing for who cannot see it."""
    parts = ", then ".join(
        f"{part.name} of {part.size}, {'trained' if part.is_trained else 'frozen'}"
        for part in drawing.branch
    )
    weight = drawing.weight
    comes = "what comes through " if drawing.takes_inputs else ""
    return (
        f"{drawing.title}: {drawing.inputs:,} inputs go through {weight.name} of {weight.size}, "
        f"frozen; to that is added {comes}{parts}. There are {drawing.outputs:,} outputs."
    )
