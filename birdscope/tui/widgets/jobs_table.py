"""The table of jobs: state, title, progress, time left, age."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType

from birdscope.tui import jobs_text
from birdscope.tui.widgets.rows import RowsView, Span, fit

if TYPE_CHECKING:
    from birdscope.tui.jobs_watch import JobsSnapshot, JobView

_BAR, _WIDE_BAR, _PERCENT, _STATE = 8, 16, 5, 8
_WORDS, _MOST_WORDS, _AGE, _MARGIN = 12, 17, 10, 1
_GAP = "  "


@dataclass(frozen=True, slots=True)
class _Columns:
    """Cells of each column; `age` is 0 where titles need its room."""

    title: int
    progress: int
    words: int
    age: int


@dataclass(frozen=True, slots=True)
class _Needs:
    """What the columns are to hold: the longest title, state and words; whether a job is live."""

    live: bool
    title: int
    state: int
    words: int

    @classmethod
    def of(cls, views: Sequence[JobView], now: float) -> _Needs:
        live = any(one.job.live for one in views)
        words = max((cell_len(jobs_text.time_left(one, now)) for one in views), default=0)
        words = min(words, _MOST_WORDS)
        return cls(
            live,
            max((cell_len(jobs_text.title_of(one.job)) for one in views), default=0),
            max((len(one.job.state) for one in views), default=0),
            # what is left of a job's time changes its length all the while
            max(words, _WORDS) if live else words,
        )


class JobsTable(RowsView):
    """Jobs as rows, newest first; the cursor stays on its job while others come and go.

    Args:
        now: The present, Unix seconds.
    """

    header_rows: ClassVar[int] = 1
    MORE_ROLES: ClassVar[tuple[str, ...]] = ("good", "warn", "bar", "track")
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"rows--{role}" for role in MORE_ROLES}
    DEFAULT_CSS = """
    JobsTable {
        & > .rows--good { color: $text-success; }
        & > .rows--warn { color: $text-warning; }
        & > .rows--bar { color: $primary; }
        & > .rows--track { color: $border; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Log", id="jobs.log", tooltip="The whole log of this job"),
    ]

    def __init__(self, now: Callable[[], float] = time.time, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._now = now
        self._views: tuple[JobView, ...] = ()
        self._needs = _Needs.of((), 0.0)

    @property
    def view(self) -> JobView | None:
        """The job under the cursor."""
        return self._views[self.cursor] if self._views else None

    @property
    def views(self) -> tuple[JobView, ...]:
        """All jobs."""
        return self._views

    def show(self, snapshot: JobsSnapshot) -> None:
        """Show another moment."""
        before, selected = self._views, self.view
        self._views = snapshot.views
        ids = [one.job.id for one in snapshot.views]
        needs = _Needs.of(snapshot.views, self._now())
        if ids != [one.job.id for one in before]:
            self._needs = needs
            kept = selected.job.id if selected is not None else ""
            self.rows_changed(ids.index(kept) if kept in ids else min(self.cursor, len(ids)))
            return
        if needs != self._needs:
            self._needs = needs
            self.refresh()
            return
        for row, (old, new) in enumerate(zip(before, snapshot.views, strict=True)):
            if new.job.live or new != old:
                self.refresh_row(row)

    def select(self, job_id: str) -> None:
        """Put the cursor on a job, if it is there."""
        for row, view in enumerate(self._views):
            if view.job.id == job_id:
                self.cursor = row

    def row_total(self) -> int:
        """How many jobs."""
        return len(self._views)

    def header_spans(self, width: int) -> list[Span]:
        """Titles of the columns."""
        cells = _layout(self._needs, width)
        line = f"  {fit('job', cells.title)}  {fit('progress', cells.progress)}"
        age = _GAP + fit("begun", cells.age) if cells.age else ""
        return [(f"{line}  {fit('', cells.words)}{age}", "header")]

    def spans_of(self, row: int, width: int) -> list[Span]:
        """One job."""
        view, now = self._views[row], self._now()
        job = view.job
        sign, role = jobs_text.icon(job.state, now)
        cells = _layout(self._needs, width)
        return [
            (f"{sign} ", role),
            (fit(jobs_text.title_of(job), cells.title), "text"),
            (_GAP, "text"),
            *_progress_spans(view, cells.progress),
            (_GAP, "text"),
            (fit(jobs_text.time_left(view, now), cells.words), "warn" if view.note else "dim"),
            (_GAP + fit(_age(now - job.spec.created), cells.age) if cells.age else "", "dim"),
        ]

    def action_choose(self) -> None:
        """Show the log."""
        self.choose()


def _age(seconds: float) -> str:
    age = jobs_text.ago(seconds)
    return age if age == "now" else f"{age} ago"


def _layout(needs: _Needs, width: int) -> _Columns:
    """Bars have room while a job runs; titles have what the other columns leave."""
    bar = (_WIDE_BAR if width >= 100 else _BAR) + _PERCENT if needs.live else 0
    progress = max(bar, needs.state, _STATE)
    title = width - 2 - len(_GAP) - progress - len(_GAP) - needs.words - _MARGIN
    age = _AGE if needs.title <= title - len(_GAP) - _AGE else 0
    return _Columns(max(title - (len(_GAP) + age if age else 0), 8), progress, needs.words, age)


def _progress_spans(view: JobView, width: int) -> list[Span]:
    """A bar and percents of a live job in `width` cells; how another one ended."""
    job = view.job
    if not job.live:
        role = jobs_text.ICONS[job.state][1]
        return [(fit(job.state, width), role)]
    fraction = jobs_text.fraction_of(job)
    done, rest = jobs_text.bar(fraction or 0.0, width - _PERCENT)
    return [
        (done, "bar"),
        (rest, "track"),
        (fit(jobs_text.percent(job), _PERCENT, right=True), "text"),
    ]
