"""The whole log of a job, and the head of what it made, over everything else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from birdscope.core.units import size
from birdscope.tui import job_files, jobs_report, jobs_text
from birdscope.tui.dialog import Dialog
from birdscope.tui.widgets.rows import RowsView, Span, fit

if TYPE_CHECKING:
    from birdscope.jobs.job import Job
    from birdscope.tui.job_files import Head

_LOOK_S = 0.5
_WIDEST = 14


class TextRows(RowsView):
    """Lines of text; the end stays in sight while the cursor is on the last line."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: Sequence[str] = ()
        self._shift = 0

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "shift(-20)", "Left", show=False, id="text.left", tooltip="To the left"),
        Binding("right", "shift(20)", "Right", show=False, id="text.right",
                tooltip="To the right"),
    ]  # fmt: skip

    @property
    def lines(self) -> Sequence[str]:
        """All lines."""
        return self._lines

    def show(self, lines: Sequence[str]) -> None:
        """Show other lines."""
        at_end = self.cursor >= len(self._lines) - 1
        self._lines = lines
        self.rows_changed(len(lines) - 1 if at_end else None)

    def row_total(self) -> int:
        """How many lines."""
        return len(self._lines)

    def spans_of(self, row: int, width: int) -> list[Span]:
        """One line."""
        return [(fit(self._lines[row][self._shift :], width), "text")]

    def action_shift(self, cells: int) -> None:
        """Move to the left or to the right."""
        longest = max((len(line) for line in self._lines), default=0)
        self._shift = min(max(self._shift + cells, 0), max(longest - self.size.width, 0))
        self.refresh()


class JobLog(Dialog[None]):
    """A job's log, as it grows.

    Args:
        job: Whose.
    """

    CSS_PATH = "job_log.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "Close", id="log.close", tooltip="Close")
    ]

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._job = job
        self._bytes = -1

    def compose(self) -> ComposeResult:
        """The lines."""
        rows = TextRows(id="job-log")
        rows.border_title = f"Log of {jobs_text.title_of(self._job)}"
        rows.border_subtitle = "esc closes · ←→ · end follows"
        rows.empty_text = "nothing was printed yet"
        yield rows

    def on_mount(self) -> None:
        """Read it in a thread, again and again."""
        self.run_worker(self._follow(), exit_on_error=False)

    async def _follow(self) -> None:
        rows = self.query_one(TextRows)
        while True:
            now = await asyncio.to_thread(job_files.log_size, self._job)
            if now != self._bytes:
                self._bytes = now
                text = await asyncio.to_thread(job_files.log_end, self._job, long=True)
                rows.show(jobs_text.lines_of(text))
                part = f", the last {rows.row_total():,} lines" if now > len(text) + 4 else ""
                rows.border_title = f"Log of {jobs_text.title_of(self._job)} · {size(now)}{part}"
            await asyncio.sleep(_LOOK_S)


class FileHead(Dialog[None]):
    """The first rows of a table, or what lies in a folder.

    Args:
        path: What to show.
    """

    CSS_PATH = "job_log.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,o,q", "dismiss", "Close", id="head.close", tooltip="Close")
    ]

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def compose(self) -> ComposeResult:
        """The rows."""
        table = HeadTable(id="file-head")
        table.border_title = self._path.name
        table.border_subtitle = "esc closes · ←→ other columns"
        table.empty_text = "…"
        yield table

    def on_mount(self) -> None:
        """Read in a thread."""
        self.run_worker(self._read(), exit_on_error=False)

    async def _read(self) -> None:
        head = await asyncio.to_thread(job_files.head_of, self._path)
        table = self.query_one(HeadTable)
        table.show(head)
        first = f" · the first {len(head.rows) - 1} rows" if head.path.suffix == ".csv" else ""
        where = jobs_report.short_path(self._path)
        table.border_title = f"{where} · {head.title}{first}" if head.rows else "No file"


class HeadTable(RowsView):
    """Rows of cells under a header; the first column stays while others scroll."""

    header_rows: ClassVar[int] = 1
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "scroll(-1)", "Columns left", show=False, id="head.left",
                tooltip="Columns to the left"),
        Binding("right", "scroll(1)", "Columns right", show=False, id="head.right",
                tooltip="Columns to the right"),
    ]  # fmt: skip

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: tuple[tuple[str, ...], ...] = ()
        self._first = 1

    def show(self, head: Head) -> None:
        """Show a file."""
        self._rows = head.rows
        self.empty_text = head.problem or "nothing in it"
        self.rows_changed(0)

    def row_total(self) -> int:
        """Rows under the header."""
        return max(len(self._rows) - 1, 0)

    def header_spans(self, width: int) -> list[Span]:
        """Names of the columns."""
        return self._spans(self._rows[0], width, "header") if self._rows else []

    def spans_of(self, row: int, width: int) -> list[Span]:
        """One row."""
        return self._spans(self._rows[row + 1], width, "text")

    def action_scroll(self, columns: int) -> None:
        """Bring other columns into sight."""
        last = max((len(row) for row in self._rows[:1]), default=1) - 1
        self._first = min(max(self._first + columns, 1), max(last, 1))
        self.refresh()

    def _spans(self, cells: Sequence[str], width: int, role: str) -> list[Span]:
        name = max((len(row[0]) for row in self._rows[:50] if row), default=8)
        name = min(name, width if len(self._rows[0]) == 1 else width // 2)
        spans: list[Span] = [(fit(cells[0] if cells else "", name), role)]
        room = width - name
        for cell in cells[self._first :]:
            if room < _WIDEST:
                break
            tone = role if role == "header" or not _is_small(cell) else "dim"
            spans.append((fit(cell, _WIDEST, right=True), tone))
            room -= _WIDEST
        return spans


def _is_small(cell: str) -> bool:
    """Whether a cell is a probability that says no."""
    try:
        return float(cell) < 0.1
    except ValueError:
        return False
