"""A download where it is asked for: offered, under way, and how it ended."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from vera_studio.ui.icons import icon


class DownloadBox(QWidget):
    """A line with a text, a bar, and buttons to begin (again) and to cancel; hidden at first.

    How the download ended stays there until the user closes it or another begins.

    Args:
        name: of what is downloaded.

    Signals:
        requested(): the user wants it.
        cancelled(): the user wants what is under way broken off.
    """

    requested = Signal()
    cancelled = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._is_going = False
        self.setObjectName("download_box")
        self.text = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.text.setObjectName("download_text")
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.bar = QProgressBar()
        self.bar.setObjectName("download_progress")
        self.bar.setAccessibleName("Progress of the download")
        self.bar.setToolTip("How much has arrived")
        self.button = QPushButton()
        self.button.setObjectName("download_button")
        self.button.setToolTip(f"Download {name} and use it")
        self.button.clicked.connect(self.requested)
        self._close = QPushButton(icon("close"), "")
        self._close.setObjectName("cancel_download_button")
        self._close.clicked.connect(self._cancel_or_close)
        self._name_action("Download", "download")
        self._name_close("Close", "Do without the download")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.text, 1)
        row.addWidget(self.bar, 1)
        row.addWidget(self.button)
        row.addWidget(self._close)
        self.hide()

    def offer(self, text: str) -> None:
        """Ask, with `text`, whether it is to be downloaded."""
        self._show(text, "Download", "download")

    def show_failure(self, reason: str) -> None:
        """Say why it did not come."""
        self._show(reason, "Try again", "retry")

    def show_cancelled(self) -> None:
        """Say that it was broken off."""
        text = f"The download of {self._name} was cancelled. Nothing of it was kept."
        self._show(text, "Try again", "retry")

    def show_progress(self, done: int, total: int) -> None:
        """Say how many bytes of how many have arrived; no total while that is not known."""
        self._is_going = True
        # A bar counts in 32 bits; thousandths show any number of bytes.
        self.bar.setRange(0, 1000 if total else 0)
        self.bar.setValue(1000 * done // max(total, 1))
        of = f" of {total / 1e6:,.1f}" if total else ""
        megabytes = f": {done / 1e6:,.1f}{of} MB" if done else "…"
        self.text.setText(f"Downloading {self._name}{megabytes}")
        self._name_close("Cancel", "Break the download off")
        self.bar.show()
        self.button.hide()
        self.show()

    def _show(self, text: str, action: str, picture: str) -> None:
        self._is_going = False
        self.text.setText(text)
        self._name_action(action, picture)
        self._name_close("Close", "Do without the download")
        self.bar.hide()
        self.button.show()
        self.show()

    def _name_action(self, text: str, picture: str) -> None:
        self.button.setText(text)
        self.button.setAccessibleName(f"{text}: {self._name}")
        self.button.setIcon(icon(picture))

    def _name_close(self, text: str, tip: str) -> None:
        self._close.setText(text)
        self._close.setAccessibleName(f"{text} the download")
        self._close.setToolTip(tip)

    def _cancel_or_close(self) -> None:
        if self._is_going:
            self.cancelled.emit()  # what became of it is told when it has ended
        else:
            self.hide()
