"""Check a written submission.csv against what is asked for, in plain words."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import nearest
from birdscope.core.types import Problem
from birdscope.submission.build import ROW_ID

_NAMED = 3


@dataclass(frozen=True)
class CheckReport:
    """What a check found.

    Attributes:
        path: The file.
        rows: Rows in it.
        columns: Class columns in it.
        problems: What is wrong; those of severity `error` would spoil the submission.
    """

    path: Path
    rows: int
    columns: int
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing found would spoil the submission."""
        return not any(problem.severity == "error" for problem in self.problems)

    def lines(self) -> list[str]:
        """The report as text, one finding a line."""
        size = f"{self.path.name}: {self.rows} rows, {self.columns} classes"
        found = [f"{'✗' if one.severity == 'error' else '●'} {one.text}" for one in self.problems]
        passed = "✓ columns, rows, order, range and numbers are as asked"
        return [size, *found, *([passed] if not self.problems else [])]


def check_submission(path: Path, columns: Sequence[str], row_ids: Sequence[str]) -> CheckReport:
    """Look for anything that Kaggle would refuse or that would cost points.

    Args:
        path: The file.
        columns: Class labels in the order of sample_submission.csv.
        row_ids: The rows that must be there, in order.
    """
    try:
        with open(path, encoding="utf-8", newline="") as file:
            header = next(csv.reader(file), [])
    except (OSError, UnicodeDecodeError) as error:
        problem = Problem("unreadable", str(path), f"the file can't be read: {error}")
        return CheckReport(path, 0, 0, (problem,))
    problems = _check_header(header, columns)
    try:
        names, values = _read_body(path, len(header))
    except ValueError as error:
        problems.append(Problem("not-a-number", str(path), f"the table is malformed: {error}"))
        return CheckReport(path, 0, max(0, len(header) - 1), tuple(problems))
    problems += _check_rows(names, row_ids)
    problems += _check_values(names, header[1:], values)
    return CheckReport(path, len(names), max(0, len(header) - 1), tuple(problems))


def _read_body(path: Path, width: int) -> tuple[list[str], npt.NDArray[np.float64]]:
    """Row names and values [R, C]; an empty or NaN cell is NaN.

    Raises:
        ValueError: if a row has another length or a cell is no number.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    if width == 0:
        return [], np.zeros((0, 0))
    positions = [str(position) for position in range(width)]
    types: dict[str, Any] = dict.fromkeys(positions, pa.float64())
    types["0"] = pa.string()
    table = arrow_csv.read_csv(
        path,
        read_options=arrow_csv.ReadOptions(column_names=positions, skip_rows=1),
        convert_options=arrow_csv.ConvertOptions(column_types=types),
    )
    values = np.empty((table.num_rows, width - 1))
    for column, position in enumerate(positions[1:]):
        values[:, column] = table[position].to_numpy()
    return table["0"].to_pylist(), values


def _check_header(header: Sequence[str], columns: Sequence[str]) -> list[Problem]:
    """First column row_id, then every class once, in the sample's order."""
    if not header:
        return [Problem("empty", "", "the file is empty")]
    problems = []
    if header[0] != ROW_ID:
        problems.append(
            Problem("first-column", header[0], f"the first column is {header[0]!r}, not 'row_id'")
        )
    given = list(header[1:])
    problems += _compare("column", given, columns)
    if not problems and given != list(columns):
        first = next(a for a, b in zip(given, columns, strict=True) if a != b)
        text = f"the columns are not in the sample's order, from {first!r} on"
        problems.append(Problem("column-order", first, text))
    return problems


def _check_rows(names: Sequence[str], row_ids: Sequence[str]) -> list[Problem]:
    problems = _compare("row", names, row_ids)
    if not problems and list(names) != list(row_ids):
        first = next(a for a, b in zip(names, row_ids, strict=True) if a != b)
        text = f"the rows are in another order than asked, from {first!r} on"
        problems.append(Problem("row-order", first, text, severity="note"))
    return problems


def _compare(what: str, given: Sequence[str], wanted: Sequence[str]) -> list[Problem]:
    """Names missing, too many, or double."""
    there, asked = set(given), set(wanted)
    missing = [name for name in wanted if name not in there]
    extra = [name for name in dict.fromkeys(given) if name not in asked]
    double = [name for name, count in Counter(given).items() if count > 1]
    hint = nearest(missing[0], extra) if missing and extra else ""
    found = (
        ("missing", missing, f"missing{hint}"),
        ("extra", extra, "not asked for"),
        ("duplicate", double, "there more than once"),
    )
    return [
        Problem(f"{kind}-{what}", names[0], f"{_count(what, names)} {text}")
        for kind, names, text in found
        if names
    ]


def _check_values(
    names: Sequence[str], columns: Sequence[str], values: npt.NDArray[np.float64]
) -> list[Problem]:
    """No NaN, nothing outside 0 to 1."""
    problems = []
    with np.errstate(invalid="ignore"):
        outside = (values < 0) | (values > 1)
    for kind, bad, text in (
        ("nan", np.isnan(values), "empty or not a number (NaN)"),
        ("range", outside, "outside 0 to 1"),
    ):
        if bad.any():
            row, column = np.argwhere(bad)[0]
            where = f"{names[row]}, {columns[column]}"
            count = int(bad.sum())
            text = f"{count} value{'s' if count > 1 else ''} {text}, the first at {where}"
            problems.append(Problem(kind, where, text))
    return problems


def _count(what: str, names: Sequence[str]) -> str:
    """`3 rows (a, b, c)`, with at most a few names."""
    more = ", …" if len(names) > _NAMED else ""
    plural = "s" if len(names) > 1 else ""
    return f"{len(names)} {what}{plural} ({', '.join(names[:_NAMED])}{more})"
