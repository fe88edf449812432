"""Build submission.csv: the sample decides the columns, the recordings decide the rows."""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from birdscope.core import atomic
from birdscope.core.errors import SubmissionError
from birdscope.core.scores import ScoreRows, Scores
from birdscope.core.settings import Settings
from birdscope.postprocess.stack import apply_settings

ROW_ID = "row_id"


@dataclass(frozen=True)
class Submission:
    """A submission before it is a file.

    Attributes:
        row_ids: Names of the R rows.
        columns: Labels of the C columns.
        values: float32 [R, C] in 0–1, no NaN.
        filled_rows: Rows set to 0.0 because their recording could not be predicted.
        averaged_rows: Rows set to each class's mean because time was up before them.
        added_rows: Rows of the sample that no recording gave, set to 0.0.
        missing_classes: Columns that the ensemble doesn't know, set to 0.0.
        dropped_classes: Classes of the ensemble that the sample doesn't ask for.
    """

    row_ids: tuple[str, ...]
    columns: tuple[str, ...]
    values: npt.NDArray[np.float32]
    filled_rows: tuple[str, ...] = ()
    averaged_rows: tuple[str, ...] = ()
    added_rows: tuple[str, ...] = ()
    missing_classes: tuple[str, ...] = ()
    dropped_classes: tuple[str, ...] = ()


def build_submission(
    scores: Scores,
    settings: Settings,
    columns: Sequence[str],
    sample_row_ids: Sequence[str] = (),
    *,
    out_of_time: Collection[str] = (),
) -> Submission:
    """Post-process scores and lay them out as the sample asks.

    Args:
        scores: Every row of every recording.
        settings: The stack.
        columns: Labels in the order of sample_submission.csv.
        sample_row_ids: Its rows. Where they name rows of the recordings they give the order,
            and those that no recording gave are added as 0.0; a placeholder's are passed over.
        out_of_time: Keys of recordings that a time limit cut short. Their rows without any
            model get each class's mean over the rows that were predicted (0.0 if none were):
            a file that could be anything should rank neither first nor last.

    Raises:
        ConfigError: if the settings don't fit the ensemble.
        SubmissionError: if there are no rows.
    """
    if not len(scores.rows):
        raise SubmissionError("there are no rows to submit", remedy="check the dataset folder")
    probabilities = apply_settings(scores, settings)
    unknown = np.isnan(probabilities).any(axis=1)
    averaged = unknown & _rows_of(scores.rows, out_of_time)
    usual = probabilities[~unknown].mean(axis=0) if not unknown.all() else 0.0
    probabilities[unknown] = 0.0
    probabilities[averaged] = usual
    row_ids = order_rows(scores.rows.row_ids, sample_row_ids)
    # With a doubled stem the first row of the name counts; the check reports the double.
    place = {name: row for row, name in reversed(list(enumerate(scores.rows.row_ids)))}
    values = np.zeros((len(row_ids), len(columns)), dtype=np.float32)
    there = np.array([place.get(name, -1) for name in row_ids])
    column_of = {label: column for column, label in enumerate(scores.classes)}
    known = [to for to, label in enumerate(columns) if label in column_of]
    sources = [column_of[columns[to]] for to in known]
    found = np.flatnonzero(there >= 0)
    values[found[:, None], known] = probabilities[there[found][:, None], sources]
    return Submission(
        row_ids=row_ids,
        columns=tuple(columns),
        values=values,
        filled_rows=_names(scores.rows, unknown & ~averaged),
        averaged_rows=_names(scores.rows, averaged),
        added_rows=tuple(name for name in row_ids if name not in place),
        missing_classes=tuple(label for label in columns if label not in column_of),
        dropped_classes=tuple(label for label in scores.classes if label not in set(columns)),
    )


def _rows_of(rows: ScoreRows, recordings: Collection[str]) -> npt.NDArray[np.bool_]:
    """Which rows belong to these recordings, bool [R]."""
    theirs = np.zeros(len(rows), dtype=bool)
    for key in recordings:
        theirs[rows.span(key)] = True
    return theirs


def _names(rows: ScoreRows, chosen: npt.NDArray[np.bool_]) -> tuple[str, ...]:
    return tuple(rows.row_ids[row] for row in np.flatnonzero(chosen))


def order_rows(row_ids: Sequence[str], sample_row_ids: Sequence[str]) -> tuple[str, ...]:
    """The rows of a submission, in order.

    The sample's order first where it names any of the recordings' rows; then what it doesn't
    name. A sample that names none is the public placeholder and decides nothing.
    """
    ours = set(row_ids)
    if not any(name in ours for name in sample_row_ids):
        return tuple(row_ids)
    sample = dict.fromkeys(sample_row_ids)
    return (*sample, *(name for name in row_ids if name not in sample))


def write_submission(submission: Submission, path: Path) -> None:
    """Write the file whole or not at all; numbers as the shortest text of a float32.

    Raises:
        SubmissionError: if the folder can't be written.
    """
    try:
        with atomic.replacing(path) as temporary:
            _write_table(submission, temporary)
    except OSError as error:
        raise SubmissionError(
            f"can't be written: {error.strerror or error}",
            path=path,
            remedy="make room or choose another folder",
        ) from error


def _write_table(submission: Submission, path: Path) -> None:
    """Write header and rows; only names that need quotes get them, as in the sample."""
    import csv

    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    names = [ROW_ID, *submission.columns]
    arrays = [pa.array(submission.row_ids, pa.string())]
    arrays += [pa.array(column) for column in np.ascontiguousarray(submission.values.T)]
    odd = any(set(name) & set('",\r\n') for name in submission.row_ids)
    options = arrow_csv.WriteOptions(
        include_header=False, quoting_style="needed" if odd else "none"
    )
    with open(path, "wb") as file:
        header = io.StringIO()
        csv.writer(header, lineterminator="\n").writerow(names)
        file.write(header.getvalue().encode())
        arrow_csv.write_csv(pa.Table.from_arrays(arrays, names=names), file, options)
