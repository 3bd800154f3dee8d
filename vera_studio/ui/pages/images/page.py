"""The images that are open: numbers, accuracies and pictures a class; the download."""

import html
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vera_studio.ui.icons import icon
from vera_studio.ui.jobs import opening as opening_jobs
from vera_studio.ui.jobs.opening import DOWNLOAD
from vera_studio.ui.jobs.progress import Progress
from vera_studio.ui.pages.images.folder_pane import FolderPane
from vera_studio.ui.state.gallery import Gallery
from vera_studio.ui.state.images_notes import ImagesNotes
from vera_studio.ui.state.studio import Studio
from vera_studio.ui.state.workspace import Measurement
from vera_studio.ui.widgets.class_model import accuracy_text
from vera_studio.ui.widgets.download_box import DownloadBox
from vera_studio.ui.widgets.picture_view import SIDE, PictureView
from vera_studio.ui.widgets.reasons import allow
from vera_studio.ui.widgets.thumbnail_rows import ClassRow, fitted
from vera_studio.ui.widgets.thumbnails import ThumbnailGrid
from vera_studio.wording import first_of, of_few, printable

if TYPE_CHECKING:
    from vera_studio.data.store import ImageData

_MOST_CLASSES = 10  # named
_MOST_UNFILTERED = 20  # classes, without a field to filter them
_MOST_EMPTY = 50  # classes: of more, those without images are not listed
_MOST_SKIPPED = 500  # listed; the number says how many more there are
_SKIPPED_HEIGHT = 110  # at most
_UNTRAINED = "It is not trained yet: press Start."
_COLUMNS = ("Training", "Validation", "Test")
_NO_FILES = {"sample": "none: drawn by the studio", "cifar10": "none of its own: from CIFAR-10"}


class DataPage(QWidget):
    """Shows the images and offers others.

    Signals:
        folder_requested(), sample_requested(), cifar10_requested(): the user wants these.
        network_requested(): the user wants another network for the folder that is proposed.
    """

    folder_requested = Signal()
    sample_requested = Signal()
    cifar10_requested = Signal()
    network_requested = Signal()

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self._gallery: Gallery | None = None
        self._all_rows: tuple[int, ...] = ()  # the classes, those with images first
        self._order: list[int] = []  # those of them that are shown
        self._shown = (0, 0)  # class and position of the picture that is large
        self._view: PictureView | None = None  # made when it is first asked for
        self.summary = QLabel("Loading…", wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self.summary.setObjectName("data_summary")
        self.grid = ThumbnailGrid(_COLUMNS)
        self.grid.picture_chosen.connect(
            lambda row, position: self._show_picture(self._order[row], position)
        )
        self.filter = QLineEdit(placeholderText="Filter classes", clearButtonEnabled=True)
        self.filter.setObjectName("image_filter")
        self.filter.setAccessibleName("Filter the classes of the images")
        self.filter.setToolTip("Show the images of classes only that have this in their names")
        self.filter.textChanged.connect(self._show_rows)
        self.filter.hide()
        self.skipped = QPlainTextEdit(readOnly=True)
        self.skipped.hide()
        self.skipped.setObjectName("skipped_files")
        self.skipped.setAccessibleName("Skipped files")
        self.skipped.setToolTip("Files among the images that could not be used, and why")
        self.download = DownloadBox("CIFAR-10")
        self.download.requested.connect(studio.download_cifar10)
        self.download.cancelled.connect(studio.busy.cancel)
        layout = QVBoxLayout(self)
        self.folder_pane = FolderPane(studio)
        self.folder_pane.network_wanted.connect(self.network_requested)
        layout.addLayout(self._top_row())
        layout.addWidget(self.download)
        layout.addWidget(self.folder_pane)
        self.notes = ImagesNotes(studio)
        layout.addWidget(self.notes)
        layout.addLayout(self._accuracy_row())
        layout.addWidget(self.filter)
        layout.addWidget(self.grid, 1)
        layout.addWidget(self.skipped)
        self._connect()

    def _connect(self) -> None:
        studio, workspace = self._studio, self._studio.workspace
        workspace.data_changed.connect(self._show)
        for signal in (
            workspace.accuracy_changed,
            workspace.test_accuracy_changed,
            workspace.adapter_changed,
        ):
            signal.connect(self._show_accuracy)
        studio.busy_changed.connect(self._follow_busy)
        studio.progress.connect(self._show_progress)
        studio.download_failed.connect(self.download.show_failure)
        studio.download_cancelled.connect(self.download.show_cancelled)
        studio.download_done.connect(self.download.hide)

    def offer_download(self) -> None:
        """Ask whether CIFAR-10 is to be downloaded."""
        self.download.offer(
            "CIFAR-10 has not been downloaded yet: 60,000 photographs in ten classes, "
            "170 MB, from the University of Toronto."
        )
        self.download.button.setFocus()

    def set_editable(self, obstacle: str) -> None:
        """Let other images be chosen, or not, and say why, as during a run."""
        self._obstacle = obstacle
        for button in (*self._sources, self.download.button):
            allow(button, obstacle)
        self.folder_pane.set_obstacle(obstacle)
        self.notes.set_obstacle(obstacle)
        self._allow_test()

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

    def _accuracy_row(self) -> QHBoxLayout:
        self.accuracy = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.accuracy.setObjectName("images_accuracy")
        self.accuracy.setAccessibleName("Accuracy on these images")
        self.accuracy.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.test_button = QPushButton(icon("results"), "Measure Test Images")
        self.test_button.setObjectName("measure_test_button")
        self.test_button.setAccessibleName("Measure the accuracy on the test images")
        self.test_button.setToolTip(
            "How well the network does, with what it has on, on the test images. They are never "
            "trained on; choosing settings by them would make them count less"
        )
        self.test_button.clicked.connect(self._measure_test)
        self._obstacle = ""
        self.classes_button = QPushButton("Other Classes…")
        self.classes_button.setObjectName("other_classes_button")
        self.classes_button.setAccessibleName("Choose the classes and the network anew")
        self.classes_button.setToolTip(
            "Choose anew for this folder: the network's own classes or a new last layer, and on "
            "which network"
        )
        self.classes_button.clicked.connect(self._ask_classes)
        row = QHBoxLayout()
        row.addWidget(self.accuracy, 1)
        row.addWidget(self.classes_button, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.test_button, 0, Qt.AlignmentFlag.AlignTop)
        self._show_accuracy()
        return row

    # The download

    def _follow_busy(self, text: str) -> None:
        if text == DOWNLOAD:
            self.download.show_progress(0, 0)
        workspace = self._studio.workspace
        if text and workspace.data is None:
            self.summary.setText(f"{html.escape(text)}…")
        elif workspace.data is None and workspace.model is not None:
            self._show_none()

    def _show_progress(self, progress: Progress) -> None:
        if progress.text == DOWNLOAD:
            self.download.show_progress(progress.done, progress.total)

    # The images

    def _show(self, data: "ImageData | None") -> None:
        if self._view is not None:
            self._view.close()
        if data is None:
            self._show_none()
            return
        if data.source == "cifar10":
            self.download.hide()
        self.summary.setText(
            f"<b>{html.escape(data.title)}</b><br>{len(data.train):,} images to train on, "
            f"{len(data.validation):,} held out to validate, {len(data.test):,} to test. "
            + ("" if len(data.train) else "There are none to train on.")
        )
        self._gallery = gallery = Gallery(data)
        counts = gallery.counts
        self._order = sorted(range(len(counts)), key=lambda row: not any(counts[row]))
        with_images = sum(map(any, counts))
        if with_images and len(counts) > _MOST_EMPTY and with_images < len(counts):
            self._order = self._order[:with_images]
            self.summary.setText(
                f"{self.summary.text()} {with_images:,} of the network's {len(counts):,} classes "
                "have images."
            )
        self._all_rows = tuple(self._order)
        self.filter.clear()
        self.filter.setVisible(len(self._all_rows) > _MOST_UNFILTERED)
        self._show_rows()
        self._show_skipped(data)

    def _show_rows(self, _: object = None) -> None:
        """Show the classes that have in their names what is typed."""
        if (gallery := self._gallery) is None:
            return
        wanted = self.filter.text().strip().casefold()
        names, counts = gallery.class_names, gallery.counts
        self._order = [row for row in self._all_rows if wanted in names[row].casefold()]
        rows = [ClassRow(names[row], counts[row]) for row in self._order]
        self.grid.set_rows(rows, lambda row, position: gallery(self._order[row], position))
        self._show_accuracy()

    def _show_none(self) -> None:
        """Say which images would do, where those that were open do not fit another network."""
        self._gallery, self._all_rows, self._order = None, (), []
        self.filter.hide()
        self.grid.set_rows(())
        self.skipped.hide()
        names = self._studio.workspace.class_names
        self.summary.setText(
            "<b>No images are open</b><br>Open images of the network's classes: "
            f"{html.escape(first_of(names, _MOST_CLASSES))}."
        )
        self._show_accuracy()

    def _show_skipped(self, data: "ImageData") -> None:
        self.skipped.setVisible(bool(data.skipped))
        lines = [data.skipped_text]
        lines += [f"{printable(file.path)}: {file.reason}" for file in data.skipped[:_MOST_SKIPPED]]
        self.skipped.setPlainText("\n".join(lines))
        line = self.skipped.fontMetrics().lineSpacing()
        frame = (
            2 * (self.skipped.frameWidth() + round(self.skipped.document().documentMargin())) + 6
        )
        self.skipped.setMaximumHeight(min(_SKIPPED_HEIGHT, len(lines) * line + frame))

    # How well the network does on them

    def _show_accuracy(self, _: object = None) -> None:
        workspace = self._studio.workspace
        model, data, adapter = workspace.model, workspace.data, workspace.adapter
        self._allow_test()
        if model is None or data is None:
            self.accuracy.setText("")
            return
        what = f"The {model.kind.title}, {model.weights} weights,"
        if adapter is not None:
            what += f" with {adapter.title} on,"
        if workspace.is_untrained:
            self.accuracy.setText(f"{what} has a new last layer for these classes. {_UNTRAINED}")
            self.grid.set_notes(())
            return
        shares = {one.part: one for one in (workspace.accuracy, workspace.test_accuracy) if one}
        if workspace.accuracy is None:
            is_coming = self._studio.measuring.is_going
            how = "is being measured…" if is_coming else "was not measured to the end."
            self.accuracy.setText(f"{what} {how}")
        else:
            told = " and ".join(_share_text(one) for one in shares.values())
            foreign = workspace.foreign_images
            self.accuracy.setText(f"{what} gets {told} right. {foreign}".strip())
        parts = (None, shares.get("validation"), shares.get("test"))
        rows = self._order if shares else ()
        self.grid.set_notes([[_note(one, row) for one in parts] for row in rows])

    def _allow_test(self) -> None:
        workspace, studio = self._studio.workspace, self._studio
        data = workspace.data
        is_going = studio.measuring.is_measuring_test
        self.classes_button.setVisible(data is not None and data.source == "folder")
        allow(self.classes_button, self._obstacle)
        self.test_button.setText("Measuring…" if is_going else "Measure Test Images")
        if is_going:
            reason = "The test images are being measured."
        elif workspace.is_untrained:
            reason = _UNTRAINED
        elif workspace.test_accuracy is not None:
            reason = "They are measured: the accuracy stands beside and below."
        elif data is not None and not len(data.test):
            reason = f"{data.title} has no test images."
        else:
            reason = self._obstacle
        allow(self.test_button, reason)

    def _ask_classes(self) -> None:
        folder = self._studio.workspace.recipe.data.folder
        self._studio.folders.look(Path(folder), asks_always=True)

    def _measure_test(self) -> None:
        self._studio.measuring.measure_test()
        self._allow_test()

    # One of them, large

    def _show_picture(self, row: int, position: int) -> None:
        if self._gallery is None:
            return
        if self._view is None:
            self._view = PictureView(self)
            self._view.step_requested.connect(self._step)
        self._shown = (row, position)
        total = sum(self._gallery.counts[row])
        picture = self._gallery.picture(row, position)
        height, width, _ = picture.pixels.shape
        data = self._studio.workspace.data
        source = data.source if data else ""
        self._view.show_picture(
            fitted(picture.pixels, 2 * SIDE),
            {
                "class": f"{picture.class_name}, image {position + 1:,} of {total:,}",
                "part": f"{picture.part} images",
                "file": str(picture.file) if picture.file else _NO_FILES.get(source, "none"),
                "size": f"{width} x {height} pixels, as the network gets it",
            },
        )
        if picture.file is not None:
            self._read_photograph(picture.file)
        allow(self._view.previous, "" if position else "This is the first image of its class.")
        is_last = position + 1 == total
        allow(self._view.next, "This is the last image of its class." if is_last else "")
        self._view.show()
        self._view.raise_()

    def _read_photograph(self, file: Path) -> None:
        """Show the picture as the file has it, once it is read."""
        place, gallery = self._shown, self._gallery
        side = round(SIDE * self.devicePixelRatioF())
        job = self._studio.runner.start(
            partial(opening_jobs.read_photograph, file, side), name="Reading an image"
        )

        def read(pixels: Any) -> None:
            is_shown = (self._shown, self._gallery) == (place, gallery)
            if pixels is not None and is_shown and self._view is not None:
                self._view.show_photograph(fitted(pixels, side))

        job.finished.connect(read)
        job.failed.connect(self._studio.failed)

    def _step(self, by: int) -> None:
        row, position = self._shown
        if self._gallery is not None and 0 <= position + by < sum(self._gallery.counts[row]):
            self._show_picture(row, position + by)


def _share_text(measured: Measurement) -> str:
    evaluation = measured.evaluation
    images = sum(evaluation.counts)
    share = f"{evaluation.accuracy:.1%}"
    few = of_few(evaluation.accuracy, images)
    noun = f"{measured.part} image" if images == 1 else f"{measured.part} images"
    if few:
        return f"{few.replace(' of ', ' of the ')} {noun} ({share})"
    return f"{share} of the {images:,} {noun}"


def _note(measured: Measurement | None, row: int) -> str:
    if measured is None or not measured.evaluation.counts[row]:
        return ""
    return accuracy_text(measured.evaluation.per_class[row], measured.evaluation.counts[row])
