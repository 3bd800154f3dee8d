"""The images that are open: thumbnails and numbers a class, skipped files, the download."""

import html
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vera_studio.ui.icons import icon
from vera_studio.ui.jobs import DOWNLOAD, Progress, thumbnails
from vera_studio.ui.studio import Studio
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.widgets.thumbnails import ThumbnailGrid

if TYPE_CHECKING:
    from vera_studio.data.store import ImageData

_MOST_SKIPPED = 500  # listed; the number says how many more there are


class DataPage(QWidget):
    """Shows the images and offers others.

    Signals:
        folder_requested(), sample_requested(), cifar10_requested(): the user wants these.
    """

    folder_requested = Signal()
    sample_requested = Signal()
    cifar10_requested = Signal()

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._downloading = False
        self.summary = QLabel("Loading…", wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self.summary.setObjectName("data_summary")
        self.grid = ThumbnailGrid()
        self.skipped = QPlainTextEdit(readOnly=True)
        self.skipped.setMaximumHeight(110)
        self.skipped.hide()
        self.skipped.setObjectName("skipped_files")
        self.skipped.setAccessibleName("Skipped files")
        self.skipped.setToolTip("Files among the images that could not be used, and why")
        layout = QVBoxLayout(self)
        layout.addLayout(self._top_row())
        layout.addWidget(self._download_box())
        layout.addWidget(self.grid, 1)
        layout.addWidget(self.skipped)
        studio.workspace.data_changed.connect(self._show)
        studio.busy_changed.connect(self._follow_busy)
        studio.progress.connect(self._show_progress)
        studio.download_failed.connect(self._show_failure)

    def offer_download(self) -> None:
        """Ask whether CIFAR-10 is to be downloaded."""
        self._download_text.setText(
            "CIFAR-10 has not been downloaded yet: 60,000 photographs in ten classes, "
            "170 MB, from the University of Toronto."
        )
        self._download_button.setText("Download")
        self._download.show()
        self._download_button.setFocus()

    def set_editable(self, obstacle: str) -> None:
        """Let other images be chosen, or not, and say why, as during a run."""
        for button in (*self._sources, self._download_button):
            allow(button, obstacle)

    def _top_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(self.summary, 1)
        buttons = (
            ("sample", "Sample", "Use the drawings that come with the studio"),
            ("cifar10", "CIFAR-10", "Use the CIFAR-10 images, downloading them if need be"),
            ("folder", "Folder…", "Use a folder of images with one subfolder for each class"),
        )
        self._sources = []
        for name, text, tip in buttons:
            button = QPushButton(icon("download" if name == "cifar10" else name), text)
            button.setObjectName(f"{name}_button")
            button.setAccessibleName(f"Use {text.rstrip('…')}")
            button.setToolTip(tip)
            button.clicked.connect(getattr(self, f"{name}_requested"))
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
            self._sources.append(button)
        return row

    def _download_box(self) -> QWidget:
        self._download = QWidget()
        self._download.hide()
        self._download.setObjectName("download_box")
        self._download_text = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._download_text.setObjectName("download_text")
        self._download_bar = QProgressBar()
        self._download_bar.hide()
        self._download_bar.setObjectName("download_progress")
        self._download_bar.setAccessibleName("Progress of the download")
        self._download_button = QPushButton(icon("download"), "Download")
        self._download_button.setObjectName("download_button")
        self._download_button.setToolTip("Download CIFAR-10 and use it")
        self._download_button.setAccessibleName("Download CIFAR-10")
        self._download_button.clicked.connect(self._studio.download_cifar10)
        self._cancel_button = QPushButton(icon("close"), "Cancel")
        self._cancel_button.setObjectName("cancel_download_button")
        self._cancel_button.setToolTip("Do without the download")
        self._cancel_button.setAccessibleName("Cancel the download")
        self._cancel_button.clicked.connect(self._cancel)
        row = QHBoxLayout(self._download)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._download_text, 1)
        row.addWidget(self._download_bar, 1)
        row.addWidget(self._download_button)
        row.addWidget(self._cancel_button)
        return self._download

    def _cancel(self) -> None:
        if self._download_bar.isVisible():
            self._studio.busy.cancel()
        self._download.hide()

    def _follow_busy(self, text: str) -> None:
        downloading = text == DOWNLOAD
        if downloading:
            self._download.show()
            self._download_text.setText("Downloading CIFAR-10…")
            self._download_bar.setRange(0, 0)
        self._download_bar.setVisible(downloading)
        self._download_button.setVisible(not downloading)
        if self._downloading and not downloading:
            # Whether it failed or is being opened is told next; if it was cancelled, nothing is.
            self._download.hide()
        self._downloading = downloading

    def _show_progress(self, progress: Progress) -> None:
        if progress.text != DOWNLOAD:
            return
        self._download_bar.setRange(0, 1000 if progress.total else 0)
        self._download_bar.setValue(1000 * progress.done // max(progress.total, 1))
        megabytes = f"{progress.done / 1e6:,.1f} of {progress.total / 1e6:,.1f} MB"
        self._download_text.setText(f"Downloading CIFAR-10: {megabytes}")

    def _show_failure(self, reason: str) -> None:
        self._download.show()
        self._download_text.setText(reason)
        self._download_button.setText("Try again")
        self._download_button.setIcon(icon("retry"))

    def _show(self, data: "ImageData") -> None:
        if data.source == "cifar10":
            self._download.hide()
        self.summary.setText(
            f"<b>{html.escape(data.title)}</b><br>{len(data.train):,} images to train on, "
            f"{len(data.validation):,} held out to validate, {len(data.test):,} to test. "
            + ("" if len(data.train) else "There are none to train on.")
        )
        self.grid.set_images(thumbnails(data))
        self._show_skipped(data)

    def _show_skipped(self, data: "ImageData") -> None:
        self.skipped.setVisible(bool(data.skipped))
        lines = [data.skipped_text]
        lines += [f"{file.path}: {file.reason}" for file in data.skipped[:_MOST_SKIPPED]]
        self.skipped.setPlainText("\n".join(lines))
