"""What Audition says: its feed in words, lines and marks."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.content import Content

from birdscope.core.types import Species
from birdscope.core.units import duration
from birdscope.tui.audition_feed import AuditionFeed, Choice, WindowKey
from birdscope.tui.ensembles import none_fits

if TYPE_CHECKING:
    from birdscope.core.verdicts import QueueKind, Verdict
    from birdscope.engine.audition_messages import JudgeSummary, PrecisionAt, ThresholdAt

KINDS: Mapping[QueueKind, tuple[str, str]] = {
    "score": (
        "best first",
        "where the ensemble is most sure; for a first threshold",
    ),
    "uncertainty": (
        "least sure first",
        "nearest to 0.5; for the steep part of the curve",
    ),
    "disagreement": (
        "members disagree",
        "where the members of the ensemble differ most; for their errors",
    ),
    "auc_loss": (
        "costs most AUC",
        "labelled windows that cost most; for errors of model or label",
    ),
    "stratified": (
        "random by score",
        "drawn from every range of scores; for honest figures and Tune",
    ),
    "clips": ("training clips", "windows of this species' own recordings in train_audio"),
}
"""Kind of queue → its short name, and what it is good for."""

_ANSWERS = {"yes": ("✓ yes", "good"), "no": ("✗ no", "bad"), "maybe": ("? maybe", "warn")}
_KEY = "[b $footer-key-foreground]{}[/]"


def header(
    choice: Choice, species: Species | None, source: str, annotator: str, width: int
) -> Content:
    """The species, its queue, the filters; at the right what is scored and who judges.

    Args:
        choice: What is wanted.
        species: The one chosen; None before.
        source: What the scores are of.
        annotator: Who judges, and how; empty before anybody said.
        width: Cells there are.
    """
    if species is None:
        return Content.from_markup("[b $footer-key-foreground]/[/] [$text-muted]species[/]")
    line = Content.from_markup("[b]$name[/]", name=species.name)
    if species.name != species.label:
        line += Content.from_markup(" [$text-secondary]$code[/]", code=species.label)
    line += _quiet(f" · {KINDS[choice.kind][0]}")
    for one in filters(choice):
        line += Content.from_markup(" · [$text-warning]$one[/]", one=one)
    for right in (" · ".join(part for part in (source, annotator) if part), annotator):
        gap = width - line.cell_length - len(right)
        if gap >= 2:
            return line + _quiet(" " * gap + right)
    return line


def filters(choice: Choice) -> list[str]:
    """What is left out, a few words each."""
    found = []
    if choice.recordings:
        found.append(f"in “{choice.recordings}”")
    if choice.hours is not None:
        found.append(f"{choice.hours[0]}–{choice.hours[1]} h")
    if choice.hide_judged:
        found.append("unjudged only")
    return found


def mark(verdict: Verdict, label: str) -> tuple[str, str]:
    """The word of a verdict in the list of a species, and its role."""
    if verdict.label != label:
        return "✓ yes", "good"
    if verdict.corrected_label:
        return f"→ {verdict.corrected_label}", "bad"
    return _ANSWERS[verdict.answer]


def marks(feed: AuditionFeed) -> dict[WindowKey, tuple[str, str]]:
    """Every verdict of the species, and the answers that could not be kept."""
    label = feed.choice.label
    found = {window: mark(one, label) for window, one in feed.verdicts.items()}
    return found | dict.fromkeys(feed.unsaved, ("✗ unsaved", "bad"))


def left(feed: AuditionFeed) -> int:
    """Windows of the queue on show without a verdict."""
    if feed.found is None:
        return 0
    return sum((one.recording, one.index) not in feed.verdicts for one in feed.found.items)


def queue_titles(feed: AuditionFeed, row: int) -> tuple[str, str]:
    """What stands in the frame of the queue: above and below."""
    found = feed.found
    if found is None or not found.items:
        return "Queue", "…" if feed.loading else ""
    below = f"{left(feed)} left"
    if found.recordings < found.of_recordings:
        below = f"{found.recordings}/{found.of_recordings} files · r again · {below}"
    elif found.total > len(found.items):
        below += f" · {found.total:,} in all"
    return f"Queue {row + 1}/{len(found.items)}", below


def hint(feed: AuditionFeed, species: Species | None, to_predict: str) -> Content:
    """What to do while there is no window to show.

    Args:
        feed: The state.
        species: The one chosen; None before.
        to_predict: What R would predict, with the time it takes; empty where it can't.
    """
    if species is None:
        return _quiet("No species is chosen. ") + _key("/") + _quiet(" lists them.")
    if feed.problem:
        return _bad(feed.problem)
    if feed.found is None:
        return _quiet("The windows are being ranked …")
    found = feed.found
    if not found.recordings and to_predict:
        what, *_ = found.problem.splitlines() or [""]
        lines = [_bad(f"{what[:1].upper()}{what[1:]}."), Content("")]
        lines.append(_key("R") + _quiet(f" predicts {to_predict}"))
        return Content("\n").join([*lines, _key("2") + _quiet(" and r predict one soundscape")])
    if not found.recordings and feed.ensemble is None and feed.choice.kind != "clips":
        return _quiet(none_fits("e on Scope"))
    lines = [_bad(found.problem) if found.problem else _quiet("No window fits.")]
    if filters(feed.choice):
        lines += [Content(""), _key("F") + _quiet(" changes the filter, ") + _key("esc")]
        lines[-1] += _quiet(" lists all windows again")
    if found.judged:
        text = f"{found.judged} judged windows are left out: "
        lines += [Content(""), _quiet(text) + _key("H") + _quiet(" shows them")]
    return Content("\n").join(lines)


def needed(count: int, part: str, seconds: float) -> str:
    """What a prediction of a part of the dataset is: files and time."""
    time = f", about {duration(seconds)}" if seconds > 0 else ""
    return f"all {count:,} {part} as a job{time}"


def tally(feed: AuditionFeed) -> Content:
    """How many windows have which answer."""
    summary = feed.summary
    if summary is None:
        return _quiet("…" if not feed.summary_problem else "")
    judged = summary.yes + summary.no + summary.maybe
    if not judged:
        return (
            _quiet("no verdicts yet: ")
            + _key("y")
            + _quiet(" yes  ")
            + _key("n")
            + _quiet(" no  ")
            + _key("m")
            + _quiet(" maybe")
        )
    line = Content.from_markup("[b]$count[/] judged ", count=str(judged))
    for sign, role, count in (
        ("✓", "success", summary.yes), ("✗", "error", summary.no), ("?", "warning", summary.maybe)
    ):  # fmt: skip
        line += Content.from_markup(f"  [$text-{role}]{sign}[/] {count}")
    return line


def precision_line(one: PrecisionAt) -> Content:
    """precision@k with its interval."""
    line = Content.from_markup("[$text-muted]$name[/]", name=f"precision@{one.k:<4}")
    line += Content.from_markup("[b]$share[/]", share=f"{one.precision:5.0%}")
    line += _quiet(f"  {one.low:.0%}–{one.high:.0%}")
    return line + _quiet(f"  {one.gaps} unjudged") if one.gaps else line


def threshold_line(one: ThresholdAt) -> Content:
    """The score for a precision, with its interval or why there is none."""
    line = Content.from_markup("[$text-muted]$name[/]", name=f"{one.precision:.0%} right ")
    if one.score is None:
        return line + _quiet(f"   {one.reason or 'no score reaches it'}")
    line += Content.from_markup("from [b]$score[/]", score=f"{one.score:.3f}")
    if one.low is None and one.high is None:
        return line
    low = "0" if one.low is None else f"{one.low:.3f}"
    high = "?" if one.high is None else f"{one.high:.3f}"
    return line + _quiet(f"  {low}–{high}")


def summary_lines(feed: AuditionFeed, width: int, rows: int) -> Content:
    """Tally, precision, thresholds and remarks: as many as there is room for."""
    first = [_error(f"NOT SAVED: {feed.save_problem}")] if feed.save_problem else []
    first.append(tally(feed))
    if feed.summary_problem:
        first.append(_bad(feed.summary_problem))
    summary = feed.summary
    if summary is None or not summary.precision:
        return Content("\n").join(first)
    last = [threshold_line(one) for one in summary.thresholds]
    if not summary.enough:
        last = [_bad(summary.reason)]
    room = rows - _height([*first, *last], width)
    notes = [_quiet(one) for one in summary.notes]
    kept = min(max(1, room - _height(notes, width)), len(summary.precision))
    precision = [precision_line(one) for one in summary.precision[-kept:]]
    return Content("\n").join([*first, *reversed(precision), *last, *notes])


def _height(lines: list[Content], width: int) -> int:
    """Rows that lines take, the long ones broken."""
    return sum(max(1, math.ceil(one.cell_length / max(width, 1))) for one in lines)


def hours_of(text: str) -> tuple[int, int] | None:
    """First and last hour of `5-9`; None of an empty text.

    Raises:
        ValueError: it is no span of hours.

    >>> hours_of("5-9")
    (5, 9)
    """
    if not text.strip():
        return None
    found = re.fullmatch(r"\s*(\d{1,2})\s*(?:h\s*)?[-–]\s*(\d{1,2})\s*h?\s*", text)
    if found is None:
        raise ValueError("two hours of the day, such as 5-9")
    first, second = int(found[1]), int(found[2])
    if first > 24 or second > 24 or first == second:
        raise ValueError("hours from 0 to 24, the second one is left out")
    return first, second


def curve_of(
    summary: JudgeSummary | None,
) -> tuple[list[float], list[float]]:
    """The calibration curve: scores, and the probability that the species is there."""
    if summary is None or not summary.enough:
        return [], []
    pairs = [pair for pair in summary.curve if all(map(math.isfinite, pair))]
    return [score for score, _ in pairs], [share for _, share in pairs]


def _key(text: str) -> Content:
    return Content.from_markup("[b $footer-key-foreground]$key[/]", key=text)


def _quiet(text: str) -> Content:
    return Content.from_markup("[$text-muted]$text[/]", text=text)


def _bad(text: str) -> Content:
    return Content.from_markup("[$text-warning]$text[/]", text=text)


def _error(text: str) -> Content:
    return Content.from_markup("[b $text-error]$text[/]", text=text)
