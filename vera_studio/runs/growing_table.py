"""A table for other programs that is written row by row, and found whole or not at all."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from vera_studio.files import replacing, with_names_of_files
from vera_studio.runs.comparison_tables import to_csv


class GrowingTable:
    """A CSV file that gets one row after the other, all with the same columns."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._end = 0  # of the last whole row

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
    """A table at `path`, once it is left; a Ctrl+C keeps the rows so far, if there are any.

    Left with another error, what was there stays as it was.

    Raises:
        StudioError: it cannot be written.
    """
    interrupted: KeyboardInterrupt | None = None
    with replacing(path) as file:
        table = GrowingTable(file)
        try:
            yield table
        except KeyboardInterrupt as error:
            table.cut()
            if not file.tell():
                raise
            interrupted = error
    if interrupted:
        raise interrupted
