"""Jobs in words: state, progress, time, the whole of one job. Pure."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from textual.content import Content

from birdscope.core import paths
from birdscope.core.units import clock, duration
from birdscope.tui.jobs_report import hint, key, mark, pair, report_lines, short_path
from birdscope.tui.wrapping import wrapped

if TYPE_CHECKING:
    from birdscope.jobs.job import Job, State
    from birdscope.submission.report import SubmissionReport
    from birdscope.tui.jobs_watch import Ended, JobsSnapshot, JobView

Severity = Literal["information", "warning", "error"]
SPINNER = "◐◓◑◒"
SPINS_PER_S = 4
ICONS: dict[State, tuple[str, str]] = {
    "queued": ("◌", "dim"),
    "running": ("◐", "accent"),
    "finished": ("✓", "good"),
    "failed": ("✗", "bad"),
    "cancelled": ("⊘", "dim"),
    "interrupted": ("↯", "warn"),
}
_VARIABLES = {
    "dim": "$text-muted",
    "accent": "$text-accent",
    "good": "$text-success",
    "bad": "$text-error",
    "warn": "$text-warning",
}
_PRELIMINARY = ("loading ", "ensemble loaded", "reading headers")
"""What messages of progress begin with before a job's own work."""
_METRICS = {
    "s_per_soundscape": ("per soundscape", " s"),
    "s_start_and_end": ("start and end", " s, with the reserve"),
    "minutes_for_700": ("700 soundscapes", " min"),
}
"""Key of a metric → what it is called, and what follows its value."""
_BAR = 28
_LONGEST = 2000
"""Of a text that a job says: whatever it is, it must not fill the screen."""
_ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|.)")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def icon(state: State, now: float) -> tuple[str, str]:
    """The sign of a state and its role; that of a running job turns."""
    sign, role = ICONS[state]
    return (SPINNER[int(now * SPINS_PER_S) % len(SPINNER)] if state == "running" else sign), role


def title_of(job: Job) -> str:
    """The title on one line."""
    return clean(job.spec.title).replace("\n", " ")


def ago(seconds: float) -> str:
    """An age in few letters: now, 40 s, 5 min, 3 h, 2 d.

    >>> ago(200)
    '3 min'
    """
    if seconds < 1:
        return "now"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def percent(job: Job) -> str:
    """How far a job is, as a whole number of percent; empty where unknown."""
    fraction = fraction_of(job)
    return "" if fraction is None else f"{int(fraction * 100)}%"


def fraction_of(job: Job) -> float | None:
    """Share done, 0–1; None where unknown, or where the job only makes ready for its work."""
    return None if _makes_ready(job) else job.progress.fraction


def _makes_ready(job: Job) -> bool:
    """Whether what it counts comes before its work: nets to load, headers to read."""
    return job.progress.message.startswith(_PRELIMINARY)


def bar(fraction: float, width: int) -> tuple[str, str]:
    """The done and the open part of a bar of `width` cells, to half a cell."""
    halves = round(min(max(fraction, 0.0), 1.0) * width * 2)
    full, half = divmod(halves, 2)
    return "━" * full + "╸" * half, "─" * (width - full - half)


def time_left(view: JobView, now: float) -> str:
    """What is to be said of a job's time: left, waited, taken."""
    job = view.job
    if view.note:
        return view.note
    if job.state == "queued":
        return "waits for a place"
    if job.state == "running":
        left_s = None if _makes_ready(job) else job.progress.remaining_s(now)
        return f"{_short(left_s)} left" if left_s is not None else clock(view.seconds)
    return f"took {_short(view.seconds)}" if view.seconds >= 1 else ""


def _short(seconds: float) -> str:
    """Like `duration`, but past ten minutes without seconds."""
    return duration(seconds if seconds < 600 else seconds - seconds % 60).removesuffix(" 0 s")


def indicator(snapshot: JobsSnapshot, now: float) -> str:
    """The jobs in the player bar: how many, the sign of the first, how far it is."""
    live = snapshot.live
    if not live:
        return ""
    running = [one.job for one in live if one.job.state == "running"]
    shown = running[0] if running else live[0].job
    parts = [str(len(live)), icon(shown.state, now)[0], percent(shown)]
    return " ".join(part for part in parts if part)


def ended_notice(view: JobView) -> tuple[str, str, Severity]:
    """Title, text and severity of the notification that a job has ended."""
    job = view.job
    title, reason = title_of(job), clean(job.progress.reason[:_LONGEST])
    if job.state == "finished":
        return "Finished", f"{title} (in {_short(max(view.seconds, 1))})", "information"
    if job.state == "failed":
        remedy = f"\n→ {job.progress.remedy}" if job.progress.remedy else ""
        said = reason.split("\n  →")[0]
        return "Failed", f"{title}: {said}{remedy}", "error"
    if job.state == "cancelled":
        return "Cancelled", f"{title}\n→ r on tab 6 goes on", "information"
    return "Interrupted", f"{title}\n→ r on tab 6 goes on", "warning"


def ended_notices(ended: Ended) -> list[tuple[str, str, Severity]]:
    """One notification for each job, or one for all where they are many."""
    if len(ended.views) <= 3:
        return [ended_notice(one) for one in ended.views]
    return [("Jobs", f"{len(ended.views)} jobs have ended", "information")]


def detail(
    view: JobView, log: str, report: SubmissionReport | None, now: float, width: int = 78
) -> Content:
    """Everything worth knowing of a job within `width` cells, its log's end last."""
    job = view.job
    blocks = [_state_lines(view, now)]
    if report is not None:
        blocks.append(report_lines(report, width))
    blocks.append(_facts(job, width, told=report is not None))
    if log.strip():
        parts = (part for line in lines_of(log) for part in _fitting(line, width))
        lines = [hint(part) for part in parts]
        blocks.append([mark("$text-secondary", "log") + hint(" · enter shows all of it"), *lines])
    return Content("\n\n").join([Content("\n").join(block) for block in blocks if block])


def _state_lines(view: JobView, now: float) -> list[Content]:
    """State, reason and remedy, bar."""
    job = view.job
    sign, role = icon(job.state, now)
    colour = _VARIABLES[role]
    lines = [mark(f"b {colour}", f"{sign} {job.state}") + mark("$text-muted", _when(view, now))]
    progress = job.progress
    reason = clean(progress.reason[:_LONGEST]).split("\n  →")[0]
    if job.state in ("failed", "cancelled") and reason:
        tone = "$text-error" if job.state == "failed" else "$text-muted"
        lines.append(mark(tone, reason))
    if job.state == "interrupted":
        lines.append(mark("$text-warning", "its process is gone without a last word"))
    if job.state == "failed" and progress.remedy:
        lines.append(mark("$text-warning", f"→ {progress.remedy}"))
    if job.state in ("failed", "cancelled", "interrupted"):
        lines.append(key("r") + mark("$text-muted", " goes on where it stopped"))
    if job.state != "finished":
        lines += _bar_lines(job)
    return lines


def _when(view: JobView, now: float) -> str:
    created = view.job.spec.created
    clock_time = time.strftime("%H:%M", time.localtime(created))
    if now - created > 86400:
        clock_time = time.strftime("%Y-%m-%d %H:%M", time.localtime(created))
    said = time_left(view, now)
    begun = "since" if view.job.state == "queued" else "begun"
    return f" · {begun} {clock_time}" + (f" · {said}" if said else "")


def _bar_lines(job: Job) -> list[Content]:
    progress = job.progress
    lines = []
    fraction = fraction_of(job)
    if fraction is not None and progress.total is not None:
        done, rest = bar(fraction, _BAR)
        line = mark("$primary" if job.live else "$text-muted", done) + mark("$border", rest)
        count = f"{progress.done:,g} of {progress.total:,g} {progress.unit}".rstrip()
        plural = "s" if progress.unit and progress.total != 1 else ""
        lines.append(line + Content(f"  {percent(job)}  ") + mark("$text-muted", count + plural))
    if progress.message:
        lines.append(mark("$text-muted", clean(progress.message[:_LONGEST])))
    return lines


def _facts(job: Job, width: int, told: bool) -> list[Content]:
    """Metrics, files (unless a report told of them), warnings, the command."""
    progress = job.progress
    rows = [_metric(name, value) for name, value in progress.metrics.items()]
    if not told:
        rows += [("made", short_path(Path(path))) for path in progress.artifacts]
    if progress.warnings:
        rows.append(("warnings", f"{progress.warnings}, see the log"))
    if job.spec.parents:
        rows.append(("goes on", f"with job {job.spec.parents[-1]}"))
    least = min(max((len(name) + 2 for name, _ in rows), default=0), width // 3)
    lines = [line for name, value in rows for line in pair(name, value, width, least=least)]
    command = clean(shlex.join(job.spec.argv)).replace(f"{paths.home()}/", "")
    return lines + pair("command", f"birdscope {command}", width, "dim", least)


def _metric(name: str, value: object) -> tuple[str, str]:
    """What a metric is called, and its value with a unit where it is known."""
    called, unit = _METRICS.get(name, (name.replace("_", " "), ""))
    return called, _number(value) + unit


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)[:_LONGEST]


def clean(text: str) -> str:
    """A log without colour codes and control characters; of rewritten lines the last state."""
    lines = (line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n"))
    return "\n".join(_CONTROLS.sub("", _ESCAPES.sub("", line)).expandtabs(4) for line in lines)


def _fitting(line: str, width: int) -> list[str]:
    return [line] if len(line) <= width else wrapped(line, width)


def lines_of(text: str) -> Sequence[str]:
    """The lines of a log, cleaned."""
    return clean(text).splitlines()
