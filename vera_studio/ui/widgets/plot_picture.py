"""A plot as a PNG file: title, plot and legend, without the tools around them."""

import pyqtgraph as pg
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, QRectF, QSize
from PySide6.QtGui import QFont, QImage, QImageWriter, QPainter
from PySide6.QtWidgets import QWidget

from vera_studio.ui.theme import PlotColors

PICTURE_SCALE = 2
_MARGIN = 12


def plot_picture(title: str, plot: pg.PlotWidget, legend: QWidget, colors: PlotColors) -> bytes:
    """The content of a PNG file with twice the pixels that the plot has on screen."""
    head = plot.fontMetrics().height() + _MARGIN
    size = QSize(plot.width(), head + plot.height() + _MARGIN + legend.height())
    image = QImage(
        (size + QSize(2 * _MARGIN, 2 * _MARGIN)) * PICTURE_SCALE, QImage.Format.Format_RGB32
    )
    image.setDevicePixelRatio(PICTURE_SCALE)
    image.fill(colors.background)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(_MARGIN, _MARGIN)
    font = QFont(plot.font())
    font.setBold(True)
    painter.setFont(font)
    painter.setPen(colors.text)
    painter.drawText(0, plot.fontMetrics().ascent(), title)
    area = QRectF(0, head, plot.width(), plot.height())
    plot.render(painter, area, plot.viewport().rect())
    # QWidget.render takes its offset through the painter's transform and adds the target.
    legend.render(
        painter,
        QPoint(0, head + plot.height() + _MARGIN),
        renderFlags=QWidget.RenderFlag.DrawChildren,
    )
    painter.end()
    return _png(image)


def _png(image: QImage) -> bytes:
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    buffer.close()
    return bytes(content.data())
