"""The list of species and soundscapes at the left of Browse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from birdscope.tui.outline import OutlineData, OutlineRow, rows
from birdscope.tui.widgets.rows import RowsView, Span, fit

_WIDEST_CODE = 9
_COUNT_CELLS = 5
_RATING_CELLS = 4
_MARGIN = 1
_RATING_FROM = 36
_CODE_FROM = 32


class SpeciesList(RowsView):
    """Species by class with their counts; soundscapes by site. Filtered, sorted, folded."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Open", show=False, id="species.open", tooltip="Open or fold"),
        Binding("left", "fold", "Fold", show=False, id="species.fold", tooltip="Fold the class"),
        Binding(
            "right", "unfold", "Unfold", show=False, id="species.unfold", tooltip="Unfold the class"
        ),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._data = OutlineData()
        self._rows: list[OutlineRow] = []
        self._folded: frozenset[str] = frozenset({"train_soundscapes", "test_soundscapes"})
        self._wanted = ""
        self._rated = False
        self._code_cells = 0
        self._sort = "name"

    @property
    def row(self) -> OutlineRow | None:
        """The row under the cursor."""
        return self._rows[self.cursor] if self._rows else None

    @property
    def rows_shown(self) -> Sequence[OutlineRow]:
        """All rows, in order."""
        return self._rows

    @property
    def species_shown(self) -> int:
        """Species that the filter lets through."""
        return sum(one.count for one in self._rows if one.kind == "class")

    @property
    def sorted_by(self) -> str:
        """The order of the species."""
        return self._sort

    @property
    def wanted(self) -> str:
        """The words of the filter."""
        return self._wanted

    @property
    def folded(self) -> frozenset[str]:
        """Keys of the headings whose content is hidden."""
        return self._folded

    def fold_only(self, keys: frozenset[str]) -> None:
        """Hide the content of these headings and of no other."""
        self._folded = keys
        self._rebuild()

    def go_to(self, key: str) -> None:
        """Put the cursor on a row, if it is there."""
        keys = [one.key for one in self._rows]
        if key in keys:
            self.cursor = keys.index(key)

    def show(self, data: OutlineData) -> None:
        """Show another dataset."""
        self._data = data
        self._rated = any(one.rating for one in data.entries)
        lengths = [len(one.species.label) for one in data.entries]
        self._code_cells = min(max(lengths, default=0), _WIDEST_CODE)
        self._rebuild()

    def filter(self, wanted: str) -> None:
        """Show only species that contain these words."""
        self._wanted = wanted
        self._rebuild(to_first_species=bool(wanted.strip()))

    def sort(self, by: str) -> None:
        """Order species within their class by one of `birdscope.tui.outline.SORTS`."""
        self._sort = by
        self._rebuild()

    def row_total(self) -> int:
        """Rows shown."""
        return len(self._rows)

    def spans_of(self, row: int, width: int) -> list[Span]:
        """A class, a species, or a place."""
        one = self._rows[row]
        if one.kind in ("class", "split"):
            mark = {True: "▾ ", False: "▸ ", None: "  "}[one.open]
            room = width - len(mark) - _COUNT_CELLS - _MARGIN
            return [
                (mark, "dim"),
                (fit(one.title, room), "strong"),
                (fit(str(one.count), _COUNT_CELLS, right=True), "dim"),
            ]
        if one.kind == "site":
            room = width - 4 - _COUNT_CELLS - _MARGIN
            count = fit(str(one.count), _COUNT_CELLS, right=True)
            return [("    ", "text"), (fit(one.title, room), "text"), (count, "dim")]
        return self._species_spans(one, width)

    def action_choose(self) -> None:
        """Fold or unfold a heading; choose anything else."""
        if self.row is not None and self.row.open is not None:
            self._set_open(self.row, not self.row.open)
        else:
            self.choose()

    def action_fold(self) -> None:
        """Fold this heading, or go to the heading of this row."""
        if self.row is None:
            return
        if self.row.open:
            self._set_open(self.row, False)
            return
        above = range(self.cursor, -1, -1)
        self.cursor = next((n for n in above if self._rows[n].open is not None), self.cursor)

    def action_unfold(self) -> None:
        """Unfold this heading."""
        if self.row is not None and self.row.open is False:
            self._set_open(self.row, True)

    def _species_spans(self, one: OutlineRow, width: int) -> list[Span]:
        assert one.entry is not None
        code = fit(one.key, self._code_cells) + " " if width >= _CODE_FROM else ""
        rating = ""
        if self._rated and width >= _RATING_FROM:
            text = f"{one.entry.rating:.1f}" if one.entry.rating else "–"
            rating = fit(text, _RATING_CELLS, right=True)
        room = width - 2 - len(code) - _COUNT_CELLS - len(rating) - _MARGIN
        return [
            ("  ", "text"),
            (code, "code"),
            (fit(one.title, room), "text" if one.count else "dim"),
            (fit(str(one.count), _COUNT_CELLS, right=True), "dim"),
            (rating, "dim"),
        ]

    def _set_open(self, row: OutlineRow, is_open: bool) -> None:
        self._folded = self._folded - {row.key} if is_open else self._folded | {row.key}
        self._rebuild()

    def _rebuild(self, *, to_first_species: bool = False) -> None:
        before = self.row
        self._rows = rows(self._data, wanted=self._wanted, sort=self._sort, closed=self._folded)
        keys = [one.key for one in self._rows]
        first = next((n for n, one in enumerate(self._rows) if one.open is None), 0)
        kept = keys.index(before.key) if before and before.key in keys else first
        if to_first_species and self._rows and self._rows[kept].open is not None:
            kept = first
        self.rows_changed(kept)
        if self.row != before:
            self.post_message(self.Highlighted(self, self.cursor))
