"""The first line: the name, the tabs, and the dataset."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from birdscope.tui.widgets.rows import fit

_GAP, _LEAST = 5, 8


class TabStrip(Widget):
    """Tabs with their number keys, on one line; at the right the dataset and the session.

    Args:
        tabs: (id, key, title) in order.
    """

    DEFAULT_CSS = """
    TabStrip { height: 1; background: $panel; color: $text; padding: 0 1; }
    """

    active: reactive[str] = reactive("")
    note: reactive[str] = reactive("")
    session: reactive[str] = reactive("")
    read_only: reactive[bool] = reactive(False)

    class Chosen(Message):
        """The user clicked on a tab."""

        def __init__(self, tab: str) -> None:
            super().__init__()
            self.tab = tab

    def __init__(self, tabs: Sequence[tuple[str, str, str]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._tabs = tuple(tabs)
        self._places: list[tuple[range, str]] = []

    def render(self) -> Content:
        """Name, tabs, note, session."""
        line = Content.from_markup("[b $primary]birdscope[/]  ")
        self._places = []
        for tab, key, title in self._tabs:
            here = line.cell_length
            line += self._tab(key, title, tab == self.active)
            self._places.append((range(here, line.cell_length), tab))
        right = self._right(self.size.width - line.cell_length - 2)
        gap = self.size.width - line.cell_length - right.cell_length
        return line + Content(" " * max(gap, 0)) + right

    def on_click(self, event: events.Click) -> None:
        """Choose the tab under the pointer."""
        offset = event.get_content_offset(self)
        for place, tab in self._places:
            if offset is not None and offset.x in place:
                self.post_message(self.Chosen(tab))

    def _right(self, room: int) -> Content:
        """As much as fits: that it is read-only, the session, the dataset."""
        parts: list[Content] = []
        if self.read_only:
            parts.append(Content.from_markup("[b $text-warning]read-only[/]"))
        for name, text in (("session ", self.session), ("", self.note)):
            room_left = room - sum(one.cell_length + _GAP for one in parts)
            if text and cell_len(name + text) <= room_left:
                text = name + text
            if text and room_left >= _LEAST:
                short = fit(text, min(cell_len(text), room_left))
                parts.append(Content.from_markup("[$text-muted]$text[/]", text=short))
        parts = [one for one in parts if one.cell_length <= room]
        separator = Content.from_markup("[$text-disabled]  │  [/]")
        return separator.join(reversed(parts))

    def _tab(self, key: str, title: str, active: bool) -> Content:
        if active:
            return Content.from_markup(
                f"[$block-cursor-foreground on $block-cursor-background b] {key} {title} [/]"
            )
        return Content.from_markup(f" [$text-muted]{key}[/] {title} ")
