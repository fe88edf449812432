"""What became of a submission, in plain words: written beside the CSV, read by the interface.

Imports no science, so that showing a report costs nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from birdscope.core import atomic
from birdscope.core.errors import SubmissionError
from birdscope.core.types import Problem

Mark = Literal["ok", "note", "error"]
ENDING = ".report.json"
_UNREAD = frozenset({"unreadable", "not-a-number"})
_CHECKS = (
    (
        "the columns are those asked for, in their order",
        ("first-column", "empty", "missing-column", "extra-column", "duplicate-column",
         "column-order"),
    ),
    (
        "every row is there once, in its order",
        ("missing-row", "extra-row", "duplicate-row", "row-order"),
    ),
    ("every value is a number", ("nan",)),
    ("every value lies between 0 and 1", ("range",)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked: what was found, and how bad it is."""

    text: str
    mark: Mark


@dataclass(frozen=True)
class SubmissionReport:
    """What a person wants to know of a written submission.

    Attributes:
        path: The CSV.
        ok: Whether it would be accepted.
        rows: Rows in it.
        columns: Classes in it.
        findings: Each check in plain words.
        remarks: What was filled in or left out.
        dataset: Name of the dataset.
        split: Part of it that was predicted; other than test_soundscapes is for debugging.
        ensemble: Name of the ensemble.
        settings: Name of the post-processing.
        recordings: How many were asked for.
        outcomes: Status → recordings.
        predicted: Recordings predicted by this run; the others were there already.
        seconds: Wall time of the whole command.
        made: Unix time of the report, seconds.
    """

    path: Path
    ok: bool
    rows: int
    columns: int
    findings: tuple[Finding, ...] = ()
    remarks: tuple[str, ...] = ()
    dataset: str = ""
    split: str = ""
    ensemble: str = ""
    settings: str = ""
    recordings: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    predicted: int = 0
    seconds: float = 0.0
    made: float = field(default_factory=time.time)


def findings_of(problems: Sequence[Problem]) -> tuple[Finding, ...]:
    """Each check with its outcome; checks that a malformed file prevented are left out."""
    unread = any(one.kind in _UNREAD for one in problems)
    found: list[Finding] = []
    for text, kinds in _CHECKS:
        here = [one for one in problems if one.kind in kinds]
        found += [_finding(one) for one in here]
        if not here and not unread:
            found.append(Finding(text, "ok"))
    known = {kind for _, kinds in _CHECKS for kind in kinds}
    return (*found, *(_finding(one) for one in problems if one.kind not in known))


def _finding(problem: Problem) -> Finding:
    return Finding(problem.text, "error" if problem.severity == "error" else "note")


def report_path(csv: Path) -> Path:
    """Where the report of a CSV lies: `<name>.csv.report.json` beside it."""
    return csv.with_name(csv.name + ENDING)


def write_report(report: SubmissionReport) -> Path:
    """Write the report beside its CSV, whole or not at all; gives its path.

    Raises:
        SubmissionError: if the folder can't be written.
    """
    path = report_path(report.path)
    body = {**asdict(report), "path": str(report.path)}
    try:
        atomic.write_text(path, json.dumps(body, ensure_ascii=False, indent=1) + "\n")
    except OSError as error:
        raise SubmissionError(
            f"the report can't be written: {error.strerror or error}",
            path=path,
            remedy="make room or choose another folder",
        ) from error
    return path


def read_report(path: Path) -> SubmissionReport:
    """Read a report back.

    Raises:
        SubmissionError: if it is missing or damaged.
    """
    try:
        body: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        body["path"] = Path(body["path"])
        body["findings"] = tuple(Finding(**one) for one in body["findings"])
        body["remarks"] = tuple(body["remarks"])
        return SubmissionReport(**body)
    except FileNotFoundError:
        raise SubmissionError("there is no report", path=path, remedy="export again") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SubmissionError(
            f"the report can't be read: {error!r}", path=path, remedy="export again"
        ) from None
