"""Keeps the classes that a person gives pictures, a moment after they were given."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from vera_studio.errors import ShouldStop, StudioError
from vera_studio.runs.given_classes import save_given
from vera_studio.ui.runner import Function, Handling, Runner
from vera_studio.ui.widgets.classified_rows import ClassifiedRows

_NAME = "Keeping your classes"
_HANDLING = Handling(can_stop=False, is_saving=True, may_be_left=False)
_PATIENCE_MILLISECONDS = 1000  # between a correction and its keeping


class GivenKeeper(QObject):
    """Keeps what is said of pictures, a moment after it was.

    Signals:
        failed(Exception): it cannot be kept; told once a folder.
    """

    failed = Signal(object)

    def __init__(self, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._folder: Path | None = None
        self._rows = ClassifiedRows()
        self._before: Mapping[str, str] = {}
        self._is_noted = False  # something that is not kept yet
        self._timer = QTimer(self, singleShot=True, interval=_PATIENCE_MILLISECONDS)
        self._timer.timeout.connect(self.keep)

    def begin(self, folder: Path, rows: ClassifiedRows) -> None:
        """Keep what is said of `rows`, pictures below `folder`, from now on."""
        if self._is_due:  # here and now: the folder may be the same, and what is kept is read
            try:
                self._function()(lambda event: None, lambda: False)
            except StudioError as error:
                self.failed.emit(error)
        self._timer.stop()
        self._folder, self._rows, self._before = folder, rows, {}

    def know(self, before: Mapping[str, str]) -> None:
        """Take what was said before, which holds of pictures that are not here yet too."""
        self._before = before

    def note(self) -> None:
        """Something was said."""
        self._is_noted = True
        self._timer.start()

    def keep(self) -> None:
        """Keep soon what was said and is not kept yet."""
        if self._is_due:
            job = self._runner.start(self._function(), name=_NAME, handling=_HANDLING)
            job.failed.connect(self._tell)
        self._timer.stop()

    @property
    def _is_due(self) -> bool:
        return self._is_noted and self._folder is not None

    def _function(self) -> Function:
        assert self._folder is not None
        self._is_noted = False
        return partial(_keep, self._folder, self._rows.copy(), self._before)

    def _tell(self, error: Exception) -> None:
        self._folder = None
        self.failed.emit(error)


def _keep(
    folder: Path,
    rows: ClassifiedRows,
    before: Mapping[str, str],
    on_event: Callable[[object], None],
    should_stop: ShouldStop,
) -> None:
    """Also where it is to stop: that is when the window closes, and it takes a moment."""
    names = rows.class_names
    # What was said with other classes, or of pictures that have not come yet, stays.
    here, known = set(rows.files), set(names)
    given = {f: name for f, name in before.items() if f not in here or name not in known}
    for row in rows.corrected().nonzero()[0].tolist():
        given[rows.files[row]] = names[rows.given(row)]
    save_given(folder, given)
