"""Who sounds in which window of a soundscape, and in which recording of train_audio."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.core.errors import DatasetError
from birdscope.core.units import parse_clock
from birdscope.core.windows import WINDOW_S, row_id, stem_of
from birdscope.dataset.fields import split_labels
from birdscope.dataset.tables import Table, read_table

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from birdscope.dataset.catalog import Catalog

_TOUCH_S = 1e-6


@dataclass(frozen=True)
class Labels:
    """The truth of R windows.

    Attributes:
        classes: Labels of the C columns.
        row_ids: `<stem>_<end second>` of each row; a window without a row is unknown.
        values: bool [R, C]; a row without any True is a negative for every class.
        unknown_labels: Label that is no class → rows that have it; they count for nobody.
        stems: Stem of the recording of each row.
    """

    classes: tuple[str, ...]
    row_ids: tuple[str, ...]
    values: npt.NDArray[np.bool_]
    unknown_labels: Mapping[str, int] = field(default_factory=dict)
    stems: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.row_ids)


@dataclass(frozen=True)
class FileLabels:
    """The labels of N recordings of train_audio.

    Attributes:
        classes: Labels of the C columns.
        keys: Recording keys.
        primary: bool [N, C]: the species in the foreground; no True where it is no class.
        secondary: bool [N, C]: species in the background, never the primary one.
    """

    classes: tuple[str, ...]
    keys: tuple[str, ...]
    primary: npt.NDArray[np.bool_]
    secondary: npt.NDArray[np.bool_]

    def targets(self, secondary: float = 1.0) -> npt.NDArray[np.float32]:
        """float32 [N, C]: 1 for the primary label, `secondary` for the others."""
        import numpy as np

        weight = np.float32(secondary)
        return np.maximum(self.primary.astype(np.float32), self.secondary * weight)


def read_labels(path: Path, classes: Sequence[str]) -> Labels:
    """Read labels of soundscapes in any of three forms.

    - BirdCLEF+ 2026: filename, start, end (HH:MM:SS), primary_label joined by `;`. A row
      longer than a window, or off the 5 s grid, labels every window it touches.
    - windows: row_id, labels joined by `;`.
    - wide: row_id and a column of 0 and 1 for each class.

    Rows of the same window are joined.

    Raises:
        DatasetError: if the file is none of these, or a cell is wrong; names the row.
    """
    table = read_table(Path(path))
    found: dict[str, set[str]] = {}
    for name, labels in _form(table, classes)(table):
        found.setdefault(name, set()).update(labels)
    return _matrix(found, tuple(classes))


def file_labels(catalog: Catalog) -> FileLabels:
    """The labels of train_audio, in the order of `catalog.recordings("train_audio")`."""
    import numpy as np

    recordings = catalog.recordings("train_audio")
    index = catalog.taxonomy.index
    primary = np.zeros((len(recordings), len(index)), np.bool_)
    secondary = np.zeros_like(primary)
    for row, one in enumerate(recordings):
        if one.primary_label in index:
            primary[row, index[one.primary_label]] = True
        for label in one.secondary_labels:
            if label in index and label != one.primary_label:
                secondary[row, index[label]] = True
    keys = tuple(one.key for one in recordings)
    return FileLabels(catalog.taxonomy.labels, keys, primary, secondary)


Rows = Iterator[tuple[str, Sequence[str]]]


def _form(table: Table, classes: Sequence[str]) -> Callable[[Table], Rows]:
    header = set(table.header)
    if {"filename", "start", "end", "primary_label"} <= header:
        return _spans
    if {"row_id", "labels"} <= header:
        return _windows
    if "row_id" in header and header & set(classes):
        return _wide
    raise DatasetError(
        "is not a file of soundscape labels",
        path=table.path,
        remedy="use the columns filename,start,end,primary_label, or row_id,labels, or row_id "
        "and one column per class",
    )


def _spans(table: Table) -> Rows:
    names = ("filename", "start", "end", "primary_label")
    name_at, start_at, end_at, label_at = (table.column(name) for name in names)
    for number, row in enumerate(table.rows, start=2):
        start_s, end_s = (_seconds(table, number, row[at]) for at in (start_at, end_at))
        if end_s <= start_s:
            raise _wrong(table, number, f"the end {row[end_at]!r} is not after the start")
        labels = split_labels(row[label_at])
        first, last = math.floor(start_s / WINDOW_S + _TOUCH_S), end_s / WINDOW_S - _TOUCH_S
        for window in range(first, math.ceil(last)):
            yield row_id(_stem(table, number, row[name_at]), window), labels


def _windows(table: Table) -> Rows:
    row_at, label_at = table.column("row_id"), table.column("labels")
    for number, row in enumerate(table.rows, start=2):
        yield _row_name(table, number, row[row_at]), split_labels(row[label_at])


def _wide(table: Table) -> Rows:
    row_at = table.column("row_id")
    columns = [(at, name) for at, name in enumerate(table.header) if at != row_at]
    for number, row in enumerate(table.rows, start=2):
        try:
            labels = [name for at, name in columns if float(row[at] or 0) > 0.5]
        except ValueError:
            raise _wrong(table, number, "a cell is not a number") from None
        yield _row_name(table, number, row[row_at]), labels


def _matrix(found: Mapping[str, set[str]], classes: tuple[str, ...]) -> Labels:
    import numpy as np

    index = {label: column for column, label in enumerate(classes)}
    values = np.zeros((len(found), len(classes)), np.bool_)
    unknown: Counter[str] = Counter()
    for row, labels in enumerate(found.values()):
        for label in labels:
            if label in index:
                values[row, index[label]] = True
            else:
                unknown[label] += 1
    stems = tuple(name.rpartition("_")[0] for name in found)
    return Labels(classes, tuple(found), values, dict(unknown), stems)


def _seconds(table: Table, number: int, text: str) -> float:
    try:
        return parse_clock(text)
    except ValueError as error:
        raise _wrong(table, number, str(error)) from None


def _stem(table: Table, number: int, filename: str) -> str:
    if not filename.strip():
        raise _wrong(table, number, "the file name is empty")
    return stem_of(filename.strip().replace("\\", "/"))


def _row_name(table: Table, number: int, text: str) -> str:
    name = text.strip()
    stem, _, end = name.rpartition("_")
    if not stem or not end.isdecimal():
        raise _wrong(table, number, f"{name!r} is no row id (<stem>_<end second>)")
    return name


def _wrong(table: Table, number: int, what: str) -> DatasetError:
    return DatasetError(f"row {number}: {what}", path=table.path, remedy="correct that row")


def labelled_windows(labels: Labels, stem: str) -> dict[int, tuple[str, ...]]:
    """Window → labels of one recording; a window without any is left out.

    Args:
        labels: Of a dataset's soundscapes.
        stem: Stem of the recording's file name.
    """
    found: dict[int, tuple[str, ...]] = {}
    for row, (row_name, of) in enumerate(zip(labels.row_ids, labels.stems, strict=True)):
        if of == stem and labels.values[row].any():
            index = int(row_name.rpartition("_")[2]) // WINDOW_S - 1
            columns = labels.values[row].nonzero()[0]
            found[index] = tuple(labels.classes[column] for column in columns)
    return found
