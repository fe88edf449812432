"""The table of training runs: state, epoch, loss, best AUC, time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from birdscope.tui import jobs_text
from birdscope.tui.widgets.rows import RowsView, Span, fit

if TYPE_CHECKING:
    from birdscope.tui.train_runs import RunView

COLOURS = ("primary", "accent", "secondary", "success", "error", "warning")
"""Of the marked runs' curves, in the order of marking."""
_EPOCH, _LOSS, _AUC, _TIME, _STAGE = 9, 8, 8, 13, 14
_STAGE_FROM = 78


class RunsTable(RowsView):
    """Runs as rows, the newest first; marked ones are compared.

    Args:
        now: The present, Unix seconds.
    """

    header_rows: ClassVar[int] = 1
    MORE_ROLES: ClassVar[tuple[str, ...]] = ("good", "warn", *(f"run-{c}" for c in COLOURS))
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"rows--{role}" for role in MORE_ROLES}
    DEFAULT_CSS = """
    RunsTable {
        & > .rows--good { color: $text-success; }
        & > .rows--warn { color: $text-warning; }
        & > .rows--run-primary { color: $primary; }
        & > .rows--run-accent { color: $accent; }
        & > .rows--run-secondary { color: $secondary; }
        & > .rows--run-success { color: $success; }
        & > .rows--run-error { color: $error; }
        & > .rows--run-warning { color: $warning; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Classes", id="runs.classes",
                tooltip="Each class's AUC on what this run's folds held out"),
    ]  # fmt: skip

    def __init__(self, now: Callable[[], float] = time.time, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._now = now
        self._views: tuple[RunView, ...] = ()
        self.marked: list[str] = []

    @property
    def view(self) -> RunView | None:
        """The run under the cursor."""
        return self._views[self.cursor] if self._views else None

    @property
    def chosen(self) -> list[RunView]:
        """The marked runs in the order of marking, else the one under the cursor."""
        by_name = {one.name: one for one in self._views}
        marked = [by_name[name] for name in self.marked if name in by_name]
        return marked or ([self.view] if self.view is not None else [])

    def show(self, views: Sequence[RunView]) -> None:
        """Show another moment; the cursor stays on its run."""
        before = self.view.name if self.view is not None else ""
        names = [one.name for one in views]
        same = names == [one.name for one in self._views]
        self._views = tuple(views)
        self.marked = [name for name in self.marked if name in names]
        if same:
            self.refresh()
        else:
            self.rows_changed(names.index(before) if before in names else None)

    def select(self, name: str) -> None:
        """Put the cursor on a run, if it is there."""
        for row, one in enumerate(self._views):
            if one.name == name:
                self.cursor = row

    def mark(self) -> None:
        """Mark the run under the cursor, or unmark it."""
        if self.view is None:
            return
        name = self.view.name
        if name in self.marked:
            self.marked.remove(name)
        elif len(self.marked) < len(COLOURS):
            self.marked.append(name)
        self.refresh()

    def row_total(self) -> int:
        """How many runs."""
        return len(self._views)

    def header_spans(self, width: int) -> list[Span]:
        """Titles of the columns."""
        stage = _STAGE if width >= _STAGE_FROM else 0
        titles = [
            fit("    run", _room(width)),
            fit("  stage", stage),
            fit("epoch", _EPOCH, right=True),
            fit("loss", _LOSS, right=True),
            fit("AUC", _AUC, right=True),
            fit("time", _TIME, right=True),
        ]
        return [("".join(titles), "header")]

    def spans_of(self, row: int, width: int) -> list[Span]:
        """One run."""
        view = self._views[row]
        run, latest = view.run, view.run.latest
        sign, role = jobs_text.icon(view.state, self._now())
        stage = _STAGE if width >= _STAGE_FROM else 0
        name = (fit(view.name, _room(width) - 4), "text" if view.is_live else "dim")
        spans: list[Span] = [self._mark(view), (f"{sign} ", role), name]
        if run.problem:
            return [*spans, (fit(f"  {run.problem}", width - _room(width)), "bad")]
        if stage:
            there = run.stage
            spans.append((fit(f"  {there.name if there is not None else ''}", stage), "dim"))
        loss = f"{latest.loss:.4g}" if latest is not None else ""
        auc = f"{run.best_auc:.4f}" if run.best_auc is not None else ""
        epochs = f"{run.done}/{run.planned}" if run.planned else ""
        return [
            *spans,
            (fit(epochs, _EPOCH, right=True), "text"),
            (fit(loss, _LOSS, right=True), "text"),
            (fit(auc, _AUC, right=True), "strong"),
            (fit(view.time_text, _TIME, right=True), "dim"),
        ]

    def action_choose(self) -> None:
        """Show the classes."""
        self.choose()

    def _mark(self, view: RunView) -> Span:
        if view.name in self.marked:
            colour = COLOURS[self.marked.index(view.name)]
            return ("● ", f"run-{colour}")
        return ("  ", "dim")


def _room(width: int) -> int:
    """Cells of marks and name."""
    stage = _STAGE if width >= _STAGE_FROM else 0
    return max(width - stage - _EPOCH - _LOSS - _AUC - _TIME, 12)
