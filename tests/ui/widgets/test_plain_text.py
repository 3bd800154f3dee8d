"""Names that look like HTML are shown letter by letter, and what they point at is not read."""

import html

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage, QTextDocument
from PySide6.QtWidgets import QLabel, QMessageBox, QToolTip, QWidget

from tests.top_level import top_level_widgets
from vera_studio.ui.widgets.plain_text import join_tips, plain_caption, plain_message, plain_tip

SIDE = 300


@pytest.fixture
def name(tmp_path):
    """A name that would have Qt read a picture of 300 pixels."""
    picture = tmp_path / "secret.png"
    image = QImage(SIDE, SIDE, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    assert image.save(str(picture))
    return f"<b>x</b><img src='file://{picture}'>"


def tip_on_screen(qtbot, widget, text):
    QToolTip.showText(widget.mapToGlobal(QPoint(5, 5)), text, widget)
    qtbot.waitUntil(QToolTip.isVisible)
    return next(w for w in top_level_widgets() if w.inherits("QTipLabel"))


def test_a_tip_with_a_foreign_name_reads_no_file(qtbot, name):
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
    assert tip_on_screen(qtbot, widget, name).height() >= SIDE, "Qt reads it, unless it is escaped"
    tip = tip_on_screen(qtbot, widget, plain_tip(name))
    assert tip.height() < SIDE
    document = QTextDocument()
    document.setHtml(tip.text())
    assert document.toPlainText() == name
    QToolTip.hideText()
    qtbot.waitUntil(lambda: not QToolTip.isVisible())


@pytest.mark.parametrize("text", ["cats & dogs", "3 < 4", "a &lt; b", "one\n  <i>two</i>", "plain"])
def test_a_tip_shows_every_letter(qapp, text):
    document = QTextDocument()
    shown = plain_tip(text)
    if shown == text:
        assert html.unescape(text) == text
        assert "<" not in text
    else:
        document.setHtml(shown)
        assert document.toPlainText() == text


def test_a_caption_keeps_its_ampersand(qtbot):
    assert plain_caption("R&D") == "R&&D"


def test_a_message_with_a_foreign_name_reads_no_file(qtbot, name):
    box = plain_message(None, QMessageBox.Icon.Warning, f"{name}\n{name}", name)
    qtbot.addWidget(box)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    box.show()
    labels = [label for label in box.findChildren(QLabel) if name in label.text()]
    assert len(labels) == 2
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in labels)
    assert all(label.height() < SIDE for label in labels)


@pytest.mark.parametrize("first", ["Start", "cats & <b>dogs</b>"])
@pytest.mark.parametrize("second", ["Not yet", "no <img src='x'>"])
def test_joined_tips_stand_below_each_other(qapp, first, second):
    shown = join_tips(plain_tip(first), "", plain_tip(second))
    document = QTextDocument()
    document.setHtml(shown)
    text = document.toPlainText() if "<" in shown else shown
    assert text == f"{first}\n{second}"
