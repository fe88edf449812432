"""The post-processing stack as rows to look at, with a cursor that knows what it is on."""

from __future__ import annotations

from typing import ClassVar

from birdscope.core.settings import Settings
from birdscope.tui import tune_stack
from birdscope.tui.tune_stack import Bench, Row
from birdscope.tui.widgets.rows import RowsView

_SAYS_ONLY = ("note", "stage")


class StackRows(RowsView):
    """Shows settings; the cursor stays with its row when they change."""

    MORE_ROLES: ClassVar[tuple[str, ...]] = ("track", "thumb", "on", "warn")
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"rows--{role}" for role in MORE_ROLES}
    DEFAULT_CSS = """
    StackRows {
        & > .rows--track { color: $border; }
        & > .rows--thumb { color: $primary; }
        & > .rows--on { color: $text-success; }
        & > .rows--warn { color: $text-warning; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._settings = Settings()
        self._bench = Bench()
        self._rows: list[Row] = []

    @property
    def settings(self) -> Settings:
        """As they are on show."""
        return self._settings

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self._rows[self.cursor] if self._rows else None

    @property
    def step_here(self) -> int | None:
        """The number of the step that the cursor is on; None on the blend."""
        return self.row.step if self.row is not None else None

    @property
    def on_a_members_step(self) -> bool:
        """Whether the cursor is on a step that can be told which members it touches."""
        number, steps = self.step_here, self._settings.steps
        return number is not None and number < len(steps) and steps[number].at != "ensemble"

    def show(self, settings: Settings, bench: Bench) -> None:
        """Show other settings, or the same on another bench."""
        self._bench = bench
        self._take(settings)

    def go_to_step(self, number: int) -> None:
        """Put the cursor on a step."""
        rows = [(one.kind, one.step) for one in self._rows]
        if ("step", number) in rows:
            self.cursor = rows.index(("step", number))

    def row_total(self) -> int:
        """Rows of the stack."""
        return len(self._rows)

    def action_step(self, rows: int) -> None:
        """Move the cursor, past lines that say something only."""
        target = self.cursor + rows
        while 0 <= target < len(self._rows) and self._rows[target].kind in _SAYS_ONLY:
            target += 1 if rows > 0 else -1
        if 0 <= target < len(self._rows):
            self.cursor = target
        elif rows < 0:
            self.scroll_to(y=0, animate=False)

    def _take(self, settings: Settings) -> None:
        """Show settings, the cursor on the row that it was on."""
        before = self.row
        self._settings = settings
        self._rows = tune_stack.rows_of(settings, self._bench)
        cursor = self._place_of(before) if before is not None else self._first()
        self.rows_changed(cursor)

    def _place_of(self, wanted: Row) -> int:
        """Where a row is now: the same, else the same step, else the nearest to the cursor."""
        known = [(one.kind, one.step, one.member, one.knob) for one in self._rows]
        whole = (wanted.kind, wanted.step, wanted.member, wanted.knob)
        if whole in known:
            return known.index(whole)
        steps = [one.step for one in self._rows]
        if wanted.step in steps and wanted.step is not None:
            return steps.index(wanted.step)
        lands = [n for n, one in enumerate(self._rows) if one.kind not in _SAYS_ONLY]
        return min(lands, key=lambda row: abs(row - self.cursor), default=0)

    def _first(self) -> int:
        """The first row that can be turned."""
        return next((n for n, one in enumerate(self._rows) if one.knob is not None), 0)
