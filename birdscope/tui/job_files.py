"""What a job has left on disk: the end of its log, a submission's report, the head of a file."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.core.errors import BirdscopeError
from birdscope.core.units import size
from birdscope.tui.jobs_text import clean

if TYPE_CHECKING:
    from birdscope.jobs.job import Job
    from birdscope.submission.report import SubmissionReport

HEAD_ROWS = 500
_TAIL_LINES, _TAIL_BYTES = 80, 40_000
_LONG_LINES, _LONG_BYTES = 5_000, 1_000_000


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a file, or what is in a folder.

    Attributes:
        path: Which.
        title: Its size in words.
        rows: Cells of the first rows; the first row is a header.
        problem: Why it can't be shown; empty where it can.
    """

    path: Path
    title: str
    rows: tuple[tuple[str, ...], ...] = ()
    problem: str = ""


def log_end(job: Job, *, long: bool = False) -> str:
    """The last lines of a job's log, however big it is."""
    from birdscope.jobs.folder import tail_text

    lines, longest = (_LONG_LINES, _LONG_BYTES) if long else (_TAIL_LINES, _TAIL_BYTES)
    return tail_text(job.log, lines, longest)


def log_size(job: Job) -> int:
    """Bytes of a job's log."""
    try:
        return job.log.stat().st_size
    except OSError:
        return 0


def report_of(job: Job) -> SubmissionReport | None:
    """The report of an ended export; None where there is none."""
    from birdscope.submission.report import ENDING, read_report

    if job.live:
        return None
    for path in job.progress.artifacts:
        if path.endswith(ENDING):
            try:
                return read_report(Path(path))
            except BirdscopeError:
                return None
    return None


def product_of(job: Job) -> Path | None:
    """What a job made: its CSV, else the first thing it tells of."""
    paths = [Path(one) for one in job.progress.artifacts if one]
    tables = [one for one in paths if one.suffix == ".csv"]
    return next(iter([*tables, *paths]), None)


def head_of(path: Path) -> Head:
    """The first rows of a CSV, the first lines of a text, the names in a folder."""
    try:
        if path.is_dir():
            return _folder(path)
        title = size(path.stat().st_size)
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = (clean(line.rstrip("\n")) for line in islice(file, HEAD_ROWS))
            if path.suffix == ".csv":
                return Head(path, title, tuple(tuple(row) for row in csv.reader(lines)))
            return Head(path, title, (("",), *((line,) for line in lines)))
    except (OSError, csv.Error) as error:
        return Head(path, "", problem=f"{path} can't be read: {error}")


def _folder(path: Path) -> Head:
    items = sorted(path.iterdir())
    rows = tuple(
        (one.name, "folder" if one.is_dir() else size(one.stat().st_size))
        for one in islice(items, HEAD_ROWS)
    )
    return Head(path, f"{len(items)} files", (("name", "size"), *rows))
