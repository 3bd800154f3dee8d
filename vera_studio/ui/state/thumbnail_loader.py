"""Small pictures, out of files or from elsewhere, read on a thread when they come into view."""

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QIcon, QPixmap

from vera_studio.errors import ShouldStop
from vera_studio.ui.runner import Handling, Job, Runner
from vera_studio.ui.widgets.thumbnail_rows import fitted

OnEvent = Callable[[object], None]
# (key, pixels a side, ...) -> (height, width, 3) uint8, or None where there is no picture
Read = Callable[[Any, int, OnEvent, ShouldStop], Any]
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

    def __init__(
        self,
        runner: Runner,
        parent: QObject | None = None,
        read: Read | None = None,
        side: int = SIDE,
    ) -> None:
        """Read nothing yet.

        Args:
            runner: of the threads.
            parent: takes it along.
            read: what gives the pixels of a key at a size; None where keys are paths of files.
            side: of a thumbnail, on screen.
        """
        super().__init__(parent)
        self._runner = runner
        self._read, self._side = read or _photograph, side
        self._most_kept = _MOST_KEPT * SIDE**2 // side**2
        self._kept: OrderedDict[Hashable, QIcon] = OrderedDict()
        self._asked: set[Hashable] = set()
        # Both threads take from it: one adds at its end, one takes from there.
        self._waiting: deque[Hashable] = deque(maxlen=_MOST_WAITING)
        self._job: Job | None = None
        self._is_heard = False  # what the job tells: it may read what was forgotten

    def forget(self, read: Read) -> None:
        """Forget all: other pictures are read from now on, by `read`."""
        self._read = read
        self._kept.clear()
        self._waiting = deque(maxlen=_MOST_WAITING)  # the job has the other
        self._asked.clear()
        if self._job is not None:
            self._job.cancel()
        self._is_heard = False

    def find(self, file: Hashable) -> QIcon | None:
        """The picture in `file`, or of that key, if it was read; else it will be."""
        image = self._kept.get(file)
        if image is not None:
            self._kept.move_to_end(file)
        elif file not in self._asked:
            self._ask(file)
        return image

    def _ask(self, file: Hashable) -> None:
        if len(self._waiting) == _MOST_WAITING:
            self._asked.discard(self._waiting[0])
        self._asked.add(file)
        self._waiting.append(file)
        if self._job is None:
            self._start()

    def _start(self) -> None:
        function = partial(_tell, self._waiting, self._read, _SCALE * self._side)
        self._is_heard = True
        self._job = self._runner.start(function, name=NAME, handling=Handling(is_quiet=True))
        self._job.events.connect(self._take)
        self._job.ended.connect(self._ended)

    def _take(self, events: list[Any]) -> None:
        if not self._is_heard:
            return
        for file, pixels in events:
            self._asked.discard(file)
            self._kept[file] = QIcon() if pixels is None else _icon(pixels, _SCALE * self._side)
        while len(self._kept) > self._most_kept:
            self._kept.popitem(last=False)
        self.arrived.emit()

    def _ended(self) -> None:
        self._job = None
        if self._waiting:
            self._start()


def _icon(pixels: Any, side: int) -> QIcon:
    """A picture that keeps its colours where it is selected."""
    pixmap = QPixmap.fromImage(fitted(pixels, side))
    pixmap.setDevicePixelRatio(_SCALE)
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon


def _photograph(file: Any, side: int, on_event: OnEvent, should_stop: ShouldStop) -> Any:
    from vera_studio.ui.jobs import opening as opening_jobs

    return opening_jobs.read_photograph(file, side, on_event, should_stop)


def _tell(
    waiting: deque[Hashable], read: Read, side: int, on_event: OnEvent, should_stop: ShouldStop
) -> None:
    """Tell each file that waits, the last one first, with its pixels, or None if it has none."""
    while not should_stop():
        try:
            file = waiting.pop()
        except IndexError:
            return
        on_event((file, read(file, side, on_event, should_stop)))
