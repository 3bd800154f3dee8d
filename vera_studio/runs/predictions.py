"""What a network said of each image, before and after it was adapted, and the table of it.

The tables that a run leaves, predictions-validation.csv and predictions-test.csv, have a row an
image: which part it is of, its file, its class, the likeliest five classes with their shares, and
with `base_` before their names those of the network before training.
"""

import csv
import io
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vera_studio.errors import StudioError
from vera_studio.files import open_regular, reason, with_names_of_files, write_atomically
from vera_studio.runs.events import Part
from vera_studio.runs.run_folder import load_result

MOST_TOLD = 5  # classes of each image, the likeliest first
# Columns of tables.
_PLACES = ("class", "second", "third", "fourth", "fifth")
_SHARES = ("share", *(f"{place}_share" for place in _PLACES[1:]))
_BASE = "base_"
_ABOUT = ("part", "file", "truth")
_DECIMALS = 6
_MOST_BYTES = 2**28  # of a table: a million images
_MOST_CLASSES = 2**14  # more than an adapter with a last layer of its own can have

Classes = NDArray[np.int64]
Shares = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Predictions:
    """One pass over a part of the images, in its order, with a network and its base.

    Classes are indices into `class_names`. Where there is nothing to compare with, because the
    network has no adapter on or its base knows other classes, `base_told` has no columns.
    """

    part: Part  # which images they are
    class_names: tuple[str, ...]
    files: tuple[str, ...]  # of the images, below their folder; their numbers where there are none
    truth: Classes  # (n,): the classes that the images are of
    told: Classes  # (n, k), k up to MOST_TOLD: the likeliest classes, first the most
    shares: Shares  # (n, k): of these, as softmax has them, 0 to 1
    base_told: Classes  # (n, k) or (n, 0): the same without the adapter, or before training
    base_shares: Shares

    @property
    def right(self) -> NDArray[np.bool_]:
        """(n,): whether the likeliest class is the true one."""
        return np.equal(self.told[:, 0], self.truth)

    @property
    def has_base(self) -> bool:
        """Whether there is something to compare with."""
        return bool(self.base_told.shape[1])

    @property
    def base_right(self) -> NDArray[np.bool_]:
        """(n,): the same of the base; nowhere, where there is none."""
        if not self.has_base:
            return np.zeros(len(self.truth), dtype=np.bool_)
        return np.equal(self.base_told[:, 0], self.truth)


def no_classes(images: int) -> Classes:
    """`base_told` of so many images, where there is no base."""
    return np.empty((images, 0), dtype=np.int64)


def no_shares(images: int) -> Shares:
    """`base_shares` of so many images, where there is no base."""
    return np.empty((images, 0), dtype=np.float32)


def predictions_file(folder: Path, part: Part) -> Path:
    """Where a run keeps what was said of the images of `part`."""
    return folder / f"predictions-{part or 'all'}.csv"


def picture_file(folder: Path, file: str) -> Path | None:
    """Where the picture `file` of a table is; None where that is not below `folder`.

    A table may say anything.
    """
    path = Path(file)
    is_below = not path.is_absolute() and not path.drive and ".." not in path.parts
    return folder / path if is_below else None


def save(predictions: Predictions, folder: Path) -> None:
    """Write the table of a run.

    Raises:
        StudioError: it cannot be written.
    """
    write_atomically(predictions_file(folder, predictions.part), to_table(predictions))


def load(folder: Path, part: Part) -> Predictions:
    """Read what `save` wrote, believing nothing.

    Classes come in the order of the run's result, where there is one, then as the table has them.

    Raises:
        StudioError: there is no such table, or it is damaged.
    """
    path = predictions_file(folder, part)
    try:
        file = open_regular(path, _MOST_BYTES)
        with io.TextIOWrapper(file, "utf-8", "surrogateescape", newline="") as text:
            return _read(csv.reader(text, strict=True), part, _classes(folder))
    except OSError as error:
        raise StudioError(f"Cannot read {path}: {reason(error)}.") from error
    except (ValueError, csv.Error) as error:
        raise StudioError(f"{path} is damaged: {error}.") from error


def to_table(*parts: Predictions) -> bytes:
    """A CSV with a row an image, of one part after the other; all of one network."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_columns(parts[0].told.shape[1], parts[0].base_told.shape[1]))
    for one in parts:
        writer.writerows(_rows(one))
    return with_names_of_files(text.getvalue())


def told_row(class_names: Sequence[str], told: Iterable[tuple[int, float]]) -> dict[str, object]:
    """Cells of a table: class, share, second, second_share and so on.

    Args:
        class_names: the network's, in its order.
        told: classes (indices) with their shares, the likeliest first.
    """
    row: dict[str, object] = {}
    for place, share_name, (index, share) in zip(_PLACES, _SHARES, told, strict=False):
        row |= {place: class_names[index], share_name: round(share, _DECIMALS)}
    return row


def _columns(told: int, base_told: int) -> list[str]:
    pairs = [name for pair in zip(_PLACES, _SHARES, strict=True) for name in pair]
    return [*_ABOUT, *pairs[: 2 * told], *(_BASE + name for name in pairs[: 2 * base_told])]


def _rows(one: Predictions) -> Iterator[list[object]]:
    names = _distinct(one.class_names)
    columns = [
        [names[index] for index in one.truth.tolist()],
        *_cells(names, one.told, one.shares),
        *_cells(names, one.base_told, one.base_shares),
    ]
    for file, *cells in zip(one.files, *columns, strict=True):
        yield [one.part, file, *cells]


def _cells(names: Sequence[str], told: Classes, shares: Shares) -> Iterator[list[object]]:
    """Columns of names and of shares, by turns."""
    rounded = np.round(shares.astype(np.float64), _DECIMALS)  # at once: one by one takes longer
    for place in range(told.shape[1]):
        yield [names[index] for index in told[:, place].tolist()]
        yield rounded[:, place].tolist()


def _distinct(names: Sequence[str]) -> list[str]:
    """`names`, the second of two that are alike with a number: ImageNet has two cranes."""
    taken: dict[str, int] = {}
    found = []
    for name in names:
        taken[name] = taken.get(name, 0) + 1
        found.append(name if taken[name] == 1 else f"{name} ({taken[name]})")
    return found


def _classes(folder: Path) -> tuple[str, ...]:
    try:
        return load_result(folder).class_names
    except StudioError:  # such as of a run that goes on
        return ()


def _read(rows: Iterator[list[str]], part: Part, class_names: Sequence[str]) -> Predictions:
    """What the `rows` of a table say.

    Raises:
        ValueError: what they cannot say; a clause that says why.
    """
    head = next(rows, [])
    told = sum(name in head for name in _SHARES)
    base_told = sum(_BASE + name in head for name in _SHARES)
    if not told or head != _columns(told, base_told):
        raise ValueError("its first line does not name the columns of predictions")
    numbers = {name: number for number, name in enumerate(_distinct(class_names))}
    files, truth, classes, shares = list[str](), array("q"), array("q"), array("f")
    for row in rows:  # not kept: as texts they take much memory
        if len(row) != len(head):
            raise ValueError("its rows are not all of the same length")
        if row[0] != part:
            raise ValueError(f"it is of other images than those of the {part or 'whole'} part")
        files.append(row[1])
        truth.append(numbers.setdefault(row[2], len(numbers)))
        classes.extend(numbers.setdefault(name, len(numbers)) for name in row[3::2])
        shares.extend(map(float, row[4::2]))
        if len(numbers) > _MOST_CLASSES:
            raise ValueError(f"it names more than {_MOST_CLASSES:,} classes")
    shape = (len(files), told + base_told)
    indices = np.array(classes, dtype=np.int64).reshape(shape)
    values = np.array(shares, dtype=np.float32).reshape(shape)
    if not bool(((values >= 0) & (values <= 1)).all()):  # nor for NaN
        raise ValueError("a share in it is not from 0 to 1")
    return Predictions(
        part=part,
        class_names=tuple(numbers),
        files=tuple(files),
        truth=np.array(truth, dtype=np.int64),
        told=indices[:, :told],
        shares=values[:, :told],
        base_told=indices[:, told:],
        base_shares=values[:, told:],
    )
