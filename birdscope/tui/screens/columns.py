"""Which columns the recordings table shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import SelectionList
from textual.widgets.selection_list import Selection

from birdscope.tui.columns import Column
from birdscope.tui.dialog import Dialog


class ColumnsScreen(Dialog[frozenset[str]]):
    """A list to tick; closing it gives the keys of the ticked columns.

    Args:
        columns: All there are.
        shown: Keys of those shown now.
    """

    CSS_PATH = "columns.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,C", "done", "Done", id="columns.done", tooltip="Show these columns")
    ]

    def __init__(self, columns: Sequence[Column], shown: frozenset[str]) -> None:
        super().__init__()
        self._columns = columns
        self._shown = shown

    def compose(self) -> ComposeResult:
        """The list."""
        box = SelectionList[str](
            *[Selection(one.title, one.key, one.key in self._shown) for one in self._columns],
            id="columns",
        )
        box.border_title = "Columns"
        box.border_subtitle = "space ticks · esc shows them"
        yield box

    def action_done(self) -> None:
        """Close and give the choice."""
        self.dismiss(frozenset(self.query_one(SelectionList).selected))
