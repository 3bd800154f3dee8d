"""Controls that cannot be used say why in their tips."""

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from vera_studio.ui.widgets.plain_text import join_tips, plain_tip

_REASON, _TIP, _SHOWN = "reason", "tip", "shown_tip"


def allow(control: QWidget | QAction, reason: str = "") -> None:
    """Let `control` be used, or, where there is a `reason`, not: its tip then says why.

    A widget passes its reason on to what is in it, which is disabled with it. The tip of the
    control's own, set before or later, stays the first line; call again after changing it.
    """
    control.setEnabled(not reason)
    if (control.property(_REASON) or "") != reason:
        control.setProperty(_REASON, reason)
        if isinstance(control, QWidget):
            for child in control.findChildren(QWidget):
                if child.toolTip():  # else Qt shows the tip of what it is in
                    show_reason(child)
    show_reason(control)


def reason_of(control: QWidget | QAction) -> str:
    """Why `control` cannot be used: its own reason, else that of what it is in."""
    above: object = control
    while isinstance(above, QWidget | QAction):
        if reason := above.property(_REASON):
            return str(reason)
        above = above.parent() if isinstance(above, QWidget) else None
    return ""


def show_reason(control: QWidget | QAction) -> None:
    """Have the tip of `control` say its reason, if it has one, after what it said."""
    if control.toolTip() != control.property(_SHOWN):  # its owner gave it another since
        control.setProperty(_TIP, control.toolTip())
    tip, reason = control.property(_TIP) or "", reason_of(control)
    shown = join_tips(*dict.fromkeys((tip, plain_tip(reason))))  # once, where they are the same
    # An action without a tip would show its own text.
    if tip or reason or control.property(_SHOWN):
        control.setProperty(_SHOWN, shown)
        control.setToolTip(shown)
