"""The library of adapters: a table, and below it what is to be known of the selected ones."""

import html
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QPushButton,
    QScrollArea,
    QSplitter,
    QStackedLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from vera_studio.ui.icons import icon
from vera_studio.ui.pages.adapters.details import DetailsPane
from vera_studio.ui.pages.adapters.page_actions import PageActions
from vera_studio.ui.pages.adapters.pair_pane import PairPane
from vera_studio.ui.pages.adapters.rows import row_of
from vera_studio.ui.state.adapter_names import shortened
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.state.workspace import LoadedAdapter, Measurement
from vera_studio.ui.widgets.adapter_table import AdapterTable
from vera_studio.ui.widgets.empty_state import EmptyState
from vera_studio.ui.widgets.plain_text import plain_tip
from vera_studio.ui.widgets.reasons import allow, reason_of
from vera_studio.ui.widgets.undo_bar import UndoBar

if TYPE_CHECKING:  # it imports torch, which comes after the window
    from vera_studio.adapters.library import Entry

_EMPTY, _FILLED = range(2)
_HINT, _DETAILS, _PAIR = range(3)
_MOST_OF_NAME = 60  # characters above the table
_NONE_ON = "No adapter is on the model"
_EMPTY_TEXT = (
    "Every adapter that you train or import is kept here, to be switched on and off, named, "
    "compared and combined. Tick the target classes and press Start, or import one."
)


class AdaptersPage(QWidget):
    """Shows the library and what can be done with it.

    Signals:
        export_requested(str, Path): this adapter is to be exported in this form.
        folder_requested(Path): this folder is to be shown.
    """

    export_requested = Signal(str, object)
    folder_requested = Signal(object)

    def __init__(
        self, studio: Studio, actions: dict[str, QAction], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._studio, self._shelf, self._adapters = studio, studio.shelf, studio.adapters
        self._start = actions["start"]
        self._base_accuracy: float | None = None
        self.table = AdapterTable()
        self.details = DetailsPane()
        self.pair = PairPane(studio)
        self.actions_strip = PageActions()
        self.undo_bar = UndoBar()
        self._lay_out(actions)
        self._connect()
        self._show_library()

    def _lay_out(self, actions: dict[str, QAction]) -> None:
        self._make_empty_state(actions)
        self._make_labels()
        self._make_panes()
        halves = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        halves.addWidget(self.table)
        halves.addWidget(self._panes)
        halves.setStretchFactor(0, 1)
        halves.setStretchFactor(1, 1)
        library = QWidget()
        column = QVBoxLayout(library)
        column.addWidget(self.on_label)
        column.addWidget(self.actions_strip)
        column.addWidget(halves, 1)
        pages = QWidget()
        self._stack = QStackedLayout(pages)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(library)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(pages, 1)
        for line in (self.problems, self.undo_bar):
            line.setContentsMargins(9, 4, 9, 4)
            layout.addWidget(line)

    def _make_labels(self) -> None:
        self.on_label = QLabel(wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self.on_label.setObjectName("adapter_on")
        self.problems = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.problems.setObjectName("library_problems")
        self.problems.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def _make_panes(self) -> None:
        """What stands below the table, one at a time: a hint, one adapter, or two."""
        hint = QLabel(
            "Select an adapter to see its details, or two (with Ctrl) to compare or combine them.",
            alignment=Qt.AlignmentFlag.AlignCenter,
            wordWrap=True,
        )
        hint.setForegroundRole(hint.palette().ColorRole.PlaceholderText)
        scroll = QScrollArea(widgetResizable=True)  # lest the window could not be made small
        scroll.setObjectName("pair_scroll")
        scroll.setAccessibleName("The two selected adapters")
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(self.pair)
        self._panes = QStackedWidget()
        for pane in (hint, self.details, scroll):
            self._panes.addWidget(pane)

    def _make_empty_state(self, actions: dict[str, QAction]) -> None:
        self._empty = EmptyState(icon("adapters"), "Loading…")
        self._empty.action_triggered.connect(self._start.trigger)
        self._import = QPushButton("Import Adapter…")
        self._import.setObjectName("import_adapter_button")
        self._import.setAccessibleName("Import adapter")
        self._import.setToolTip(actions["import_adapter"].toolTip())
        self._import.clicked.connect(actions["import_adapter"].trigger)
        self._empty.add_button(self._import)

    def _connect(self) -> None:
        table, named, workspace = self.table, self.actions_strip.by_name, self._studio.workspace
        table.switch_requested.connect(self._switch)
        table.rename_requested.connect(lambda key, name: self._shelf.rename(Path(key), name))
        table.selection_changed.connect(self._show_selection)
        table.addActions([named["switch"], named["rename"]])
        table.addAction(self.actions_strip.export_menu.menuAction())
        table.addActions([named[name] for name in ("show", "delete", "combine", "compare")])
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        named["switch"].triggered.connect(self._switch_selected)
        named["rename"].triggered.connect(lambda: table.edit_name(table.selected[0]))
        named["delete"].triggered.connect(self._delete_selected)
        named["show"].triggered.connect(
            lambda: self.folder_requested.emit(Path(table.selected[0]).parent)
        )
        named["combine"].triggered.connect(self.pair.combine_form.put_on)
        named["compare"].triggered.connect(self.pair.compare)
        self.actions_strip.export_requested.connect(self._export_selected)
        self.details.notes_edited.connect(lambda key, notes: self._shelf.annotate(Path(key), notes))
        self.undo_bar.undo_requested.connect(self._shelf.undo_delete)
        self._shelf.undo_changed.connect(self._offer_undo)
        self._shelf.changed.connect(self._show_library)
        self._adapters.taken.connect(lambda path: table.show_selected(str(path)))
        workspace.model_changed.connect(self._forget_base)
        workspace.model_changed.connect(self._show_library)
        workspace.data_changed.connect(self._forget_base)
        workspace.data_changed.connect(lambda _: self._show_selection(table.selected))
        workspace.adapter_changed.connect(self._follow_adapter)
        workspace.accuracy_changed.connect(self._show_accuracy)
        self._studio.busy_changed.connect(self._follow_state)
        self._studio.run.state_changed.connect(self._follow_state)
        self._studio.comparison.state_changed.connect(self._follow_state)
        self._start.changed.connect(self._follow_state)

    # Showing

    def _show_library(self, _: object = None) -> None:
        self._stack.setCurrentIndex(_FILLED if self._shelf.entries else _EMPTY)
        if self._shelf.is_loaded:
            self._empty.set_text("No adapters yet", _EMPTY_TEXT, "Start")
        self._import.setVisible(self._shelf.is_loaded)
        self._show_rows()
        self._show_problems()
        self._show_selection(self.table.selected)

    def _show_rows(self) -> None:
        active, obstacle = self._adapters.active, self._adapters.obstacle
        self.table.set_rows(
            [row_of(entry, entry.path in active, obstacle(entry)) for entry in self._shelf.entries]
        )

    def _show_problems(self) -> None:
        found = self._shelf.problems
        self.problems.setVisible(bool(found))
        self.problems.setText("\n".join(f"\N{WARNING SIGN} {text}" for text in found))

    def _show_selection(self, keys: tuple[str, ...]) -> None:
        paths = [Path(key) for key in keys]
        if len(paths) == 1 and (entry := self._shelf.entry(paths[0])):
            obstacle = self._adapters.obstacle(entry)
            images = self._studio.workspace.images_foreign_to(entry.info)
            model = None if obstacle else self._studio.workspace.model
            self.details.show_entry(entry, obstacle, images, model)
            self._panes.setCurrentIndex(_DETAILS)
        elif len(paths) == 2:
            self.pair.show_pair((paths[0], paths[1]))
            self._panes.setCurrentIndex(_PAIR)
        else:
            self._panes.setCurrentIndex(_HINT)
        self._follow_state()

    def _follow_state(self, _: object = None) -> None:
        """Allow what can be done now."""
        keys, active = self.table.selected, self._adapters.active
        is_on = len(keys) == 1 and Path(keys[0]) in active
        entries = [entry for key in keys if (entry := self._shelf.entry(Path(key)))]
        unfit = self._unfit(entries[0]) if len(entries) == 1 else ""
        names = [entry.name for entry in entries]
        self.actions_strip.follow_selection(names, is_on, self._studio.obstacle, unfit)
        allow(self._empty.button, reason_of(self._start))
        allow(self._import, self._studio.obstacle)
        self.pair.follow_state()

    def _unfit(self, entry: "Entry") -> str:
        """Why an adapter cannot be switched on; empty also where that opens its network."""
        return "" if self._adapters.opens_network(entry) else self._adapters.obstacle(entry)

    def _follow_adapter(self, adapter: LoadedAdapter | None) -> None:
        self._show_rows()
        self._follow_state()
        if adapter is not None and adapter.path is not None and len(self.table.selected) != 1:
            self.table.select((str(adapter.path),))
        self._show_accuracy(self._studio.workspace.accuracy)

    def _show_accuracy(self, accuracy: Measurement | None) -> None:
        """Say what is on and how well it does; until that is measured, that it is measured."""
        adapter = self._studio.workspace.adapter
        # In full it might be a word that is wider than the page.
        shown = html.escape(shortened(adapter.title, _MOST_OF_NAME)) if adapter else ""
        name = f"On the model: <b>{shown}</b>" if adapter else _NONE_ON
        self.on_label.setToolTip(plain_tip(adapter.title) if adapter else "")
        if accuracy is None:
            workspace = self._studio.workspace
            is_measured = workspace.data is not None and not workspace.is_untrained
            self.on_label.setText(f"{name}. {'Measuring…' if is_measured else ''}".strip())
            return
        if not accuracy.evaluation.images:
            self.on_label.setText(f"{name}. No images are held out to measure on.")
            return
        if adapter is None:
            self._base_accuracy = accuracy.evaluation.accuracy
        text = f"{name}. {accuracy.evaluation.accuracy:.1%} of the {accuracy.part} images right"
        if adapter is not None and self._base_accuracy is not None:
            text += f", {self._base_accuracy:.1%} without"
        other = self._studio.workspace.foreign_images
        self.on_label.setText(f"{text}. {html.escape(other)}".strip())

    def _forget_base(self, _: object) -> None:
        self._base_accuracy = None

    # Doing

    def _switch(self, key: str, on: bool) -> None:
        if not self._studio.is_free:
            self._studio.message.emit(f"Not switched. {self._studio.obstacle}")
        elif on:
            self._adapters.switch_on(Path(key))
        else:
            self._adapters.switch_off()

    def _switch_selected(self) -> None:
        key = self.table.selected[0]
        self._switch(key, Path(key) not in self._adapters.active)

    def _delete_selected(self) -> None:
        self.details.save_notes()  # a tool button leaves the focus where it is
        self._shelf.delete([Path(key) for key in self.table.selected])

    def _export_selected(self, target: str) -> None:
        self.details.save_notes()
        self.export_requested.emit(target, Path(self.table.selected[0]))

    def _offer_undo(self, text: str) -> None:
        self.undo_bar.offer(f"Deleted {text}." if text else "")
