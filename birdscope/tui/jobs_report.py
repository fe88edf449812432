"""Pieces of the text about a job: keys and values, broken well, and a submission's report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content

from birdscope.core import paths
from birdscope.tui.wrapping import wrapped

if TYPE_CHECKING:
    from birdscope.submission.report import SubmissionReport

_FINDINGS = {
    "ok": ("✓", "$text-success"),
    "note": ("●", "$text-warning"),
    "error": ("✗", "$text-error"),
}
_KEY = 10


def report_lines(report: SubmissionReport, width: int) -> list[Content]:
    """A submission's checks in plain words; where the file lies comes right after the verdict."""
    size = f"{report.rows:,} rows × {report.columns:,} classes"
    head = (
        mark("b $text-success", f"✓ would be accepted: {size}")
        if report.ok
        else mark("b $text-error", f"✗ would not be accepted: {size}")
    )
    lines = [head]
    if report.split and report.split != "test_soundscapes":
        lines.append(mark("$text-warning", f"● for debugging: these are {report.split}"))
    lines += [*_file(report.path, width), Content("")]
    for finding in report.findings:
        sign, colour = _FINDINGS[finding.mark]
        lines.append(mark(colour, f"{sign} ") + Content(finding.text))
    lines += [mark("$text-warning", "● ") + Content(remark) for remark in report.remarks]
    return [*lines, Content(""), *_came_from(report, width)]


def _file(path: Path, width: int) -> list[Content]:
    keys = key("c") + hint(" copies the path, ") + key("o") + hint(" shows it")
    return [*pair("file", short_path(path), width), Content(" " * _KEY) + keys]


def _came_from(report: SubmissionReport, width: int) -> list[Content]:
    counts = ", ".join(f"{count} {status}" for status, count in report.outcomes.items())
    there = report.recordings - report.predicted
    kept = f", {there} were there already" if there else ""
    return [
        *pair("sound", f"{report.recordings} recordings: {counts}{kept}", width),
        *pair("scores", f"{report.ensemble}, post-processed with {report.settings}", width),
    ]


def short_path(path: Path) -> str:
    """A path as seen from the folder that holds the sessions, where it lies in there."""
    home = paths.home()
    return str(path.relative_to(home)) if path.is_relative_to(home) else str(path)


def pair(name: str, value: str, width: int, role: str = "text", least: int = 0) -> list[Content]:
    """A key and its value, with the value's lines under each other."""
    indent = max(_KEY, least, len(name) + 1)
    parts = wrapped(value, max(width - indent, 20))
    colour = "$text-muted" if role == "dim" else "$text"
    first = hint(f"{name:<{indent}}") + mark(colour, parts[0])
    return [first, *(mark(colour, " " * indent + part) for part in parts[1:])]


def hint(text: str) -> Content:
    """A text of less weight."""
    return mark("$text-muted", text)


def key(name: str) -> Content:
    """A key to press."""
    return mark("b $footer-key-foreground", name)


def mark(style: str, text: str) -> Content:
    """A text in a style of the theme."""
    return Content.from_markup(f"[{style}]$text[/]", text=text)
