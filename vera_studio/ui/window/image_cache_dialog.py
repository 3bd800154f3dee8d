"""How much the images kept on the disk take, how much they may, and emptying that."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vera_studio.ui.jobs import image_cache as cache_jobs
from vera_studio.ui.jobs.image_cache import CacheSize
from vera_studio.ui.runner import Function, Handling, Runner
from vera_studio.ui.widgets.number_boxes import WholeNumberBox
from vera_studio.ui.widgets.reasons import allow
from vera_studio.wording import size_text

_GIGABYTE = 10**9
_MOST_GIGABYTES = 1_000_000
_WIDTH = 420
_ABOUT = (
    "The images of folders are kept on the disk as networks take them, so that they open at once "
    "the next time. Emptying this loses nothing: they are read from your folders again."
)


class ImageCacheDialog(QDialog):
    """Shows the size and the limit, and empties the cache.

    Signals:
        failed(Exception): that could not be done.
    """

    failed = Signal(object)

    def __init__(self, runner: Runner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self.setObjectName("image_cache_dialog")
        self.setWindowTitle("Image Cache")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        about = QLabel(_ABOUT, wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.size_text = QLabel("…", textFormat=Qt.TextFormat.PlainText)
        self.size_text.setObjectName("image_cache_size")
        self.size_text.setAccessibleName("Size of the image cache")
        self.limit = WholeNumberBox(0, _MOST_GIGABYTES)
        self.limit.setObjectName("image_cache_limit")
        self.limit.setAccessibleName("Most that the image cache may take")
        self.limit.setToolTip("What was not used for the longest time goes first; 0 keeps nothing")
        self.limit.setSuffix(" GB")
        self.limit.edited.connect(self._set_limit)
        form = QFormLayout()
        form.addRow("Now", self.size_text)
        form.addRow("At most", self.limit)
        layout = QVBoxLayout(self)
        layout.addWidget(about)
        layout.addLayout(form)
        layout.addLayout(self._button_row())
        self.resize(_WIDTH, self.sizeHint().height())
        self._do(cache_jobs.measure_cache)

    def _button_row(self) -> QHBoxLayout:
        self.empty = QPushButton("Empty")
        self.empty.setObjectName("empty_image_cache")
        self.empty.setAccessibleName("Empty the image cache")
        self.empty.setToolTip("Delete all images that are kept on the disk")
        self.empty.setAutoDefault(False)
        self.empty.clicked.connect(lambda: self._do(cache_jobs.empty_cache))
        allow(self.empty, "Its size is being found out.")
        close = QPushButton("Close")
        close.setObjectName("close_image_cache")
        close.setToolTip("Back to the window")
        close.clicked.connect(self.accept)
        row = QHBoxLayout()
        row.addWidget(self.empty)
        row.addStretch()
        row.addWidget(close)
        return row

    def _set_limit(self, gigabytes: int) -> None:
        self._do(partial(cache_jobs.limit_cache, gigabytes * _GIGABYTE))

    def _do(self, function: Function) -> None:
        job = self._runner.start(function, name="Image cache", handling=Handling(can_stop=False))
        job.finished.connect(self._show)
        job.failed.connect(self.failed)

    def _show(self, size: CacheSize) -> None:
        self.size_text.setText(size_text(size.now) if size.now else "Empty")
        self.limit.show_setting(round(size.most / _GIGABYTE))
        allow(self.empty, "" if size.now else "There is nothing in it.")
