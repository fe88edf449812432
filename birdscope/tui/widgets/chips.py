"""What the list is filtered by, in a few words; nothing where it is not."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

_CLEAR = " ✕ "


class Chips(Static):
    """One chip for each value, and a cross that clears them."""

    DEFAULT_CSS = """
    Chips { height: auto; max-height: 3; padding: 0 1; display: none; }
    Chips.-on { display: block; }
    """

    class Wanted(Message):
        """A click: change the filter, or clear it."""

        def __init__(self, clear: bool) -> None:
            super().__init__()
            self.clear = clear

    def show(self, texts: Sequence[str]) -> None:
        """Show other chips."""
        self.set_class(bool(texts), "-on")
        line = Content()
        for text in texts:
            line += Content.from_markup("[$text-accent on $panel]$text[/] ", text=f" {text} ")
        self.update(line + Content.from_markup("[$text-muted]$text[/]", text=_CLEAR))

    def on_click(self, event: events.Click) -> None:
        """The cross at the end clears."""
        offset = event.get_content_offset(self)
        content = self.visual
        if offset is None or not isinstance(content, Content):
            return
        lines = content.wrap(max(self.size.width, 1))
        last = lines[-1].cell_length if lines else 0
        at_end = offset.y == len(lines) - 1 and offset.x >= last - len(_CLEAR.rstrip())
        self.post_message(self.Wanted(at_end))
