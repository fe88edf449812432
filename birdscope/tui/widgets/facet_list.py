"""The form of the filter: each facet with its values, how many recordings have them, and ticks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from birdscope.dataset.facets import UNKNOWN, Facet, Pick
from birdscope.tui.widgets.rows import RowsView, Span, fit

TITLES: Mapping[Facet, str] = {
    "class": "Class",
    "rating": "Rating",
    "collection": "Collection",
    "length": "Length",
    "secondary": "Secondary labels",
    "problems": "Problems",
}
_VALUES = {
    ("problems", "any"): "has problems",
    ("secondary", "with"): "has some",
    ("secondary", "without"): "has none",
    ("length", UNKNOWN): "not read yet",
}
_COUNT_CELLS = 8


class FacetList(RowsView):
    """Rows that are ticked with space."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "tick", "Tick", id="facets.tick",
                tooltip="Want recordings of this value, or no more"),
    ]  # fmt: skip

    class Ticked(Message):
        """Other values are wanted."""

    def __init__(self, picked: frozenset[Pick], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.picked = picked
        self._rows: list[tuple[Facet, str | None, int]] = []

    def show(self, counts: Mapping[Pick, int]) -> None:
        """Show how many recordings have each value."""
        self._rows = []
        facets = dict.fromkeys(facet for facet, _ in counts)
        for facet in facets:
            self._rows.append((facet, None, 0))
            values = {value: n for (one, value), n in counts.items() if one == facet}
            self._rows += [(facet, value, n) for value, n in values.items()]
        self.rows_changed(self.cursor or 1)

    def row_total(self) -> int:
        """Headings and values."""
        return len(self._rows)

    def spans_of(self, row: int, width: int) -> list[Span]:
        """A heading, or a value with its tick."""
        facet, value, count = self._rows[row]
        if value is None:
            return [(fit(f" {TITLES[facet]}", width), "strong")]
        ticked = (facet, value) in self.picked
        room = width - 6 - _COUNT_CELLS
        return [
            ("   ■ " if ticked else "   □ ", "accent" if ticked else "dim"),
            (fit(_VALUES.get((facet, value), value), room), "accent" if ticked else "text"),
            (fit(f"{count:,}", _COUNT_CELLS, right=True), "dim"),
        ]

    def clear(self) -> None:
        """Tick nothing."""
        self.picked = frozenset()
        self.refresh()
        self.post_message(self.Ticked())

    def choose(self) -> None:
        """A click ticks."""
        self.action_tick()

    def action_tick(self) -> None:
        """Tick the value under the cursor, or take its tick away."""
        if not self._rows:
            return
        facet, value, _ = self._rows[self.cursor]
        if value is not None:
            self.picked ^= {(facet, value)}
            self.refresh_row(self.cursor)
            self.post_message(self.Ticked())

    def action_step(self, rows: int) -> None:
        """Move the cursor over the headings."""
        row = self.cursor + rows
        if 0 <= row < len(self._rows) and self._rows[row][1] is None:
            row += rows
        if 0 <= row < len(self._rows) and self._rows[row][1] is not None:
            self.cursor = row
