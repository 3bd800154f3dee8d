"""Pictures of one's own, dropped, pasted, opened or held up to a camera, and classified at once."""

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QKeySequence,
    QShortcut,
)
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from vera_studio.ui.icons import icon
from vera_studio.ui.jobs.trying import Source
from vera_studio.ui.pages.try_images.answers import Answer
from vera_studio.ui.pages.try_images.live import LivePicture
from vera_studio.ui.pages.try_images.sources import holds_picture, sources_in
from vera_studio.ui.pages.try_images.strip import Strip
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.state.try_control import MOST, TriedPicture, TryControl
from vera_studio.ui.widgets import file_dialogs
from vera_studio.ui.widgets.elided_label import ElidedLabel
from vera_studio.ui.widgets.empty_state import EmptyState
from vera_studio.ui.widgets.large_picture import LargePicture
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.widgets.thumbnail_rows import fitted

_EMPTY, _FILLED = range(2)
_SIDE = 480  # pixels that a picture is shown at, at most
_ENDINGS = ("jpg", "jpeg", "png", "webp", "avif", "heic", "tif", "tiff", "bmp", "gif", "jp2", "qoi")
_KINDS = f"Pictures ({' '.join(f'*.{ending}' for ending in _ENDINGS)});;All files (*)"
_EMPTY_TEXT = (
    "Drop pictures here, paste one, or open some: the network says at once what is on them, and "
    "so does the adapter that it has on. Switch adapters and it is said anew."
)
_OWN_CLASSES = "It does not know your classes: these are its own."
_NONE_ON = "No adapter is on"
_NONE_ON_NOTE = "Switch one on in the room Adapters to see what it changes."


class TryPage(QWidget):
    """A picture large, what it is taken for beside it, all pictures in a row below.

    Attributes:
        control: has the pictures.
    """

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self.control = TryControl(studio, self)
        self.live = LivePicture(self.control, self)
        self._current = 0
        self.setAcceptDrops(True)
        self._make_buttons()
        self._lay_out()
        self._connect()
        self._show_subjects()

    def _make_buttons(self) -> None:
        self.open = _button("open_pictures_button", "Open…", "open", "Open pictures from files")
        self.paste = _button(
            "paste_picture_button", "Paste", "paste", "Paste a picture, or files that were copied"
        )
        self.look = _button(
            "look_at_tried_button", "Where It Looked", "understand", "See what in it decided"
        )
        self.clear = _button("clear_pictures_button", "Clear", "close", "Take all pictures away")

    def _lay_out(self) -> None:
        self._empty = EmptyState(icon("image"), "Try a picture", _EMPTY_TEXT, "&Open Pictures…")
        self.picture = LargePicture()
        self._places = QWidget()
        self._stack = QStackedLayout(self._places)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.picture)
        self.title = ElidedLabel()
        self.title.setObjectName("tried_title")
        self.title.setAccessibleName("The current picture")
        self.adapted, self.base = Answer("adapted_answer"), Answer("base_answer")
        self.strip = Strip()
        buttons = QHBoxLayout()
        buttons.addWidget(self.title, 1)
        for button in (self.open, self.paste, self.live.button, self.live.keep, self.clear):
            buttons.addWidget(button)
        self._answers = QWidget()
        answers = QVBoxLayout(self._answers)
        answers.setContentsMargins(8, 4, 0, 0)
        answers.setSpacing(18)
        answers.addWidget(self.adapted)
        answers.addWidget(self.base)
        answers.addWidget(self.look, 0, Qt.AlignmentFlag.AlignLeft)
        answers.addStretch()
        self._answers.setFixedWidth(320)
        middle = QHBoxLayout()
        middle.addWidget(self._places, 1)
        middle.addWidget(self._answers)
        column = QVBoxLayout(self)
        column.addLayout(buttons)
        column.addLayout(middle, 1)
        column.addWidget(self.strip)

    def _connect(self) -> None:
        control, workspace = self.control, self._studio.workspace
        for button, slot in (
            (self.open, self.ask_files),
            (self._empty.button, self.ask_files),
            (self.paste, self.paste_pictures),
            (self.clear, control.clear),
            (self.look, self._look),
        ):
            button.clicked.connect(slot)
        shortcut = QShortcut(QKeySequence(QKeySequence.StandardKey.Paste), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.paste_pictures)
        self.live.message.connect(self._studio.message)
        self.live.wanted.connect(self.strip.select)
        self.strip.chosen.connect(self._choose)
        self.strip.removed.connect(self._remove)
        control.added.connect(self._add)
        control.changed.connect(self._follow)
        control.cleared.connect(self._show_none)
        workspace.model_changed.connect(self._show_subjects)
        workspace.adapter_changed.connect(self._show_subjects)

    # Pictures come

    def ask_files(self) -> None:
        """Ask which pictures are to be tried."""
        self._tell_left(
            self.control.add_files(file_dialogs.ask_several(self, "Open Pictures", _KINDS))
        )

    def add_files(self, files: Iterable[Path]) -> None:
        """Try the pictures in `files`."""
        self._tell_left(self.control.add_files(files))

    def paste_pictures(self) -> None:
        """Try what is in the clipboard."""
        sources = sources_in(QGuiApplication.clipboard().mimeData())
        if not sources:
            self._studio.message.emit("There is no picture in the clipboard.")
        self._take(sources)

    def takes(self, data: QMimeData) -> bool:
        """Whether there is a picture in what is dropped; quick."""
        return holds_picture(data)

    def take(self, data: QMimeData) -> None:
        """Try the pictures in what is dropped."""
        self._take(sources_in(data))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.takes(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.take(event.mimeData())

    def _take(self, sources: list[tuple[str, Source]]) -> None:
        self._tell_left(self.control.add(sources))

    def _tell_left(self, left: int) -> None:
        if left:
            self._studio.message.emit(
                f"{MOST} pictures at most are tried at once; the page Classify takes whole folders."
            )

    def _add(self, picture: TriedPicture) -> None:
        self.strip.add(picture)
        self._stack.setCurrentIndex(_FILLED)
        self._show_state()

    # What is said of them

    def _follow(self, picture: TriedPicture) -> None:
        self.strip.show_picture(picture)
        if picture.number == self._current:
            self._show_current()

    def _choose(self, number: int) -> None:
        self._current = self.control.wanted = number
        self._show_current()

    def _remove(self, number: int) -> None:
        self.control.remove(number)
        if not self.control.pictures:
            self.control.clear()

    def _show_current(self) -> None:
        picture = self.control.pictures.get(self._current)
        if picture is None:
            return
        problem = picture.tried.problem if picture.tried else ""
        self.title.setText(f"{picture.title}: {problem}" if problem else picture.title)
        if picture.pixels is not None:
            self.picture.show_image(fitted(picture.pixels, _SIDE))
        elif problem or picture.number != self.live.number:
            self.picture.show_image(None)
        if picture.tried is not None:
            self.adapted.show_told(picture.tried.adapted, is_muted=False)
            self.base.show_told(picture.tried.base, is_muted=bool(picture.tried.adapted))

    def _look(self) -> None:
        if picture := self.control.pictures.get(self._current):
            self._studio.look_requested.emit(picture.source)

    def _show_none(self) -> None:
        self.live.stop()
        self.strip.clear()
        self._current = 0
        self._stack.setCurrentIndex(_EMPTY)
        self.title.setText("")
        for answer in (self.adapted, self.base):
            answer.show_told((), is_muted=False)
        self.picture.show_image(None)
        self._show_state()

    def _show_subjects(self, _: object = None) -> None:
        """Say whose answers they are."""
        workspace = self._studio.workspace
        model, adapter = workspace.model, workspace.adapter
        if model is None:
            return
        title = model.original.title
        self.base.set_subject(
            f"{title[:1].upper()}{title[1:]}", _OWN_CLASSES if model.has_own_classes else ""
        )
        if adapter is None:
            self.adapted.set_subject(_NONE_ON, _NONE_ON_NOTE)
            self.adapted.show_told((), is_muted=False)
        else:
            self.adapted.set_subject(f"With {adapter.title}")
        self._show_state()

    def _show_state(self) -> None:
        has_pictures = bool(self.control.pictures)
        allow(self.clear, "" if has_pictures else "There are none.")
        self.strip.setVisible(has_pictures)
        self._answers.setVisible(has_pictures)
        self.adapted.shares.setVisible(self._studio.workspace.adapter is not None)


def _button(name: str, text: str, picture: str, tip: str) -> QPushButton:
    button = QPushButton(icon(picture), text)
    button.setObjectName(name)
    button.setAccessibleName(tip)
    button.setToolTip(tip)
    return button
