"""What all plots have in common: title, tool strip, hover, empty state, saving, colours."""

import csv
import io
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPointF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QFont, QMouseEvent, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QGraphicsView,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QStackedWidget,
    QToolButton,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from vera_studio.errors import StudioError
from vera_studio.files import write_atomically
from vera_studio.ui.icons import icon
from vera_studio.ui.theme import PlotColors, plot_colors
from vera_studio.ui.widgets.file_dialogs import ask_save
from vera_studio.ui.widgets.legend import Legend
from vera_studio.ui.widgets.plain_text import plain_message
from vera_studio.ui.widgets.plot_picture import PICTURE_SCALE, plot_picture
from vera_studio.ui.widgets.read_out import ReadOut
from vera_studio.ui.widgets.reasons import allow

_EMPTY, _FILLED = range(2)


class PlotFrame(QWidget):
    """A plot with its title and tools; what is plotted is up to the class that builds on it."""

    def __init__(
        self,
        title: str,
        empty_text: str,
        axes: dict[str, pg.AxisItem],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.plot = _TimedPlotWidget(axes)
        self.legend = Legend()
        self._title = QLabel(title, textFormat=Qt.TextFormat.PlainText)
        font = QFont(self._title.font())
        font.setWeight(QFont.Weight.DemiBold)
        self._title.setFont(font)
        self._empty = QLabel(empty_text, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._empty.setMargin(24)
        self._empty.setForegroundRole(self._empty.palette().ColorRole.PlaceholderText)
        self._read_out = ReadOut(self.plot)
        self._picture_scale: float | None = None
        self._make_actions()
        self._lay_out()
        self._prepare_plot(title)
        self.set_empty(True)
        self._recolor()

    @property
    def title(self) -> str:
        """What stands above the plot."""
        return self._title.text()

    def set_title(self, title: str) -> None:
        """Put another title above the plot; files are named after it, too."""
        self._title.setText(title)
        self.plot.setAccessibleName(title)

    def is_empty(self) -> bool:
        """Whether the empty text is shown in place of the plot."""
        return self._stack.currentIndex() == _EMPTY

    def set_empty(self, empty: bool) -> None:
        """Show the empty text, or the plot."""
        self._stack.setCurrentIndex(_EMPTY if empty else _FILLED)
        self.legend.setVisible(not empty)
        for action in (self.reset_action, self.png_action, self.csv_action):
            allow(action, "The plot is empty." if empty else "")

    def reset_view(self) -> None:
        """Show all data again."""
        self.plot.getPlotItem().enableAutoRange()

    def minimumSizeHint(self) -> QSize:
        # A layout tells the height that its least width would need, at which a legend of ten
        # classes stands in ten rows, and the window would grow beyond a small screen.
        least, layout = super().minimumSizeHint(), self.layout()
        assert layout is not None
        height = layout.totalMinimumHeightForWidth(max(self.width(), least.width()))
        return QSize(least.width(), height) if height > 0 else least

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def save_png(self, path: Path) -> None:
        """Write the plot as it is shown, in twice its resolution.

        Raises:
            StudioError: the file cannot be written.
        """
        self.bring_up_to_date()
        self._picture_scale = PICTURE_SCALE
        self._recolor()
        try:
            picture = plot_picture(self.title, self.plot, self.legend, self.colors())
        finally:
            self._picture_scale = None
            self._recolor()
        write_atomically(path, picture)

    def save_csv(self, path: Path) -> None:
        """Write all numbers of the plot, those in hidden series and outside the view too.

        Raises:
            StudioError: the file cannot be written.
        """
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(self.table())
        write_atomically(path, text.getvalue().encode("utf-8"))

    def table(self) -> Iterable[Iterable[object]]:
        """The rows of the CSV file, the first of them the names of the columns."""
        raise NotImplementedError

    def describe(self, x: float, y: float) -> tuple[float, str] | None:
        """What to say about the point at `x`, `y` of the plot, and at which x; None: nothing."""
        raise NotImplementedError

    def bring_up_to_date(self) -> None:
        """Draw what has come in since the plot was drawn last."""

    def recolor(self, colors: PlotColors) -> None:
        """Draw the contents in other colours."""
        raise NotImplementedError

    def pen(self, color: QColor, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
        """A pen whose lines are `width` wide, whatever the scale of the screen.

        pyqtgraph's pens are cosmetic, and Qt measures those in pixels of the device.
        """
        scale = self._picture_scale or self.devicePixelRatioF()
        return pg.mkPen(color, width=width * scale, style=style)

    def colors(self) -> PlotColors:
        """The colours of the present palette."""
        return plot_colors(self.palette())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self._recolor()
        return super().event(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._recolor()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.plot.viewport():
            if event.type() == QEvent.Type.MouseMove:
                assert isinstance(event, QMouseEvent)
                self._hover(event.position())
            elif event.type() == QEvent.Type.Leave:
                self._read_out.leave()
            elif event.type() == QEvent.Type.ToolTip and self._read_out.card.isVisible():
                return True  # the tip would lie over the figures
        return super().eventFilter(watched, event)

    def _hover(self, position: QPointF) -> None:
        box = self.plot.getPlotItem().vb
        scene_position = self.plot.mapToScene(position.toPoint())
        point = box.mapSceneToView(scene_position)
        inside = box.sceneBoundingRect().contains(scene_position)
        found = self.describe(point.x(), point.y()) if inside else None
        if found is None:
            self._read_out.leave()
        else:
            if not self._read_out.card.isVisible():
                QToolTip.hideText()
            self._read_out.show_at(position.toPoint(), *found)

    def _make_actions(self) -> None:
        self.reset_action = self._action("reset_view", "reset-zoom", "Reset view")
        self.reset_action.setToolTip("Show all data again")
        self.reset_action.triggered.connect(self.reset_view)
        self.png_action = self._action("save_png", "image", "Save as PNG…")
        self.png_action.setToolTip("Save the plot as a picture")
        self.png_action.triggered.connect(self._ask_png)
        self.csv_action = self._action("save_csv", "table", "Save as CSV…")
        self.csv_action.setToolTip("Save the numbers of the plot as a table")
        self.csv_action.triggered.connect(self._ask_csv)

    def _action(self, name: str, icon_name: str, text: str) -> QAction:
        action = QAction(icon(icon_name), text, self)
        action.setObjectName(name)
        return action

    def _lay_out(self) -> None:
        self.tools = QHBoxLayout()
        self.tools.setSpacing(2)
        for action in (self.reset_action, self.png_action, self.csv_action):
            self.tools.addWidget(self._tool_button(action))
        top = QHBoxLayout()
        top.addWidget(self._title)
        top.addStretch()
        top.addLayout(self.tools)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.plot)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(4)
        self.column.addLayout(top)
        self.column.addWidget(self._stack, 1)
        self.column.addWidget(self.legend)

    def _tool_button(self, action: QAction) -> QToolButton:
        button = QToolButton(autoRaise=True)
        button.setIconSize(QSize(18, 18))
        button.setDefaultAction(action)
        button.setObjectName(f"{action.objectName()}_button")
        button.setAccessibleName(action.text().rstrip("…"))
        return button

    def _prepare_plot(self, title: str) -> None:
        item = self.plot.getPlotItem()
        item.hideButtons()
        item.setMenuEnabled(False)
        item.vb.setDefaultPadding(0.03)
        item.layout.setContentsMargins(4, 8, 14, 2)
        item.showGrid(x=False, y=True, alpha=0.4)
        for name in ("left", "bottom"):
            item.getAxis(name).setZValue(-1)  # the grid belongs behind the data
        for name in ("top", "right"):
            # Hidden, they would still write their labels anew whenever the view changes.
            item.getAxis(name).enableAutoSIPrefix(False)
        self.plot.setObjectName("plot")
        self.plot.setAccessibleName(title)
        self.plot.setToolTip("Drag to move, turn the wheel to zoom")
        self.plot.setMinimumHeight(120)
        self.plot.addActions([self.reset_action, self.png_action, self.csv_action])
        self.plot.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.plot.viewport().installEventFilter(self)

    def _recolor(self) -> None:
        colors = self.colors()
        self.plot.setBackground(colors.background)
        for name in ("left", "bottom"):
            axis = self.plot.getPlotItem().getAxis(name)
            axis.setPen(self.pen(colors.grid, 1))
            axis.setTextPen(colors.text)
        self._read_out.recolor(self.pen(colors.muted, 1, Qt.PenStyle.DotLine), self.palette())
        self.recolor(colors)

    def _ask_png(self) -> None:
        self._ask("png", "Pictures (*.png)", self.save_png)

    def _ask_csv(self) -> None:
        self._ask("csv", "Tables (*.csv)", self.save_csv)

    def _ask(self, suffix: str, kinds: str, save: Callable[[Path], None]) -> None:
        name = f"{file_name(self.title)}.{suffix}"
        path = ask_save(self, f"Save {self.title}", name, kinds)
        if path is None:
            return
        try:
            save(path)
        except StudioError as error:
            plain_message(self, QMessageBox.Icon.Warning, f"Not saved.\n{error}").open()


def file_name(title: str) -> str:
    """`title` as the stem of a file name that every system takes."""
    kept = "".join(sign if sign.isalnum() else " " for sign in title.lower())
    return "-".join(kept.split()) or "plot"


class _TimedPlotWidget(pg.PlotWidget):
    """Tells how many seconds its last painting took."""

    paint_seconds = 0.0

    def __init__(self, axes: dict[str, pg.AxisItem]) -> None:
        super().__init__(axisItems=axes, background=None)
        # The parts that change nearly fill the plot, and Qt draws one rectangle faster than many.
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)

    def paintEvent(self, event: QPaintEvent) -> None:
        start = time.perf_counter()
        super().paintEvent(event)
        self.paint_seconds = time.perf_counter() - start
