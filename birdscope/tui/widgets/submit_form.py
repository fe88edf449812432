"""What is going to be exported: part of the dataset, ensemble, settings, file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType

from birdscope.tui.widgets.rows import RowsView, Span, fit

_KEY = 10


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the form.

    Attributes:
        key: What it is about; also its name.
        value: What is chosen.
        note: Said after it, in a quieter voice.
        role: Of the value: "text", "warn", "bad", "dim".
        is_path: Whether its end matters more than its beginning.
    """

    key: str
    value: str
    note: str = ""
    role: str = "text"
    is_path: bool = False


class SubmitForm(RowsView):
    """A short list of choices; Enter changes the one under the cursor."""

    MORE_ROLES: ClassVar[tuple[str, ...]] = ("warn",)
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"rows--{role}" for role in MORE_ROLES}
    DEFAULT_CSS = """
    SubmitForm { & > .rows--warn { color: $text-warning; } }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Change", id="submit.change", tooltip="Change this choice"),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._entries: tuple[Entry, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All lines."""
        return self._entries

    @property
    def entry(self) -> Entry | None:
        """The line under the cursor."""
        return self._entries[self.cursor] if self._entries else None

    def show(self, entries: Sequence[Entry]) -> None:
        """Show other choices."""
        if tuple(entries) != self._entries:
            self._entries = tuple(entries)
            self.rows_changed()

    def row_total(self) -> int:
        """How many choices."""
        return len(self._entries)

    def spans_of(self, row: int, width: int) -> list[Span]:
        """One choice; of a long path the end is shown."""
        one = self._entries[row]
        room = width - _KEY - 2
        value = one.value
        if cell_len(value) > room:
            value = "…" + value[-(room - 1) :] if one.is_path else fit(value, room)
        spans: list[Span] = [(f" {fit(one.key, _KEY)}", "dim"), (value, one.role)]
        left = room - cell_len(value) - 2
        if one.note and left >= min(len(one.note), 12):
            spans.append(("  " + fit(one.note, left), "dim"))
        return spans

    def action_choose(self) -> None:
        """Change the choice under the cursor."""
        self.choose()
