"""Class by class: how much better or worse than under the baseline, as bars."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from birdscope.tui import tune_figures as figures
from birdscope.tui.widgets.rows import RowsView, Span, fit

if TYPE_CHECKING:
    from birdscope.metrics.tune_results import ClassDelta

SORTS = ("worst first", "best first", "lowest AUC first", "most positives first", "by name")
_AUC, _CHANGE, _COUNT = 7, 8, 5
_CODE, _CODE_FROM, _COUNT_FROM = 9, 60, 36


@dataclass(frozen=True, slots=True)
class _Class:
    label: str
    name: str
    positives: int
    delta: ClassDelta | None


class ClassDeltas(RowsView):
    """The classes with their ROC-AUC and what the settings change; `—` where none can be had."""

    MORE_ROLES: ClassVar[tuple[str, ...]] = ("on",)
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"rows--{role}" for role in MORE_ROLES}
    DEFAULT_CSS = """
    ClassDeltas { & > .rows--on { color: $text-success; } }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("S", "sort", "Sort", id="classes.sort", tooltip="Sort the classes another way"),
    ]
    header_rows: ClassVar[int] = 1

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: tuple[_Class, ...] = ()
        self._shown: tuple[object, ...] = ()
        self._largest = 0.0
        self._sort = 0

    @property
    def sorted_by(self) -> str:
        """The order, one of SORTS."""
        return SORTS[self._sort]

    @property
    def label(self) -> str:
        """The class under the cursor; empty where there is none."""
        return self._rows[self.cursor].label if self._rows else ""

    @property
    def labels(self) -> tuple[str, ...]:
        """All classes in their order."""
        return tuple(one.label for one in self._rows)

    def show(
        self,
        classes: Sequence[str],
        names: Mapping[str, str],
        positives: Mapping[str, int],
        deltas: Sequence[ClassDelta],
        start: str = "",
    ) -> None:
        """Show the classes; those without a delta can't be scored and come last.

        Args:
            classes: Their labels.
            names: Label → name for people.
            positives: Label → positive rows.
            deltas: Of those that can be scored.
            start: Where the cursor is put at first; empty is the first row.
        """
        shown = (classes, names, positives, deltas)
        if shown == self._shown:
            return
        self._shown = shown
        known = {one.label: one for one in deltas}
        changes = [abs(one.change) for one in deltas if not math.isnan(one.change)]
        self._largest = max(changes, default=0.0)
        rows = [
            _Class(label, names.get(label, label), positives.get(label, 0), known.get(label))
            for label in classes
        ]
        first = not any(one.delta for one in self._rows)
        self._order(rows, start if first else "")
        if first and deltas and not start:
            self.cursor = 0

    def action_sort(self) -> None:
        """Take the next order."""
        self._sort = (self._sort + 1) % len(SORTS)
        self._order(self._rows)
        self.cursor = 0

    def row_total(self) -> int:
        """How many classes."""
        return len(self._rows)

    def header_spans(self, width: int) -> list[Span]:
        """What the columns are."""
        count = fit("n", _COUNT, right=True) if width >= _COUNT_FROM else ""
        text = f"{fit(f' class, {self.sorted_by}', self._name_cells(width))}{count}"
        text += fit("AUC", _AUC, right=True) + fit("Δ", _CHANGE, right=True)
        return [(fit(text, width), "header")]

    def spans_of(self, row: int, width: int) -> list[Span]:
        """One class."""
        one, room = self._rows[row], self._name_cells(width)
        code = f"{fit(one.label, _CODE)} " if width >= _CODE_FROM and one.name != one.label else ""
        name = f" {code}{fit(one.name, room - len(code) - 1)}"
        delta = one.delta
        if delta is None or math.isnan(delta.roc_auc):
            why = "no negatives" if one.positives else "no positives"
            counted = _COUNT if width >= _COUNT_FROM else 0
            return [
                (name, "dim"),
                (fit(figures.NONE, counted + _AUC, right=True), "dim"),
                (fit(f"  {why}", width - room - counted - _AUC), "dim"),
            ]
        count = fit(str(delta.positives), _COUNT, right=True) if width >= _COUNT_FROM else ""
        left, right = figures.bar(delta.change, self._largest, self._bar_cells(width))
        return [
            (name, "text"),
            (count, "dim"),
            (fit(figures.area(delta.roc_auc), _AUC, right=True), "text"),
            (fit(figures.change(delta.change), _CHANGE, right=True), "text"),
            (f" {left}", "bad"),
            ("│", "dim"),
            (right, "on"),
        ]

    def _bar_cells(self, width: int) -> int:
        """Cells of either half of a bar."""
        return max(min((width - 36) // 4, 12), 3)

    def _name_cells(self, width: int) -> int:
        counted = _COUNT if width >= _COUNT_FROM else 0
        return max(width - counted - _AUC - _CHANGE - 2 * self._bar_cells(width) - 2, 8)

    def _order(self, rows: Sequence[_Class], wanted: str = "") -> None:
        before = wanted or self.label
        self._rows = tuple(sorted(rows, key=self._sort_key))
        labels = self.labels
        self.rows_changed(labels.index(before) if before in labels else 0)
        if self.label != before:
            self.post_message(self.Highlighted(self, self.cursor))

    def _sort_key(self, one: _Class) -> tuple[bool, float, str]:
        delta = one.delta
        if delta is None or math.isnan(delta.roc_auc):
            return True, 0.0, one.name
        keys = {
            "worst first": delta.change,
            "best first": -delta.change,
            "lowest AUC first": delta.roc_auc,
            "most positives first": -delta.positives,
        }
        return False, keys.get(self.sorted_by, 0.0), one.name
