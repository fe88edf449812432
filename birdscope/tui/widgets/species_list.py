"""The list of species and soundscapes at the left of Browse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from birdscope.tui.outline import OutlineData, OutlineRow, rows
from birdscope.tui.widgets.rows import RowsView, Span, fit

_WIDEST_CODE = 9
_COUNT_CELLS = 5
_FIGURE_CELLS = 4
_MARGIN = 1
_RATING_FROM = 36
_BOTH_FROM = 42
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
        self._rated = self._measured = False
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
        return sum(one.species for one in self._rows)

    @property
    def sorted_by(self) -> str:
        """The order of the species."""
        return self._sort

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

    @property
    def data(self) -> OutlineData:
        """What the list is made of."""
        return self._data

    def show(self, data: OutlineData) -> None:
        """Show a dataset, or what of it fits a query; the cursor stays on its row."""
        self._data = data
        self._rated = any(one.rating for one in data.entries)
        self._measured = any(one.auc is not None for one in data.entries)
        lengths = [len(one.species.label) for one in data.entries]
        self._code_cells = min(max(lengths, default=0), _WIDEST_CODE)
        self._rebuild(to_first_species=data.narrowed)

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
        if one.kind in ("all", "class", "split"):
            mark = {True: "▾ ", False: "▸ ", None: "  "}[one.open]
            room = width - len(mark) - _COUNT_CELLS - _MARGIN
            species = f"  {one.species} species" if one.species else ""
            title = one.title if len(one.title) + len(species) <= room else fit(one.title, room)
            return [
                (mark, "dim"),
                (title, "strong"),
                (fit(species, room - len(title)), "dim"),
                (fit(str(one.count), _COUNT_CELLS, right=True), "dim"),
            ]
        if one.kind == "group":
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

    def columns(self, width: int) -> tuple[str, ...]:
        """What stands at the right of a species in a list of that width."""
        rating = self._rated and width >= _RATING_FROM
        auc = self._measured and width >= _RATING_FROM
        if rating and auc and width < _BOTH_FROM:
            rating, auc = self._sort != "AUC", self._sort == "AUC"
        shown = {"n": True, "★": rating, "AUC": auc}
        return tuple(name for name, is_shown in shown.items() if is_shown)

    def _species_spans(self, one: OutlineRow, width: int) -> list[Span]:
        assert one.entry is not None
        code = fit(one.key, self._code_cells) + " " if width >= _CODE_FROM else ""
        entry, columns = one.entry, self.columns(width)
        figures = fit(str(one.count), _COUNT_CELLS, right=True)
        if "★" in columns:
            figures += fit(
                f"{entry.rating:.1f}" if entry.rating else "–", _FIGURE_CELLS, right=True
            )
        if "AUC" in columns:
            text = f"{entry.auc:.2f}" if entry.auc is not None else "–"
            figures += fit(text, _FIGURE_CELLS + 1, right=True)
        room = width - 2 - len(code) - len(figures) - _MARGIN
        return [
            ("  ", "text"),
            (code, "code"),
            (fit(one.title, room), "text" if one.count else "dim"),
            (figures, "dim"),
        ]

    def _set_open(self, row: OutlineRow, is_open: bool) -> None:
        self._folded = self._folded - {row.key} if is_open else self._folded | {row.key}
        self._rebuild()

    def _rebuild(self, *, to_first_species: bool = False) -> None:
        before = self.row
        self._rows = rows(self._data, sort=self._sort, closed=self._folded)
        keys = [one.key for one in self._rows]
        first = self._first()
        kept = keys.index(before.key) if before and before.key in keys else first
        if to_first_species and self._rows and self._rows[kept].open is not None:
            kept = first
        self.rows_changed(kept)
        if self.row != before:
            self.post_message(self.Highlighted(self, self.cursor))

    def _first(self) -> int:
        """Where the cursor begins: the first species, else the first row that holds nothing."""
        kinds = [one.kind for one in self._rows]
        if "species" in kinds:
            return kinds.index("species")
        return next((n for n, one in enumerate(self._rows) if one.open is None), 0)
