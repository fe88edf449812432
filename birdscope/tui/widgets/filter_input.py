"""The line in which a filter is typed."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class FilterInput(Input):
    """An input that gives the keys back on Enter, Down or Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "leave", "To the list", id="filter.leave", tooltip="Go to the list"),
        Binding("escape", "clear", "Clear", id="filter.clear", tooltip="Clear the filter"),
    ]

    class Left(Message):
        """The user is done with the filter."""

    def on_mount(self) -> None:
        """A steady cursor: nothing flickers, and nothing is sent twice a second."""
        self.cursor_blink = False

    def action_leave(self) -> None:
        """Keep the filter, go to what it shows."""
        self.post_message(self.Left())

    def action_clear(self) -> None:
        """Show everything again, and go there."""
        self.value = ""
        self.post_message(self.Left())
