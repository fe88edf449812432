"""The table of jobs: state, title, progress, time left, age."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from birdscope.tui import jobs_text
from birdscope.tui.widgets.rows import RowsView, Span, fit

if TYPE_CHECKING:
    from birdscope.tui.jobs_watch import JobsSnapshot, JobView

_PERCENT, _AGE, _MARGIN = 5, 7, 1
_ROOM = ((100, (20, 26)), (72, (12, 15)), (0, (8, 16)))
"""From how many cells on: those of the bar, and of the words about time."""


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
        if ids != [one.job.id for one in before]:
            kept = selected.job.id if selected is not None else ""
            self.rows_changed(ids.index(kept) if kept in ids else min(self.cursor, len(ids)))
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
        title, bar, words = _layout(width)
        line = f"  {fit('job', title)}  {fit('progress', bar + _PERCENT)}  {fit('', words)}"
        return [(line + fit("since", _AGE, right=True), "header")]

    def spans_of(self, row: int, width: int) -> list[Span]:
        """One job."""
        view, now = self._views[row], self._now()
        job = view.job
        sign, role = jobs_text.icon(job.state, now)
        title, bar, words = _layout(width)
        age = jobs_text.ago(now - job.spec.created)
        return [
            (f"{sign} ", role),
            (fit(jobs_text.title_of(job), title), "text" if job.live else "dim"),
            ("  ", "text"),
            *_progress_spans(view, bar),
            ("  ", "text"),
            (fit(jobs_text.time_left(view, now), words), "warn" if view.note else "dim"),
            (fit(age, _AGE, right=True), "dim"),
        ]

    def action_choose(self) -> None:
        """Show the log."""
        self.choose()


def _layout(width: int) -> tuple[int, int, int]:
    """Cells of title, bar, and the words about time."""
    bar, words = next(cells for least, cells in _ROOM if width >= least)
    taken = 2 + 2 + bar + _PERCENT + 2 + words + _AGE + _MARGIN
    return max(width - taken, 8), bar, words


def _progress_spans(view: JobView, width: int) -> list[Span]:
    """A bar and percents of a live job; how another one ended."""
    job = view.job
    if not job.live:
        role = jobs_text.ICONS[job.state][1]
        return [(fit(job.state, width + _PERCENT), role)]
    fraction = job.progress.fraction
    done, rest = jobs_text.bar(fraction or 0.0, width)
    return [
        (done, "bar"),
        (rest, "track"),
        (fit(jobs_text.percent(job), _PERCENT, right=True), "text"),
    ]
