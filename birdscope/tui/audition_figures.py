"""What Audition says of the verdicts: tally, precision, thresholds, the curve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from birdscope.tui.audition_feed import AuditionFeed
from birdscope.tui.audition_text import bad, key, quiet

if TYPE_CHECKING:
    from birdscope.engine.audition_messages import JudgeSummary, PrecisionAt, ThresholdAt

_FIRST_KEYS = (
    ("space", "hear it; enter: with 2 s around"),
    ("y n m", "yes, no, maybe; c: another species"),
    ("v", "its own recordings beside it"),
)
_THEN = "10 yes and 10 no give the score from which 90, 95 and 99 % are right."


def tally(feed: AuditionFeed) -> Content:
    """How many windows have which answer."""
    summary = feed.summary
    if summary is None:
        return quiet("…" if not feed.summary_problem else "")
    judged = summary.yes + summary.no + summary.maybe
    if not judged:
        return Content("\n").join(
            [
                Content("Is the species in the marked 5 s?"),
                *(key(name) + quiet(f"  {text}") for name, text in _FIRST_KEYS),
                quiet(_THEN),
            ]
        )
    line = Content.from_markup("[b]$count[/] judged ", count=str(judged))
    for sign, role, count in (
        ("✓", "success", summary.yes), ("✗", "error", summary.no), ("?", "warning", summary.maybe)
    ):  # fmt: skip
        line += Content.from_markup(f"  [$text-{role}]{sign}[/] {count}")
    return line


def precision_line(one: PrecisionAt, width: int = 80) -> Content:
    """precision@k with its interval; where better windows are not judged, of k judged ones.

    Args:
        one: The figures.
        width: Cells there are; the line is shorter where they are few.
    """
    name = f"of {one.k} judged" if one.gaps else f"precision@{one.k}"
    line = Content.from_markup("[$text-muted]$name[/]", name=f"{name:<13}")
    line += Content.from_markup("[b]$share[/]", share=f"{one.precision:5.0%}")
    line += quiet(f"  {one.low:.0%}–{one.high:.0%}")
    if not one.gaps:
        return line
    texts = (f"  {one.gaps:,} above not judged", f"  {one.gaps:,} skipped")
    return line + quiet(next((text for text in texts if _fits(line, text, width)), ""))


def _fits(line: Content, text: str, width: int) -> bool:
    """Whether a text has room behind a line."""
    return line.cell_length + len(text) <= width


def threshold_line(one: ThresholdAt) -> Content:
    """The score for a precision, with its interval or why there is none."""
    line = Content.from_markup("[$text-muted]$name[/]", name=f"{one.precision:.0%} right ")
    if one.score is None:
        return line + quiet(f"   {one.reason or 'no score reaches it'}")
    line += Content.from_markup("from [b]$score[/]", score=f"{one.score:.3f}")
    if one.reason:
        return line + quiet(" or lower")
    if one.low is None and one.high is None:
        return line
    low = "0" if one.low is None else f"{one.low:.3f}"
    high = "?" if one.high is None else f"{one.high:.3f}"
    return line + quiet(f"  {low}–{high}")


def threshold_lines(thresholds: Sequence[ThresholdAt]) -> list[Content]:
    """A line for each precision; one for all that no score reaches."""
    reached = [one for one in thresholds if one.score is not None]
    beyond = [one for one in thresholds if one.score is None]
    lines = [threshold_line(one) for one in reached]
    if len(beyond) > 1:
        names = ", ".join(f"{100 * one.precision:.0f}" for one in beyond)
        first = beyond[0].reason or "no score reaches it"
        lines.append(quiet(f"{names} % right  {first}"))
    else:
        lines += [threshold_line(one) for one in beyond]
    return lines


def summary_lines(feed: AuditionFeed, width: int, rows: int) -> Content:
    """Tally, precision, thresholds and remarks: as many as there is room for."""
    first = [_error(f"NOT SAVED: {feed.save_problem}")] if feed.save_problem else []
    first.append(tally(feed))
    if feed.summary_problem:
        first.append(bad(feed.summary_problem))
    summary = feed.summary
    if summary is None or not summary.precision:
        return Content("\n").join(first)
    last = threshold_lines(summary.thresholds)
    if not summary.enough:
        last = [bad(summary.reason)]
    room = rows - _height([*first, *last], width)
    notes = [quiet(one) for one in summary.notes]
    kept = min(max(1, room - _height(notes, width)), len(summary.precision))
    precision = [precision_line(one, width) for one in summary.precision[-kept:]]
    return Content("\n").join([*first, *reversed(precision), *last, *notes])


def _height(lines: list[Content], width: int) -> int:
    """Rows that lines take, the long ones broken."""
    return sum(max(1, math.ceil(one.cell_length / max(width, 1))) for one in lines)


def curve_of(
    summary: JudgeSummary | None,
) -> tuple[list[float], list[float]]:
    """The calibration curve: scores, and the probability that the species is there."""
    if summary is None or not summary.enough:
        return [], []
    pairs = [pair for pair in summary.curve if all(map(math.isfinite, pair))]
    return [score for score, _ in pairs], [share for _, share in pairs]


def _error(text: str) -> Content:
    return Content.from_markup("[b $text-error]$text[/]", text=text)
