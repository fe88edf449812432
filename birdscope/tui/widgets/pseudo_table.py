"""The table of pseudo-labelled windows: species, what the teacher said, what training takes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from birdscope.core.units import clock
from birdscope.tui.widgets.rows import RowsView, Span, fit

if TYPE_CHECKING:
    from birdscope.engine.train_messages import PseudoFound, PseudoWindow

_TIME, _SAID, _TAKEN = 9, 7, 8


class PseudoTable(RowsView):
    """Windows as rows, the surest first."""

    header_rows: ClassVar[int] = 1
    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--good"}
    DEFAULT_CSS = """
    PseudoTable > .rows--good { color: $text-success; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Play", show=False, id="pseudo.play_row",
                tooltip="Play this window"),
    ]  # fmt: skip

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._windows: list[PseudoWindow] = []
        self._found: PseudoFound | None = None

    @property
    def window(self) -> PseudoWindow | None:
        """The window under the cursor."""
        return self._windows[self.cursor] if self._windows else None

    @property
    def dropped_count(self) -> int:
        """Windows of the table that are dropped."""
        return sum(one.dropped for one in self._windows)

    def show(self, found: PseudoFound, row: int | None = None) -> None:
        """Show windows, the cursor on a row."""
        self._found, self._windows = found, list(found.windows)
        self.rows_changed(row)

    def find(self, key: tuple[str, float]) -> PseudoWindow | None:
        """The window of a recording and start."""
        return next((one for one in self._windows if _key(one) == key), None)

    def go_to(self, key: tuple[str, float]) -> None:
        """Put the cursor on a window, if it is there."""
        for row, one in enumerate(self._windows):
            if _key(one) == key:
                self.cursor = row

    def mark(self, key: tuple[str, float], *, dropped: bool) -> None:
        """Show a window as dropped or kept."""
        for row, one in enumerate(self._windows):
            if _key(one) == key:
                self._windows[row] = replace(one, dropped=dropped)
                self.refresh_row(row)

    def row_total(self) -> int:
        """How many windows."""
        return len(self._windows)

    def header_spans(self, width: int) -> list[Span]:
        """Titles of the columns."""
        name, recording = _rooms(width)
        titles = [
            fit("  species", name + 2),
            fit("before", _SAID, right=True),
            fit("after", _TAKEN, right=True),
            fit("  recording", recording),
            fit("at", _TIME, right=True),
        ]
        return [("".join(titles), "header")]

    def spans_of(self, row: int, width: int) -> list[Span]:
        """One window."""
        one = self._windows[row]
        name, recording = _rooms(width)
        names = self._found.names if self._found is not None else {}
        label, said = one.labels[0] if one.labels else ("", 0.0)
        taken = one.after[0] if one.after else 0.0
        if one.dropped:
            sign, role, tone = "✗", "bad", "dim"
        elif one.used:
            sign, role, tone = "✓", "good", "text"
        else:
            sign, role, tone = "·", "dim", "dim"
        return [
            (f"{sign} ", role),
            (fit(names.get(label, label), name), tone),
            (fit(f"{said:.3f}", _SAID, right=True), tone),
            (fit(f"→ {taken:.3f}", _TAKEN, right=True), "strong" if tone == "text" else tone),
            (fit("  " + one.recording.rsplit("/", 1)[-1], recording), "dim"),
            (fit(clock(one.start_s, tenths=True), _TIME, right=True), "dim"),
        ]

    def action_choose(self) -> None:
        """Play it."""
        self.choose()


def _rooms(width: int) -> tuple[int, int]:
    """Cells of species and recording."""
    room = max(width - 2 - _SAID - _TAKEN - _TIME, 20)
    name = room // 2
    return name, room - name


def _key(window: PseudoWindow) -> tuple[str, float]:
    return window.recording, window.start_s
