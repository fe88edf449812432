"""Read the CSV tables of a dataset: whole, as text, with errors that name file and line."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from birdscope.core.errors import DatasetError, nearest

_REPAIR = "repair that line, or download the file again"


@dataclass(frozen=True)
class Table:
    """A CSV file as text.

    Attributes:
        path: Where it came from.
        header: Column names.
        rows: The cells of each row, as many as the header has; empty lines are left out.
        left_out: Line and number of cells of each row that has more or fewer.
    """

    path: Path
    header: tuple[str, ...]
    rows: list[list[str]]
    left_out: tuple[tuple[int, int], ...] = ()

    def column(self, name: str) -> int:
        """Where a column stands.

        Raises:
            DatasetError: if there is none of that name; names the nearest.
        """
        try:
            return self.header.index(name)
        except ValueError:
            raise DatasetError(
                f"has no column {name!r}{nearest(name, self.header)}",
                path=self.path,
                remedy=f"its columns are: {', '.join(self.header[:20])}",
            ) from None

    def get(self, row: list[str], name: str) -> str:
        """A cell, stripped; empty where the table has no such column."""
        return row[self.header.index(name)].strip() if name in self.header else ""


def read_table(path: Path, *, tolerant: bool = False) -> Table:
    """Read a CSV file; a byte-order mark is skipped.

    Args:
        path: The file.
        tolerant: Leave out a row with more or fewer cells than the header (the torn end of
            a broken download, say) instead of refusing the file.

    Raises:
        DatasetError: if it is missing, empty, not UTF-8 or not CSV, or, unless tolerant, if
            a row has more or fewer cells than the header; names the line.
    """
    reader = csv.reader(io.StringIO(_decoded(path, _bytes(path)), newline=""), strict=not tolerant)
    try:
        header = _header(path, next(reader, None))
        rows, left_out = [], []
        for row in reader:
            if len(row) == len(header):
                rows.append(row)
            elif row and tolerant:
                left_out.append((reader.line_num, len(row)))
            elif row:
                raise _wrong_width(path, reader.line_num, len(row), len(header))
    except csv.Error as error:
        raise DatasetError(
            f"is not valid CSV at line {reader.line_num}: {error}", path=path, remedy=_REPAIR
        ) from None
    return Table(path, header, rows, tuple(left_out))


def read_header(path: Path) -> tuple[str, ...]:
    """The column names alone, without reading the rest.

    Raises:
        DatasetError: as `read_table`.
    """
    first_line = _decoded(path, _bytes(path, first_line=True))
    try:
        return _header(path, next(csv.reader([first_line], strict=True), None))
    except csv.Error as error:
        raise DatasetError(
            f"is not valid CSV at line 1: {error}", path=path, remedy=_REPAIR
        ) from None


def read_text(path: Path) -> str:
    """A small text file; empty where it is missing, odd bytes replaced."""
    try:
        return path.read_text(encoding="utf-8-sig", errors="replace").strip()
    except OSError:
        return ""


def _header(path: Path, row: list[str] | None) -> tuple[str, ...]:
    if not row:
        raise DatasetError("is empty: it has no header line", path=path, remedy=_REPAIR)
    return tuple(name.strip() for name in row)


def _wrong_width(path: Path, line: int, found: int, width: int) -> DatasetError:
    return DatasetError(
        f"line {line} has {found} cells, the header has {width}", path=path, remedy=_REPAIR
    )


def _bytes(path: Path, *, first_line: bool = False) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.readline() if first_line else file.read()
    except FileNotFoundError:
        raise DatasetError("there is no such file", path=path, remedy="check the path") from None
    except OSError as error:
        raise DatasetError(f"can't be read: {error.strerror}", path=path) from None


def _decoded(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DatasetError(
            f"is not UTF-8 text: byte 0x{data[error.start]:02x} in line {line}",
            path=path,
            remedy="save it as UTF-8",
        ) from None
