"""A file of labels, of windows or of whole recordings, as the truth to measure against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from birdscope.dataset.fields import parse_labels
from birdscope.dataset.labels import read_labels
from birdscope.dataset.rows import TrainRows
from birdscope.dataset.tables import read_header, read_table
from birdscope.metrics.evaluate import Unit


@dataclass(frozen=True)
class Truth:
    """Labels ready for `evaluate`.

    Attributes:
        classes: Labels of the C columns.
        row_ids: Row ids of windows, or keys of recordings.
        values: bool [R, C].
        unit: What a row is.
        unknown_labels: Label that is no class → rows that have it; they count for nobody.
    """

    classes: tuple[str, ...]
    row_ids: tuple[str, ...]
    values: npt.NDArray[np.bool_]
    unit: Unit
    unknown_labels: Mapping[str, int] = field(default_factory=dict)


def read_truth(path: Path, classes: Sequence[str]) -> Truth:
    """Read labels of soundscapes (any form of `read_labels`) or a train.csv.

    In a train.csv primary and secondary labels both count as positive for the whole file.

    Raises:
        DatasetError: if the file is no table of labels, or a cell is wrong.
    """
    header = set(read_header(path))
    if {"filename", "primary_label"} <= header and "start" not in header:
        return _read_train(path, tuple(classes))
    labels = read_labels(path, classes)
    return Truth(labels.classes, labels.row_ids, labels.values, "window", labels.unknown_labels)


def _read_train(path: Path, classes: tuple[str, ...]) -> Truth:
    rows = TrainRows(path.parent, read_table(path), dict)
    column = {label: place for place, label in enumerate(classes)}
    at = {key: number for number, key in enumerate(dict.fromkeys(rows.keys))}
    values = np.zeros((len(at), len(classes)), dtype=np.bool_)
    unknown: Counter[str] = Counter()
    for number, (key, primary) in enumerate(zip(rows.keys, rows.labels, strict=True)):
        secondary = parse_labels(rows.cell(number, "secondary_labels")) or ()
        for label in {primary, *secondary} - {""}:
            if label in column:
                values[at[key], column[label]] = True
            else:
                unknown[label] += 1
    return Truth(classes, tuple(at), values, "file", dict(unknown))
