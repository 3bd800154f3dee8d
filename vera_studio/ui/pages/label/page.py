"""From a heap of photographs to a folder of classes: groups that look alike are named by a key."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QIcon, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from vera_studio.ui.icons import icon
from vera_studio.ui.jobs import labelling as label_jobs
from vera_studio.ui.jobs.progress import Progress
from vera_studio.ui.pages.label.outcome import SaveButton, SavedBar, Saving, ask_to_lose
from vera_studio.ui.pages.label.side import Kind, Side
from vera_studio.ui.pages.label.top_bar import TopBar
from vera_studio.ui.state.label_control import LabelControl
from vera_studio.ui.state.labelling import LEFT_OUT
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.state.thumbnail_loader import ThumbnailLoader
from vera_studio.ui.widgets import file_dialogs
from vera_studio.ui.widgets.class_keys import DIGITS
from vera_studio.ui.widgets.dropped import dropped_folder
from vera_studio.ui.widgets.elided_label import ElidedLabel
from vera_studio.ui.widgets.empty_state import EmptyState
from vera_studio.ui.widgets.flow_layout import FlowLayout
from vera_studio.ui.widgets.naming_grid import SIDE, NamingGrid
from vera_studio.ui.widgets.reasons import allow
from vera_studio.wording import files_skipped

_EMPTY, _FILLED = range(2)
_EMPTY_TEXT = (
    "A folder of photographs that nobody has sorted. The network groups what looks alike, you name "
    "a group by one key, and the next one comes. Nothing is written until you save the labels, "
    "then as a table or as copies in a folder a class. A folder can be dropped here too."
)
_HINT = "A digit, or a name and Return, names the selected pictures; without any, the whole group."
_CLASS_HINT = "Select pictures, then a digit or a name changes their class; Backspace takes it."


class LabelPage(QWidget):
    """Pictures of one group at a time, or of one class; beside them all groups and classes.

    Attributes:
        control: looks through pictures, and saves.
    """

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self.control = LabelControl(studio, self)
        self._kind: Kind = "group"
        self._number = 0  # of the group or class that is looked at
        self._thumbnails = ThumbnailLoader(studio.runner, self, side=SIDE)
        self.top, self.side = TopBar(), Side()
        self.grid = NamingGrid(self._thumbnails.find, self._title_of)
        self.saving = Saving(studio, self.control, self)
        self.saved_bar = SavedBar()
        self.save = SaveButton()
        self.setAcceptDrops(True)
        self._lay_out()
        self._connect()
        self._show_state()

    def _lay_out(self) -> None:
        self._empty = EmptyState(icon("data"), "Label by sight", _EMPTY_TEXT, "Choose &Folder…")
        self._empty.button.setObjectName("choose_label_folder")
        self.heading = ElidedLabel()
        self.heading.setObjectName("label_heading")
        self.heading.setAccessibleName("The pictures that are shown")
        self.hint = QLabel(_HINT, wordWrap=True)
        self.hint.setForegroundRole(self.palette().ColorRole.PlaceholderText)
        pictures = QVBoxLayout()
        pictures.setSpacing(4)
        pictures.addWidget(self.heading)
        pictures.addWidget(self.grid, 1)
        pictures.addWidget(self.hint)
        pictures.addWidget(self._actions())
        middle = QHBoxLayout()
        middle.addLayout(pictures, 1)
        middle.addWidget(self.side)
        filled = QWidget()
        column = QVBoxLayout(filled)
        column.addWidget(self.top)
        column.addLayout(middle, 1)
        column.addLayout(self._bottom())
        column.addWidget(self.saved_bar)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(filled)

    def _actions(self) -> QWidget:
        row = QWidget()
        flow = FlowLayout(row, spacing=6, line_spacing=4)
        self._buttons: dict[str, QPushButton] = {}
        for name, text, tip in (
            ("skip", "Next Group", "Look at the next group; the space bar does it too"),
            ("split", "Split Group", "Part what is shown in two groups by what looks alike"),
            ("apart", "Own Group", "Put the selected pictures into a group of their own"),
            ("leave_out", "Leave Out", "Let the selected pictures, or all shown, be of no class"),
            ("take", "Take Name", "Have the selected pictures wait for a name again"),
            ("undo", "Undo", "Take back the last step (Ctrl+Z)"),
            ("redo", "Redo", "Do again what was taken back"),
        ):
            button = QPushButton(text)
            button.setObjectName(f"label_{name}_button")
            button.setAccessibleName(text)
            button.setToolTip(tip)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(getattr(self, f"_{name}"))
            flow.addWidget(button)
            self._buttons[name] = button
        return row

    def _bottom(self) -> QHBoxLayout:
        self.named = QProgressBar()
        self.named.setObjectName("label_named")
        self.named.setAccessibleName("How many pictures have a name")
        row = QHBoxLayout()
        row.addWidget(self.named, 1)
        row.addWidget(self.save)
        return row

    def _connect(self) -> None:
        control, side, grid = self.control, self.side, self.grid
        self._empty.action_triggered.connect(self._begin_or_stop)
        self.top.folder_requested.connect(self.ask_folder)
        self.top.stop_requested.connect(control.stop)
        self.top.groups_changed.connect(control.regroup)
        self.top.network_changed.connect(self._look_again)
        control.seen_changed.connect(self._begin)
        control.changed.connect(self._show)
        control.progress.connect(self.top.show_progress)
        control.progress.connect(self._show_going)
        control.state_changed.connect(self._show_state)
        control.saved.connect(self.saved_bar.show_saved)
        for signal in (
            self._studio.busy_changed,
            self._studio.run.state_changed,
            self._studio.comparison.state_changed,
            self._studio.workspace.model_changed,
        ):
            signal.connect(self._show_state)
        side.shown.connect(self._go_to)
        side.named.connect(self._name)
        side.dropped.connect(self._drop)
        side.renamed.connect(self._rename)
        side.left_field.connect(grid.setFocus)
        side.groups.verticalScrollBar().valueChanged.connect(self._show_icons)
        grid.typed.connect(self._type)
        grid.skipped.connect(self._skip)
        grid.left_out.connect(self._leave_out)
        grid.taken_back.connect(self._take)
        grid.selectionModel().selectionChanged.connect(lambda *_: self._show_heading())
        self._thumbnails.arrived.connect(grid.refresh)
        self._thumbnails.arrived.connect(self._show_icons)
        self.save.table_requested.connect(self.saving.ask_table)
        self.save.folders_requested.connect(self.saving.ask_folders)
        self.saved_bar.open_requested.connect(self._studio.folders.look)

    # A folder

    def _begin_or_stop(self) -> None:
        if self.control.is_going:
            self.control.stop()
        else:
            self.ask_folder()

    def ask_folder(self) -> None:
        """Ask which folder of pictures is to be named."""
        if not self.control.obstacle:
            folder = file_dialogs.ask_folder(self, "Look Through the Pictures in a Folder")
            if folder is not None:
                self.look_through(folder)

    def look_through(self, folder: Path) -> None:
        """Look through the pictures of a folder; asks before names are lost that were not saved."""
        networks = self.control.networks()
        if networks and self.may_lose("Look Through Others"):
            self.control.look_through(folder, networks[0][1])

    def may_lose(self, what: str) -> bool:
        """Whether there are no names that were not saved, or they may be lost: asks.

        Args:
            what: is to be done then, for a button.
        """
        unsaved = self.control.unsaved
        return not unsaved or ask_to_lose(self, unsaved, what)

    def _look_again(self) -> None:
        if self.control.seen is not None:
            folder = self.control.seen.heap.folder
            self.control.look_through(folder, self.top.network.currentData())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_folder(event) and not self.control.obstacle:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        folder = dropped_folder(event)
        if folder is not None:
            event.acceptProposedAction()
            self.look_through(folder)

    def _begin(self) -> None:
        """Show other pictures, or the same in other groups."""
        seen = self.control.seen
        assert seen is not None
        self._thumbnails.forget(partial(label_jobs.read_picture, seen))
        self.side.forget_icons()
        self.saved_bar.hide()
        skipped = seen.heap.skipped
        remarks = [f"{files_skipped(len(skipped))}." if skipped else "", seen.heap.note]
        remarks += [f"{file.path}: {file.reason}" for file in skipped[:10]]
        self.top.show_subject(seen.heap.folder.name, len(seen.files), list(filter(None, remarks)))
        self._kind, self._number = "group", -1
        self._stack.setCurrentIndex(_FILLED)
        self.grid.setFocus()

    # What is shown

    def _show(self) -> None:
        labelling = self.control.labelling
        waiting = labelling.waiting()
        if self._kind == "group" and self._number not in waiting:
            self._number = _following(waiting, self._number)
        elif self._kind == "class" and not self._pictures_of_class():
            self._kind, self._number = "group", _following(waiting, -1)
        is_group = self._kind == "group"
        self.side.show_groups(waiting, self._number if is_group else None)
        counts = [len(labelling.of_class(index)) for index in range(len(labelling.classes))]
        self.side.show_classes(
            labelling.classes, counts, labelling.left_out, None if is_group else self._number
        )
        self.top.show_groups(labelling.group_count, len(labelling))
        self.grid.show_pictures(self._shown_pictures())
        done = labelling.named + labelling.left_out
        self.named.setMaximum(max(1, len(labelling)))
        self.named.setValue(done)
        left_out = f", {labelling.left_out:,} left out" if labelling.left_out else ""
        self.named.setFormat(f"{labelling.named:,} of {len(labelling):,} named{left_out}")
        self._show_heading()
        self._show_icons()
        self._allow()

    def _shown_pictures(self) -> list[int]:
        if self._kind == "class":
            return self._pictures_of_class()
        return self.control.typical_first(self.control.labelling.in_group(self._number))

    def _pictures_of_class(self) -> list[int]:
        return self.control.labelling.of_class(self._number)

    def _show_heading(self) -> None:
        labelling, shown = self.control.labelling, len(self.grid.pictures)
        selected = len(self.grid.selected)
        count = "1 picture" if shown == 1 else f"{shown:,} pictures"
        if self._kind == "class":
            is_class = self._number != LEFT_OUT
            what = labelling.classes[self._number] if is_class else "Left out"
        elif shown:
            what = f"Group {self._number + 1}"
        else:
            what, count = "Every picture has a name, or was left out. Save the labels", ""
        text = ": ".join(filter(None, (what, count)))
        self.heading.setText(f"{text}, {selected:,} selected" if selected else text)
        self.hint.setText(_HINT if self._kind == "group" else _CLASS_HINT)
        self._allow()

    def _show_icons(self, _: object = None) -> None:
        self.side.show_icons(self._icon_of_group)

    def _icon_of_group(self, group: int) -> QIcon | None:
        pictures = self.control.labelling.in_group(group)
        return self._thumbnails.find(self.control.typical_first(pictures)[0]) if pictures else None

    def _title_of(self, picture: int) -> str:
        seen = self.control.seen
        return seen.files[picture] if seen else ""

    def _show_state(self, _: object = None) -> None:
        control = self.control
        seen = control.seen
        self.top.set_state(control.is_going, control.obstacle)
        networks = control.networks()
        chosen = next((one for title, one in networks if seen and title == seen.network), None)
        self.top.set_networks(networks, chosen)
        self._show_empty()
        self.saved_bar.set_obstacle(control.obstacle)
        self._allow()

    def _show_empty(self) -> None:
        """What stands there before there are pictures: how to begin, or that they are coming."""
        if self.control.is_going:
            self._empty.set_text("Looking through the pictures", "Finding them…", "&Stop")
        else:
            self._empty.set_text("Label by sight", _EMPTY_TEXT, "Choose &Folder…")
        allow(self._empty.button, "" if self.control.is_going else self.control.obstacle)

    def _show_going(self, progress: Progress) -> None:
        if self._stack.currentIndex() == _EMPTY and progress.total:
            what = progress.text.rpartition(": ")[2].capitalize()
            told = f"{what} {progress.done:,} of {progress.total:,}…"
            self._empty.set_text("Looking through the pictures", told, "&Stop")

    def _allow(self) -> None:
        """Offer what can be done now."""
        labelling, shown = self.control.labelling, self.grid.pictures
        nothing = "" if shown else "No picture is shown."
        none = "" if self.grid.selected else "Select pictures first."
        of_group = "" if self._kind == "group" else "These have a name: look at a group."
        reasons = {
            "skip": of_group or ("" if len(labelling.waiting()) > 1 else "There is no other."),
            "split": of_group or nothing or ("" if len(shown) > 1 else "It is a single picture."),
            "apart": of_group or none,
            "leave_out": nothing or (none if self._kind == "class" else ""),
            "take": none if self._kind == "class" else "These have no name.",
            "undo": "" if labelling.undo_text else "There is nothing to take back.",
            "redo": "" if labelling.redo_text else "Nothing was taken back.",
        }
        for name, reason in reasons.items():
            allow(self._buttons[name], reason)
        going = f"{label_jobs.SAVE}: wait." if self.control.is_going else ""
        allow(self.save, going or ("" if labelling.named else "No picture has a name yet."))

    # What is done

    def _go_to(self, kind: Kind, number: int) -> None:
        self._kind, self._number = kind, number
        self._show()
        self.grid.setFocus()

    def _meant(self) -> list[int]:
        """The selected pictures; of a group, without any, all of it."""
        return self.grid.selected or (self.grid.pictures if self._kind == "group" else [])

    def _type(self, text: str) -> None:
        classes = self.control.labelling.classes
        if text in DIGITS and DIGITS.index(text) < len(classes):
            self._name(classes[DIGITS.index(text)])
        else:
            self.side.field.begin(text)

    def _name(self, name: str) -> None:
        pictures = self._meant()
        self.grid.setFocus()
        if pictures:
            self.control.labelling.name(pictures, name)
            self.control.changed.emit()

    def _leave_out(self) -> None:
        if pictures := self._meant():
            self.control.labelling.leave_out(pictures)
            self.control.changed.emit()

    def _take(self) -> None:
        if self._kind == "class" and (pictures := self.grid.selected):
            self.control.labelling.take_names(pictures)
            self.control.changed.emit()

    def _apart(self) -> None:
        if pictures := self.grid.selected:
            self._number = self.control.labelling.split(pictures)
            self.control.changed.emit()

    def _split(self) -> None:
        self.control.split(self.grid.pictures)

    def _skip(self) -> None:
        waiting = self.control.labelling.waiting()
        if waiting:
            self._kind, self._number = "group", _following(waiting, self._number)
            self._show()

    def _drop(self, kind: Kind, number: int, pictures: list[int]) -> None:
        labelling = self.control.labelling
        if kind == "group":
            labelling.move(pictures, number)
        elif number == LEFT_OUT:
            labelling.leave_out(pictures)
        else:
            labelling.name(pictures, labelling.classes[number])
        self.control.changed.emit()

    def _rename(self, index: int, name: str) -> None:
        self.control.labelling.rename(index, name)
        self.control.changed.emit()

    def _undo(self) -> None:
        if waiting := self.control.labelling.undo():
            self._kind, self._number = "group", self.control.labelling.group_of(waiting[0])
        self.control.changed.emit()

    def _redo(self) -> None:
        self.control.labelling.redo()
        self.control.changed.emit()

    def event(self, event: QEvent) -> bool:
        # Else Ctrl+Z would bring back the adapter that was deleted last.
        if isinstance(event, QKeyEvent) and self._stack.currentIndex() == _FILLED:
            for keys, do in ((_UNDO, self._undo), (_REDO, self._redo)):
                if event.matches(keys):
                    if event.type() == QEvent.Type.KeyPress:
                        do()
                    event.accept()
                    return True
        return super().event(event)


_UNDO, _REDO = QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo


def _following(waiting: dict[int, int], number: int) -> int:
    """The group after `number`, the first one after the last; -1 where there is none."""
    after = [group for group in waiting if group > number]
    return min(after or waiting, default=-1)
