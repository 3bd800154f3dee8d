"""A table for other programs that is written row by row, and found whole or not at all."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from vera_studio.errors import StudioError
from vera_studio.files import replacing, with_names_of_files
from vera_studio.runs.comparison_tables import to_csv


class GrowingTable:
    """A CSV file that gets one row after the other, all with the same columns.

    Attributes:
        is_written: whether it is where it was to be; told once it is left.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._end = 0  # of the last whole row
        self.is_written = False

    def add(self, row: Mapping[str, object]) -> None:
        """Write a row, before the first one the names of the columns."""
        lines = to_csv([row]) if not self._end else to_csv([row]).partition("\n")[2]
        self._file.write(with_names_of_files(lines))
        self._end = self._file.tell()

    def cut(self) -> None:
        """Take away what was written of a row that never came to its end."""
        self._file.seek(self._end)
        self._file.truncate()


@contextmanager
def growing_table(path: Path) -> Iterator[GrowingTable]:
    """A table at `path`, once it is left.

    Left with a Ctrl+C or a StudioError, such as for a disk that is full, it has the rows so far, if
    there are any: they may have taken hours. Left otherwise, what was there stays as it was.

    Raises:
        StudioError: it cannot be written.
    """
    broken_off: BaseException | None = None
    with replacing(path) as file:
        table = GrowingTable(file)
        try:
            yield table
        except (KeyboardInterrupt, StudioError) as error:
            table.cut()
            if not file.tell():
                raise
            broken_off = error
    table.is_written = True
    if broken_off:
        raise broken_off
