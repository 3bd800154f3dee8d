"""Text that is not the studio's own, made safe where Qt would take it for HTML.

Qt guesses: a tooltip, or a label without a format, that looks like HTML is rendered as HTML, and
its images are read from wherever they point. A name of an adapter, a class or a file may look
like that. Labels are told `Qt.TextFormat.PlainText`; tooltips have no format, so their text goes
through `plain_tip`, and text on buttons and menus, where & marks a key, through `plain_caption`.
"""

import html

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

_START = "<p style='white-space:pre-wrap;margin:0'>"


def plain_tip(text: str) -> str:
    """`text` for a tooltip, which then shows it letter by letter whatever it holds."""
    if not any(sign in text for sign in "<&"):  # nothing that Qt could take for HTML
        return text
    # A text with a tag is HTML for certain, and what is escaped in it is text for certain.
    return f"{_START}{html.escape(text)}</p>"


def join_tips(*tips: str) -> str:
    """Tips, all of them texts of the studio's own or made by `plain_tip`, one below another."""
    tips = tuple(filter(None, tips))
    if not any(tip.startswith(_START) for tip in tips):
        return "\n".join(tips)
    return "".join(tip if tip.startswith(_START) else f"{_START}{tip}</p>" for tip in tips)


def plain_caption(text: str) -> str:
    """`text` for a button, a tab or a menu entry, with every & shown and none taken for a key."""
    return text.replace("&", "&&")


def plain_message(
    parent: QWidget | None, icon: QMessageBox.Icon, text: str, more: str = ""
) -> QMessageBox:
    """A message box, not open yet, that shows `text` and below it `more` letter by letter.

    A text of several lines has its first one as the headline and the others below.
    """
    headline, _, rest = text.partition("\n")
    box = QMessageBox(parent)
    box.setObjectName("message")
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(icon)
    box.setWindowTitle("VeRA Studio")
    box.setTextFormat(Qt.TextFormat.PlainText)  # before the texts: it holds for both
    box.setText(headline)
    box.setInformativeText("\n".join(part for part in (rest.strip(), more) if part))
    return box
