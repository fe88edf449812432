"""A virtual list: rows are drawn only when seen, so that ten thousand cost what ten do."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from birdscope.tui.widgets.scrolling import CalmScrollView

Span = tuple[str, str]
"""A piece of a row: its text, and the role that gives its style."""


class RowsView(CalmScrollView, can_focus=True):
    """The base of lists and tables: a cursor over rows, an optional fixed header.

    A subclass gives `row_total` and `spans_of`; roles are `text`, `dim`, `strong`, `code`,
    `bad`, `accent` and `header`.
    """

    ROLES: ClassVar[tuple[str, ...]] = (
        "text",
        "dim",
        "strong",
        "code",
        "bad",
        "accent",
        "header",
        "cursor",
        "cursor-blurred",
        "hover",
    )
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"rows--{role}" for role in ROLES}
    DEFAULT_CSS = """
    RowsView {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        & > .rows--text { color: $foreground; }
        & > .rows--dim { color: $text-muted; }
        & > .rows--strong { color: $foreground; text-style: bold; }
        & > .rows--code { color: $text-secondary; }
        & > .rows--bad { color: $text-error; }
        & > .rows--accent { color: $text-accent; }
        & > .rows--header { color: $text-muted; }
        & > .rows--cursor {
            color: $block-cursor-foreground;
            background: $block-cursor-background;
            text-style: bold;
        }
        & > .rows--cursor-blurred { background: $block-cursor-blurred-background; }
        & > .rows--hover { background: $block-hover-background; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "step(-1)", "Up", show=False, id="rows.up", tooltip="Row above"),
        Binding("down,j", "step(1)", "Down", show=False, id="rows.down", tooltip="Row below"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="rows.pageup", tooltip="Page up"),
        Binding(
            "pagedown", "page(1)", "Page down", show=False, id="rows.pagedown", tooltip="Page down"
        ),
        Binding("home", "first", "First", show=False, id="rows.first", tooltip="First row"),
        Binding("end", "last", "Last", show=False, id="rows.last", tooltip="Last row"),
    ]

    empty_text: reactive[str] = reactive("")
    cursor: reactive[int] = reactive(0, repaint=False, always_update=False)
    hovered: reactive[int | None] = reactive(None, repaint=False)

    class Highlighted(Message):
        """The cursor is on another row."""

        def __init__(self, view: RowsView, row: int) -> None:
            super().__init__()
            self.view = view
            self.row = row

        @property
        def control(self) -> RowsView:
            """The list."""
            return self.view

    class Chosen(Highlighted):
        """The row under the cursor was clicked or Enter was pressed."""

    class Scrolled(Message):
        """Other rows are in sight."""

        def __init__(self, view: RowsView) -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> RowsView:
            """The list."""
            return self.view

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._inks: dict[str, Style] = {}

    def row_total(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def spans_of(self, row: int, width: int) -> list[Span]:
        """The pieces of a row, drawn within `width` cells."""
        raise NotImplementedError

    def header_spans(self, width: int) -> list[Span]:
        """The pieces of the header."""
        return []

    def rows_changed(self, cursor: int | None = None) -> None:
        """Other rows are there: fit the scrollbar, keep or set the cursor, paint."""
        size = Size(0, self.row_total() + self.header_rows)
        if size != self.virtual_size:
            self.virtual_size = size
        if cursor is not None:
            self.cursor = cursor
        self.cursor = self.validate_cursor(self.cursor)
        self._show_cursor()
        self._show_cursor_once_laid_out()
        self.refresh()

    def refresh_row(self, row: int) -> None:
        """Paint one row again."""
        self.refresh(Region(0, self.header_rows + row - self.scroll_offset.y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """The header, or one row."""
        width = self.scrollable_content_region.width
        if y < self.header_rows:
            return self._strip(self.header_spans(width), width, None)
        row = y - self.header_rows + self.scroll_offset.y
        if row >= self.row_total():
            return self._empty_strip(width) if row == 0 else Strip.blank(width, self._ink(""))
        return self._strip(self.spans_of(row, width), width, self._ground(row))

    def validate_cursor(self, cursor: int) -> int:
        """Keep the cursor on a row."""
        return min(max(cursor, 0), max(self.row_total() - 1, 0))

    def watch_cursor(self, before: int, now: int) -> None:
        """Paint both rows, keep the cursor in sight, and tell."""
        self.refresh_row(before)
        self.refresh_row(now)
        self._show_cursor()
        if self.row_total():
            self.post_message(self.Highlighted(self, now))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Tell that other rows are seen."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.post_message(self.Scrolled(self))

    def watch_hovered(self, before: int | None, now: int | None) -> None:
        """Paint both rows."""
        for row in (before, now):
            if row is not None:
                self.refresh_row(row)

    def watch_has_focus(self, has_focus: bool) -> None:
        """The cursor looks different with the focus."""
        super().watch_has_focus(has_focus)
        self.refresh_row(self.cursor)

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self._show_cursor()
        self._show_cursor_once_laid_out()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the pointer."""
        self.hovered = self._row_at(event)

    def on_leave(self) -> None:
        """The pointer is gone."""
        self.hovered = None

    def on_click(self, event: events.Click) -> None:
        """Move the cursor; a second click chooses."""
        row = self._row_at(event)
        if row is None:
            return
        again = row == self.cursor
        self.cursor = row
        if again or event.chain > 1:
            self.choose()

    def choose(self) -> None:
        """Tell that the row under the cursor is chosen."""
        if self.row_total():
            self.post_message(self.Chosen(self, self.cursor))

    def action_step(self, rows: int) -> None:
        """Move the cursor."""
        self.cursor += rows

    def action_page(self, pages: int) -> None:
        """Move the cursor by what is seen."""
        self.cursor += pages * max(self._rows_seen - 1, 1)

    def action_first(self) -> None:
        """Go to the first row."""
        self.cursor = 0

    def action_last(self) -> None:
        """Go to the last row."""
        self.cursor = self.row_total() - 1

    @property
    def _rows_seen(self) -> int:
        return max(self.size.height - self.header_rows, 1)

    def _show_cursor(self) -> None:
        top = self.scroll_offset.y
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False)
        elif self.cursor >= top + self._rows_seen:
            self.scroll_to(y=self.cursor - self._rows_seen + 1, animate=False)

    def _show_cursor_once_laid_out(self) -> None:
        """Scroll again later: a list without its size and scrollbar does not scroll yet."""
        self.call_after_refresh(self._show_cursor)

    def _row_at(self, event: events.MouseEvent) -> int | None:
        offset = event.get_content_offset(self)
        if offset is None or offset.y < self.header_rows:
            return None
        row = offset.y - self.header_rows + self.scroll_offset.y
        return row if row < self.row_total() else None

    def _ground(self, row: int) -> str | None:
        if row == self.cursor:
            return "cursor" if self.has_focus else "cursor-blurred"
        return "hover" if row == self.hovered else None

    def notify_style_update(self) -> None:
        """Take the colours anew."""
        super().notify_style_update()
        self._inks.clear()

    def _strip(self, spans: list[Span], width: int, ground: str | None) -> Strip:
        segments = [Segment(text, self._ink(role)) for text, role in spans]
        strip = Strip(segments).adjust_cell_length(width, self._ink(""))
        return strip if ground is None else self._on_ground(strip, ground)

    def _empty_strip(self, width: int) -> Strip:
        return self._strip([(fit(f"  {self.empty_text}", width), "dim")], width, None)

    def _on_ground(self, strip: Strip, ground: str) -> Strip:
        """The strip on a cursor's or a hover's background; the cursor gives the ink as well."""
        style = self.get_component_rich_style(f"rows--{ground}")
        if ground != "cursor":
            style = Style.from_color(None, style.bgcolor)
        over = [Segment(text, (old or Style()) + style) for text, old, _ in strip]
        return Strip(over, strip.cell_length)

    def _ink(self, role: str) -> Style:
        """The style of a role on the list's background; of the background alone without one."""
        ink = self._inks.get(role)
        if ink is None:
            ink = self.rich_style
            if role:
                ink += self.get_component_rich_style(f"rows--{role}", partial=True)
            self._inks[role] = ink
        return ink


def fit(text: str, width: int, *, right: bool = False) -> str:
    """A text in exactly `width` cells: cut with an ellipsis, padded left or right."""
    if width <= 0:
        return ""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…"
    padding = " " * (width - length)
    return padding + text if right else text + padding


def cut_middle(text: str, cells: int) -> str:
    """A name in so many cells: members of one family differ in their ends as well.

    >>> cut_middle("tf_efficientnetv2_b3", 12)
    'tf_eff…v2_b3'
    """
    if cell_len(text) <= cells or cells < 3:
        return fit(text, min(cell_len(text), cells))
    tail = (cells - 1) // 2
    return f"{text[: cells - 1 - tail]}…{text[-tail:]}"
