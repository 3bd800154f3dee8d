"""The groups that wait for a name, the classes with their keys, and a field for a new one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    QStringListModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QIcon, QKeyEvent
from PySide6.QtWidgets import (
    QCompleter,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QVBoxLayout,
    QWidget,
)

from vera_studio.ui.state.labelling import LEFT_OUT
from vera_studio.ui.widgets.class_keys import DIGITS
from vera_studio.ui.widgets.drop_list import DropList
from vera_studio.ui.widgets.plain_text import plain_tip

_Index = QModelIndex | QPersistentModelIndex
Kind = Literal["group", "class"]
_WIDTH = 190
_ICON = 28
_NUMBER, _NAME = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class Side(QWidget):
    """What stands beside the pictures.

    Signals:
        shown(Kind, int): this group, or this class (or LEFT_OUT), is to be looked at.
        named(str): what is meant is to be called so.
        dropped(Kind, int, list): these pictures are to go there.
        renamed(int, str): a class is to be called otherwise.
        left_field(): the field for names was left with Escape.
    """

    shown = Signal(str, int)
    named = Signal(str)
    dropped = Signal(str, int, list)
    renamed = Signal(int, str)
    left_field = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.groups = _make_list("label_group_list", "Groups that wait for a name")
        self.groups.setToolTip("Pictures that look alike, and wait for a name; some can be dropped")
        self.groups.setIconSize(QSize(_ICON, _ICON))
        self.groups.setEditTriggers(QListWidget.EditTrigger.NoEditTriggers)
        self.classes = _make_list("label_class_list", "Classes, and how many pictures each has")
        self.classes.setToolTip(
            "Click a class to see its pictures, double-click it to call it otherwise"
        )
        rename = _Renaming(self)
        rename.renamed.connect(self.renamed)
        self.classes.setItemDelegate(rename)
        self.classes.setSpacing(2)
        self.field = NameField()
        self.field.entered.connect(self.named)
        self.field.escaped.connect(self.left_field)
        for kind, one in (("group", self.groups), ("class", self.classes)):
            one.itemClicked.connect(lambda item, kind=kind: self._show(kind, item))
            one.itemActivated.connect(lambda item, kind=kind: self._show(kind, item))
            one.dropped.connect(lambda row, what, kind=kind: self._drop(kind, row, what))
        self._groups_title, self._classes_title = QLabel("Groups"), QLabel("Classes")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._groups_title)
        column.addWidget(self.groups, 3)
        column.addWidget(self._classes_title)
        column.addWidget(self.classes, 2)
        column.addWidget(self.field)
        self.setFixedWidth(_WIDTH)

    def show_groups(self, counts: Mapping[int, int], current: int | None) -> None:
        """List the groups with how many pictures wait in each.

        Args:
            counts: of pictures, by the number of the group.
            current: the group that is looked at.
        """
        if [item.data(_NUMBER) for item in _items(self.groups)] != list(counts):
            self.groups.clear()
            for number in counts:
                _add(self.groups, number)
        for item in _items(self.groups):
            number = item.data(_NUMBER)
            item.setText(f"{number + 1}   ({counts[number]:,})")
        self._groups_title.setText(f"Groups ({len(counts):,})")
        _choose(self.groups, current)

    def forget_icons(self) -> None:
        """Let the groups have other pictures."""
        for item in _items(self.groups):
            item.setIcon(QIcon())

    def show_icons(self, find: Callable[[int], QIcon | None]) -> None:
        """Give the groups that can be seen a picture, where it is read already."""
        area = self.groups.viewport().rect()
        for item in _items(self.groups):
            if item.icon().isNull() and self.groups.visualItemRect(item).intersects(area):
                found = find(item.data(_NUMBER))
                if found is not None:
                    item.setIcon(found)

    def show_classes(
        self, names: Sequence[str], counts: Sequence[int], left_out: int, current: int | None
    ) -> None:
        """List the classes with their keys, and what was left out."""
        self.classes.clear()
        for index, (name, count) in enumerate(zip(names, counts, strict=True)):
            item = _add(self.classes, index)
            key = DIGITS[index] if index < len(DIGITS) else "\N{FIGURE SPACE}"
            item.setText(f"{key}   {name}   ({count:,})")
            item.setToolTip(plain_tip(name))
            item.setData(_NAME, name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        if left_out:
            item = _add(self.classes, LEFT_OUT)
            item.setText(f"Left out   ({left_out:,})")
        _choose(self.classes, current)
        self._classes_title.setText(f"Classes ({len(names):,})")
        self.field.offer(names)

    def _show(self, kind: str, item: QListWidgetItem) -> None:
        self.shown.emit(kind, item.data(_NUMBER))

    def _drop(self, kind: str, row: int, pictures: list[int]) -> None:
        source = self.groups if kind == "group" else self.classes
        self.dropped.emit(kind, source.item(row).data(_NUMBER), pictures)


class NameField(QLineEdit):
    """Where the name of a class is typed; one that is there is completed.

    Signals:
        entered(str): Return was pressed.
        escaped(): Escape was pressed.
    """

    entered = Signal(str)
    escaped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, placeholderText="Name, then Return")
        self.setObjectName("label_name_field")
        self.setAccessibleName("Name of a class")
        self.setToolTip(
            "Type the name of a class, new or there already, then Return: the selected pictures, "
            "or without any the whole group, are called so"
        )
        self._names = QStringListModel(self)
        completer = QCompleter(self._names, self)
        completer.setCompletionMode(QCompleter.CompletionMode.InlineCompletion)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setCompleter(completer)
        self.returnPressed.connect(self._enter)

    def offer(self, names: Sequence[str]) -> None:
        """Complete what is typed to one of these."""
        if list(names) != self._names.stringList():
            self._names.setStringList(list(names))

    def begin(self, text: str) -> None:
        """Begin with `text`, as if it had been typed here."""
        self.clear()
        self.setFocus()
        plain = Qt.KeyboardModifier.NoModifier
        self.keyPressEvent(QKeyEvent(QEvent.Type.KeyPress, 0, plain, text))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.escaped.emit()
        else:
            super().keyPressEvent(event)

    def _enter(self) -> None:
        name = " ".join(self.text().split())
        self.clear()
        if name:
            self.entered.emit(name)


class _Renaming(QStyledItemDelegate):
    """Edits the name of a class alone, not what stands around it."""

    renamed = Signal(int, str)

    def setEditorData(self, editor: QWidget, index: _Index) -> None:
        if isinstance(editor, QLineEdit):
            editor.setText(index.data(_NAME))

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: _Index) -> None:
        name = " ".join(editor.text().split()) if isinstance(editor, QLineEdit) else ""
        if name:
            self.renamed.emit(index.data(_NUMBER), name)


def _make_list(name: str, title: str) -> DropList:
    made = DropList()
    made.setObjectName(name)
    made.setAccessibleName(title)
    return made


def _add(items: QListWidget, number: int) -> QListWidgetItem:
    item = QListWidgetItem()
    item.setData(_NUMBER, number)
    items.addItem(item)
    return item


def _items(items: QListWidget) -> Iterator[QListWidgetItem]:
    return (items.item(row) for row in range(items.count()))


def _choose(items: QListWidget, number: int | None) -> None:
    """Have the item with that number be the current one, or none."""
    found = next((item for item in _items(items) if item.data(_NUMBER) == number), None)
    if found is None:
        items.setCurrentRow(-1)
        items.clearSelection()
    else:
        items.setCurrentItem(found)
