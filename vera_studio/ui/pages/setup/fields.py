"""The fields of the forms, each bound to one setting of the draft."""

from collections.abc import Sequence
from typing import Any, Literal, TypeVar

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGridLayout,
    QLabel,
    QToolButton,
    QWidget,
)

from vera_studio.recipe import Recipe
from vera_studio.ui.icons import icon
from vera_studio.ui.state.workspace import Workspace
from vera_studio.ui.theme import plot_colors
from vera_studio.ui.widgets.number_boxes import NumberBox, WholeNumberBox
from vera_studio.ui.widgets.plain_text import plain_tip
from vera_studio.ui.widgets.wheel import ignore_wheel_when_unfocused
from vera_studio.wording import plain

_Field = TypeVar("_Field", bound=QWidget)
Section = Literal["adapter", "training"]


def describe(field: _Field, object_name: str, accessible_name: str, tip: str) -> _Field:
    """Give `field` its names and its tooltip; returns it."""
    field.setObjectName(object_name)
    field.setAccessibleName(accessible_name)
    field.setToolTip(plain_tip(tip))
    ignore_wheel_when_unfocused(field)
    return field


_LEAST_CHOICE = 120  # pixels


class Choice(QComboBox):
    """A field to choose one of `options`, each the text to show and the value behind it.

    Signals:
        edited(object): the user chose this value.
    """

    edited = Signal(object)

    def __init__(self, options: Sequence[tuple[str, Any]]) -> None:
        super().__init__()
        self._values = [value for _, value in options]
        self.addItems([text for text, _ in options])
        self.activated.connect(lambda row: self.edited.emit(self._values[row]))

    def minimumSizeHint(self) -> QSize:
        # Qt asks for the longest option; the panel would keep the window from being made small.
        return super().minimumSizeHint().boundedTo(QSize(_LEAST_CHOICE, 1000))

    def show_setting(self, value: Any) -> None:
        """Choose the option with `value` behind it and tell nobody."""
        with QSignalBlocker(self):
            self.setCurrentIndex(self._values.index(value))

    def text_of(self, value: Any) -> str:
        """What stands there for `value`."""
        return self.itemText(self._values.index(value))


class Tick(QCheckBox):
    """A field to switch something on.

    Signals:
        edited(object): the user switched it on, or off.
    """

    edited = Signal(object)

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.toggled.connect(lambda on: self.edited.emit(on))

    def show_setting(self, on: bool) -> None:
        """Switch and tell nobody."""
        with QSignalBlocker(self):
            self.setChecked(on)


Editor = WholeNumberBox | NumberBox | Choice | Tick


class ResetButton(QToolButton):
    """Brings the default of one setting back; there only while the setting is another.

    Args:
        workspace: has the draft.
        section, name: of the setting.
        title: of the setting, for a person.
        words: the default in words.
    """

    def __init__(
        self, workspace: Workspace, section: Section, name: str, title: str, words: str
    ) -> None:
        super().__init__(autoRaise=True)
        self._workspace, self._section, self._name = workspace, section, name
        self._default = getattr(getattr(Recipe(), section), name)
        self.setIcon(icon("reset"))
        describe(self, f"reset_{section}_{name}", f"Reset {title} to its default", "")
        self.set_words(words)
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # so that nothing moves when it appears
        self.setSizePolicy(policy)
        self.clicked.connect(self._reset)
        workspace.recipe_changed.connect(self._show)
        self._show(workspace.recipe)

    def set_words(self, words: str) -> None:
        """Say what the default is."""
        self.setToolTip(plain_tip(f"Back to the default: {words}"))

    def _reset(self) -> None:
        self._workspace.edit(self._section, **{self._name: self._default})

    def _show(self, recipe: Recipe) -> None:
        is_other = getattr(getattr(recipe, self._section), self._name) != self._default
        self.setVisible(is_other)


class SettingRow(QWidget):
    """A field bound to a setting, with its reset button, and below it why a text is not taken."""

    def __init__(self, workspace: Workspace, section: Section, name: str, editor: Editor) -> None:
        super().__init__()
        self.editor = editor
        self._workspace, self._section, self._name = workspace, section, name
        default = getattr(getattr(Recipe(), section), name)
        title, words = editor.accessibleName(), _in_words(editor, default)
        self.reset = ResetButton(workspace, section, name, title, words)
        self._note = _Note()
        self._note.setObjectName(f"refused_{section}_{name}")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(2)
        grid.addWidget(editor, 0, 0)
        grid.addWidget(self.reset, 0, 1)
        grid.addWidget(self._note, 1, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        editor.edited.connect(self._edit)
        if isinstance(editor, WholeNumberBox | NumberBox):
            editor.refused.connect(self._show_refusal)
            self.reset.clicked.connect(editor.forget)
        workspace.recipe_changed.connect(self._show)
        self._show(workspace.recipe)

    def leave_out(self, form: QFormLayout, is_left_out: bool) -> None:
        """Hide this row of `form`, for it has no meaning now, or show it."""
        form.setRowVisible(self, not is_left_out)
        if is_left_out and isinstance(self.editor, WholeNumberBox | NumberBox):
            self.editor.forget()  # what cannot be seen must not keep a run from starting

    def _edit(self, value: object) -> None:
        self._workspace.edit(self._section, **{self._name: value})

    def _show(self, recipe: Recipe) -> None:
        self.editor.show_setting(getattr(getattr(recipe, self._section), self._name))

    def _show_refusal(self, refusal: str) -> None:
        self._note.show_refusal(refusal)
        self._workspace.refuse(self.editor.accessibleName(), refusal[:1].lower() + refusal[1:])


def add_row(form: QFormLayout, text: str, row: SettingRow) -> SettingRow:
    """Add `row` with a label that carries the field's tip; returns it."""
    form.addRow(text, row)
    label = form.labelForField(row)
    assert isinstance(label, QLabel)
    label.setToolTip(row.editor.toolTip())
    label.setBuddy(row.editor)
    return row


class _Note(QLabel):
    """A line that says, below a field, why what was typed there is not taken."""

    def __init__(self) -> None:
        super().__init__(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.hide()

    def show_refusal(self, refusal: str) -> None:
        palette = self.palette()
        palette.setColor(self.foregroundRole(), plot_colors(palette).loss)
        self.setPalette(palette)
        self.setText(refusal)
        self.setVisible(bool(refusal))
        self._take_height()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._take_height()

    def _take_height(self) -> None:
        # A form does not ask again how high its rows are at their width.
        self.setMinimumHeight(self.heightForWidth(self.width()) if self.text() else 0)


def _in_words(editor: Editor, value: Any) -> str:
    """`value` as the field would show it."""
    match editor:
        case Choice():
            return editor.text_of(value)
        case Tick():
            return "on" if value else "off"
    special = editor.specialValueText()
    if value is None or (special and value == editor.minimum()):
        return special.split(" (")[0] or "Auto"
    return plain(value) + editor.suffix()
