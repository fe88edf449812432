"""What each step contributes: the figure after it, and a bar of what it added."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from birdscope.tui import tune_figures as figures
from birdscope.tui.widgets.rows import RowsView, Span, fit

if TYPE_CHECKING:
    from birdscope.metrics.tune_results import StageScore

_AUC, _CHANGE = 7, 8


class StageBars(RowsView):
    """A row per step in the order of the arithmetic; Enter goes to it in the stack."""

    MORE_ROLES: ClassVar[tuple[str, ...]] = ("on",)
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"rows--{role}" for role in MORE_ROLES}
    DEFAULT_CSS = """
    StageBars { & > .rows--on { color: $text-success; } }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "To the step", id="stages.go", tooltip="Go to this step"),
    ]
    header_rows: ClassVar[int] = 1

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._stages: tuple[StageScore, ...] = ()

    @property
    def stage(self) -> StageScore | None:
        """The row under the cursor."""
        return self._stages[self.cursor] if self._stages else None

    def show(self, stages: Sequence[StageScore]) -> None:
        """Show other stages."""
        if tuple(stages) != self._stages:
            self._stages = tuple(stages)
            self.rows_changed()

    def row_total(self) -> int:
        """How many stages."""
        return len(self._stages)

    def header_spans(self, width: int) -> list[Span]:
        """What the columns are."""
        auc = fit("AUC", _AUC, right=True) + fit("added", _CHANGE, right=True)
        return [(fit(fit(" after", self._name_cells(width)) + auc, width), "header")]

    def spans_of(self, row: int, width: int) -> list[Span]:
        """One stage."""
        one = self._stages[row]
        added = [abs(each.change) for each in self._stages if not math.isnan(each.change)]
        left, right = figures.bar(one.change, max(added, default=0.0), self._bar_cells(width))
        first = row == 0
        return [
            (fit(f" {one.title}", self._name_cells(width)), "text"),
            (fit(figures.area(one.macro_roc_auc), _AUC, right=True), "text"),
            (fit("" if first else figures.change(one.change), _CHANGE, right=True), "text"),
            (f" {left}", "bad"),
            ("│", "dim"),
            (right, "on"),
        ]

    def action_choose(self) -> None:
        """Go to the step."""
        self.choose()

    def _bar_cells(self, width: int) -> int:
        return max(min((width - 36) // 4, 10), 3)

    def _name_cells(self, width: int) -> int:
        return max(width - _AUC - _CHANGE - 2 * self._bar_cells(width) - 2, 8)
