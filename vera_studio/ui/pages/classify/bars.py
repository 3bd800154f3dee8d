"""What stands above and below the table of classified pictures."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from vera_studio.ui.icons import icon
from vera_studio.ui.jobs.classify import Unreadable
from vera_studio.ui.jobs.progress import Progress
from vera_studio.ui.state.classify_control import Subject
from vera_studio.ui.widgets.class_keys import Typed
from vera_studio.ui.widgets.elided_label import ElidedLabel
from vera_studio.ui.widgets.plain_text import plain_tip
from vera_studio.ui.widgets.reasons import allow
from vera_studio.wording import files_skipped, first_of, printable

_MOST_TOLD = 20  # files that were skipped, in the tip
_MOST_MATCHES = 4
_HINT = "A digit or the first letters of a class correct, Return confirms, Backspace takes back."


class TopBar(QWidget):
    """Which folder, how far, and the buttons that begin and end.

    Signals:
        folder_requested(): another folder is to be classified.
        again_requested(): the same folder is, with what the network has on now.
        stop_requested(): what goes on is to end.
    """

    folder_requested = Signal()
    again_requested = Signal()
    stop_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts, self._end = "", ""
        self._skipped: list[str] = []  # files, each with its reason
        self.subject = ElidedLabel()
        self.subject.setObjectName("classified_subject")
        self.subject.setAccessibleName("What is classified, and with what")
        self.counts = ElidedLabel()
        self.counts.setObjectName("classified_counts")
        self.counts.setAccessibleName("How many pictures there are")
        self.counts.setForegroundRole(self.palette().ColorRole.PlaceholderText)
        self.bar = QProgressBar(minimum=0, maximum=1000)
        self.bar.setObjectName("classify_progress")
        self.bar.setAccessibleName("Progress")
        self.bar.setToolTip("How many of the files are done")
        self.bar.setFixedWidth(150)
        self.stop = _button("stop_classify_button", "Stop", "stop", self.stop_requested)
        self.stop.setToolTip("Break it off; what was found so far stays")
        self.again = _button("classify_again_button", "Again", "retry", self.again_requested)
        self.again.setToolTip("Classify the same folder with what the network has on now")
        self.folder = _button("classify_folder_button", "Folder…", "folder", self.folder_requested)
        self.folder.setToolTip("Classify the pictures in another folder, and below it")
        texts = QVBoxLayout()
        texts.setSpacing(2)
        texts.addWidget(self.subject)
        texts.addWidget(self.counts)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addLayout(texts, 1)
        for widget in (self.bar, self.stop, self.again, self.folder):
            row.addWidget(widget)

    def show_subject(self, subject: Subject | None, title: str, is_out_of_date: bool) -> None:
        """Say what is classified with what, and whether something else is on now."""
        if subject is None:
            return
        text = f"{printable(subject.folder.name)}, classified with {subject.title}"
        if is_out_of_date:
            text += f". Now there is {title}: press Again to follow it"
        self.subject.setText(text)
        self.subject.setToolTip(plain_tip(f"{subject.folder}\n{text}"))

    def show_counts(self, pictures: int, unsure: int, corrected: int, shown: int) -> None:
        """Say how many pictures there are, of which kinds."""
        text = "1 picture" if pictures == 1 else f"{pictures:,} pictures"
        text += f", {unsure:,} unsure, {corrected:,} yours"
        if shown != pictures:
            text += f"; {shown:,} shown"
        self._counts = text
        self._show_counts()

    def show_progress(self, progress: Progress) -> None:
        """Say how far it is."""
        self.bar.setRange(0, 1000 if progress.total else 0)
        self.bar.setValue(1000 * progress.done // max(progress.total, 1))

    def show_end(self, why: str, skipped: int, first: Sequence[Unreadable]) -> None:
        """Say how it ended, and what could not be read."""
        self._skipped = [f"{printable(one.file)}: {one.reason}" for one in first[:_MOST_TOLD]]
        self._end = " ".join(filter(None, (why, f"{files_skipped(skipped)}." if skipped else "")))
        self._show_counts()

    def set_state(self, is_going: bool, obstacle: str, has_folder: bool) -> None:
        """Offer what can be done now."""
        if is_going:
            self._end, self._skipped = "", []
        else:
            self.bar.setRange(0, 1000)
            self.bar.setValue(0)
        self.bar.setVisible(is_going)
        self.stop.setVisible(is_going)
        self.again.setVisible(has_folder and not is_going)
        for button in (self.again, self.folder):
            allow(button, obstacle)

    def _show_counts(self) -> None:
        text = f"{self._counts}. {self._end}".strip()
        self.counts.setText(text)
        self.counts.setToolTip(plain_tip("\n".join((text, *self._skipped))))


class BottomBar(QWidget):
    """How to correct, and what can be done with what was found.

    Signals:
        save_requested(): a table is to be written.
        copy_requested(): the pictures are to be copied into a folder a class.
        add_requested(): those that a person gave a class are to be trained on.
    """

    save_requested = Signal()
    copy_requested = Signal()
    add_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hint = QLabel(_HINT, wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.hint.setObjectName("correcting_hint")
        self.hint.setAccessibleName("How pictures are corrected")
        self.hint.setForegroundRole(self.palette().ColorRole.PlaceholderText)
        self.hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.save = _button("save_table_button", "Save Table…", "table", self.save_requested)
        self.save.setToolTip(
            "Write a CSV with a row a picture: its file, the likeliest classes with their shares, "
            "whether it is unsure, and the class that you gave it"
        )
        self.copy = _button("copy_pictures_button", "Copy to Folders…", "export", None)
        self.copy.clicked.connect(self.copy_requested)
        self.copy.setToolTip(
            "Copy every picture into a folder of its class, unsure ones into 'unsure'; nothing is "
            "moved or overwritten"
        )
        self.add = _button("add_training_button", "Add Yours to Training…", "import", None)
        self.add.clicked.connect(self.add_requested)
        self.add.setToolTip(
            "Copy the pictures that you gave a class to the images that are trained on"
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.hint, 1)
        for button in (self.save, self.copy, self.add):
            row.addWidget(button)

    def set_obstacles(self, any_picture: str, yours: str) -> None:
        """Say why there is nothing to save or copy, and why nothing to train on; or empty."""
        for button in (self.save, self.copy):
            allow(button, any_picture)
        allow(self.add, any_picture or yours)

    def show_typed(self, typed: Typed, names: Sequence[str]) -> None:
        """Say which classes the letters so far could mean."""
        if not typed.text:
            self.hint.setText(_HINT)
            return
        matches = [names[index] for index in typed.matches]
        told = first_of(matches, _MOST_MATCHES)
        self.hint.setText(f"“{typed.text}”: {told}. Return takes the first.")


def _button(name: str, text: str, picture: str, signal: object) -> QPushButton:
    button = QPushButton(icon(picture), text)
    button.setObjectName(name)
    button.setAccessibleName(text.rstrip("…"))
    if signal is not None:
        button.clicked.connect(signal)
    return button
