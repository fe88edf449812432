"""The table of cuts: decision, recording, time, length, reason, how sure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from birdscope.core.units import clock
from birdscope.tui.widgets.rows import RowsView, Span, fit

if TYPE_CHECKING:
    from birdscope.dataset.cut_lists import Cut

SIGNS = {"proposed": ("·", "text"), "accepted": ("✓", "good"), "rejected": ("✗", "dim")}
_TIME, _LENGTH, _REASON, _SURE = 9, 8, 10, 6


class CutsTable(RowsView):
    """Cuts as rows."""

    header_rows: ClassVar[int] = 1
    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--good"}
    DEFAULT_CSS = """
    CutsTable > .rows--good { color: $text-success; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Play", show=False, id="cuts.play_row",
                tooltip="Play this cut and a second around it"),
    ]  # fmt: skip

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._cuts: Sequence[Cut] = ()

    @property
    def cut(self) -> Cut | None:
        """The cut under the cursor."""
        return self._cuts[self.cursor] if self._cuts else None

    def show(self, cuts: Sequence[Cut], row: int | None = None) -> None:
        """Show cuts, the cursor on a row."""
        self._cuts = cuts
        self.rows_changed(row)

    def row_total(self) -> int:
        """How many cuts."""
        return len(self._cuts)

    def header_spans(self, width: int) -> list[Span]:
        """Titles of the columns."""
        cells = ("at", _TIME), ("length", _LENGTH), ("  reason", _REASON), ("sure", _SURE)
        name = fit("  recording", width - sum(size for _, size in cells))
        titles = [fit(text, size, right=text != "  reason") for text, size in cells]
        return [(name + "".join(titles), "header")]

    def spans_of(self, row: int, width: int) -> list[Span]:
        """One cut."""
        cut = self._cuts[row]
        sign, role = SIGNS[cut.decision]
        tone = "dim" if cut.decision == "rejected" else "text"
        name = cut.recording.rpartition("/")[2]
        label = cut.recording.split("/")[-2]
        room = width - 2 - _TIME - _LENGTH - _REASON - _SURE
        return [
            (f"{sign} ", role),
            (fit(f"{label}/{name}", room), tone),
            (fit(clock(cut.start_s, tenths=True), _TIME, right=True), tone),
            (fit(f"{cut.end_s - cut.start_s:.1f} s", _LENGTH, right=True), tone),
            (fit(f"  {cut.reason}", _REASON), tone),
            (fit(f"{cut.probability:.2f}", _SURE, right=True), "dim"),
        ]

    def action_choose(self) -> None:
        """Play it."""
        self.choose()
