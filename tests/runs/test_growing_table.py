"""A table that is written row by row, and found whole or not at all."""

import pytest

from vera_studio.errors import Cancelled, DataError, StudioError
from vera_studio.runs.growing_table import growing_table

ROWS = ({"file": "a,b\n.jpg", "share": 0.5}, {"file": "\udcff.jpg", "share": 1.0})
TEXT = b'file,share\n"a,b\n.jpg",0.5\n\xff.jpg,1.0\n'


def write(path, rows=ROWS, then=None, half=b""):
    with growing_table(path) as table:
        for row in rows:
            table.add(row)
        table._file.write(half)
        if then:
            raise then


def test_it_is_there_once_all_is_written(tmp_path):
    path = tmp_path / "new" / "table.csv"
    write(path)
    assert path.read_bytes() == TEXT
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [KeyboardInterrupt, StudioError])
def test_what_breaks_it_off_keeps_whole_rows(tmp_path, error):
    path = tmp_path / "table.csv"
    with pytest.raises(error):
        write(path, ROWS[:1], error, b"half a r")
    assert path.read_bytes() == TEXT[: TEXT.index(b"\xff")]


def test_what_was_there_stays_when_something_fails_or_nothing_was_found(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"before")
    for error in (Cancelled, ZeroDivisionError):
        with pytest.raises(error):
            write(path, then=error)
    for error in (DataError, KeyboardInterrupt):
        with pytest.raises(error):
            write(path, (), error)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_where_it_cannot_be_written_that_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StudioError, match="Cannot write"):
        write(tmp_path / "file" / "t.csv")
    with pytest.raises(StudioError, match=r"Cannot write .*full"):
        write(tmp_path / "t.csv", then=OSError(28, "full"))
    assert not (tmp_path / "t.csv").exists()
