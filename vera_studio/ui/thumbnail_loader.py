"""Small pictures out of files, read on a thread when they come into view."""

from collections import OrderedDict, deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QIcon, QPixmap

from vera_studio.errors import ShouldStop
from vera_studio.ui.runner import Handling, Job, Runner
from vera_studio.ui.widgets.thumbnail_rows import fitted

NAME = "Reading thumbnails"
_MOST_KEPT = 3000  # 26 KB each
_MOST_WAITING = 200  # what scrolled by is forgotten
SIDE = 40  # of a thumbnail, on screen
_SCALE = 2  # it is sharp at this scale too


class ThumbnailLoader(QObject):
    """Gives thumbnails at once where they were read, else reads them, the newest wish first.

    Signals:
        arrived(): some more can be shown.
    """

    arrived = Signal()

    def __init__(self, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._kept: OrderedDict[Path, QIcon] = OrderedDict()
        self._asked: set[Path] = set()
        # Both threads take from it: one adds at its end, one takes from there.
        self._waiting: deque[Path] = deque(maxlen=_MOST_WAITING)
        self._job: Job | None = None

    def find(self, file: Path) -> QIcon | None:
        """The picture in `file`, if it was read; else it will be."""
        image = self._kept.get(file)
        if image is not None:
            self._kept.move_to_end(file)
        elif file not in self._asked:
            self._ask(file)
        return image

    def _ask(self, file: Path) -> None:
        if len(self._waiting) == _MOST_WAITING:
            self._asked.discard(self._waiting[0])
        self._asked.add(file)
        self._waiting.append(file)
        if self._job is None:
            self._start()

    def _start(self) -> None:
        function = partial(_read, self._waiting, _SCALE * SIDE)
        self._job = self._runner.start(function, name=NAME, handling=Handling(is_quiet=True))
        self._job.events.connect(self._take)
        self._job.ended.connect(self._ended)

    def _take(self, events: list[Any]) -> None:
        for file, pixels in events:
            self._asked.discard(file)
            self._kept[file] = QIcon() if pixels is None else _icon(pixels)
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        self.arrived.emit()

    def _ended(self) -> None:
        self._job = None
        if self._waiting:
            self._start()


def _icon(pixels: Any) -> QIcon:
    """A picture that keeps its colours where it is selected."""
    pixmap = QPixmap.fromImage(fitted(pixels, _SCALE * SIDE))
    pixmap.setDevicePixelRatio(_SCALE)
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon


def _read(
    waiting: deque[Path], side: int, on_event: Callable[[object], None], should_stop: ShouldStop
) -> None:
    """Tell each file that waits, the last one first, with its pixels, or None if it has none."""
    from vera_studio.ui import jobs

    while not should_stop():
        try:
            file = waiting.pop()
        except IndexError:
            return
        on_event((file, jobs.read_photograph(file, side, on_event, should_stop)))
