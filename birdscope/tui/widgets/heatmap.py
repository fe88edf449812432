"""The heat map: species × windows, aligned to a spectrogram's time axis."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from birdscope.core.windows import WINDOW_S
from birdscope.tui import palettes
from birdscope.tui.cell_styles import has_colours
from birdscope.tui.heat_styles import HeatStyles
from birdscope.tui.moving_column import MovingColumn
from birdscope.tui.timeline import TimeAxis
from birdscope.tui.widgets.axes import GUTTER, gutter_segment, playhead_segment

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_GAP_FROM = 4
_MARKED = Style(underline=True)


class HeatMap(ScrollView, can_focus=True):
    """Values of 0 to 1, a row per species and a column per 5 s window.

    NaN is "not predicted yet" and drawn as a dim dot. The cursor is a cell; Enter or a click on
    the cell under the cursor activates it.

    Args:
        gutter: Cells left of the windows, for the names; give the spectrogram the same.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "heatmap--label",
        "heatmap--label-cursor",
        "heatmap--unknown",
        "heatmap--busy",
        "heatmap--cursor",
        "heatmap--playhead",
        "heatmap--pinned",
        "heatmap--mark",
    }
    DEFAULT_CSS = """
    HeatMap {
        width: 1fr;
        height: 1fr;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        & > .heatmap--label { color: $text-muted; }
        & > .heatmap--label-cursor { color: $foreground; text-style: bold; }
        & > .heatmap--unknown { color: $text-muted 60%; }
        & > .heatmap--busy { color: $accent; }
        & > .heatmap--cursor {
            color: $block-cursor-foreground;
            background: $block-cursor-background;
            text-style: bold;
        }
        & > .heatmap--playhead { color: $accent; text-style: bold; }
        & > .heatmap--pinned { color: $accent; }
        & > .heatmap--mark { color: $foreground; text-style: bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1,0)", "Up", show=False, id="heatmap.up", tooltip="Species above"),
        Binding(
            "down,j", "move(1,0)", "Down", show=False, id="heatmap.down", tooltip="Species below"
        ),
        Binding(
            "left", "move(0,-1)", "Left", show=False, id="heatmap.left", tooltip="Window before"
        ),
        Binding(
            "right", "move(0,1)", "Right", show=False, id="heatmap.right", tooltip="Window after"
        ),
        Binding("enter", "activate", "Play window", id="heatmap.play", tooltip="Play this window"),
    ]

    palette: reactive[str] = reactive(palettes.DEFAULT)
    cursor: reactive[tuple[int, int]] = reactive((0, 0), repaint=False)
    threshold: reactive[float] = reactive(0.0)

    class CellSelected(Message):
        """The cursor moved to a cell."""

        def __init__(self, heatmap: HeatMap, row: int, window: int) -> None:
            super().__init__()
            self.heatmap = heatmap
            self.row = row
            self.window = window

        @property
        def control(self) -> HeatMap:
            """The heat map."""
            return self.heatmap

    class CellActivated(CellSelected):
        """The user wants to hear a cell."""

    def __init__(
        self, *, gutter: int = GUTTER, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._gutter = gutter
        self._labels: tuple[str, ...] = ()
        self._values: npt.NDArray[np.float32] | None = None
        self._marks: Mapping[tuple[int, int], str] = {}
        self._pinned = 0
        self._changes = False
        self._busy: int | None = None
        self._playhead_s: float | None = None
        self._playhead = MovingColumn(self)
        self._start_s, self._end_s = 0.0, 60.0
        self._heat: HeatStyles | None = None

    @property
    def gutter_width(self) -> int:
        """Cells left of the windows, for the names."""
        return self._gutter

    @gutter_width.setter
    def gutter_width(self, cells: int) -> None:
        self._gutter = cells
        self.refresh()

    @property
    def row_count(self) -> int:
        """Species shown."""
        return len(self._labels)

    @property
    def window_count(self) -> int:
        """Windows of the recording."""
        return 0 if self._values is None else int(self._values.shape[1])

    @property
    def axis(self) -> TimeAxis:
        """The time axis as drawn now."""
        columns = max(self.size.width - self._gutter, 1)
        return TimeAxis(self._start_s, self._end_s, columns)

    def show(
        self,
        labels: Sequence[str],
        values: npt.NDArray[np.float32],
        *,
        pinned: int = 0,
        changes: bool = False,
    ) -> None:
        """Show other rows.

        Args:
            labels: Names of the R rows, from the top.
            values: float32 [R, windows] in 0–1; NaN where not predicted. Kept, not copied.
            pinned: How many rows at the top stay there.
            changes: Whether the values are differences, -1 to 1.
        """
        self._labels, self._values = tuple(labels), values
        self._pinned, self._changes = pinned, changes
        self.virtual_size = Size(0, len(self._labels))
        self.cursor = self._inside(*self.cursor)
        self.refresh()

    def set_marks(self, marks: Mapping[tuple[int, int], str]) -> None:
        """Draw a character in cells (row, window), such as what people heard there."""
        if marks != self._marks:
            self._marks = dict(marks)
            self.refresh()

    def set_column(self, window: int, column: npt.NDArray[np.float32]) -> None:
        """Take the values [R] of one window and paint only its cells."""
        if self._values is not None and 0 <= window < self.window_count:
            self._values[:, window] = column
            self._refresh_window(window)

    def set_busy(self, window: int | None) -> None:
        """Mark the window that is being predicted."""
        before, self._busy = self._busy, window
        for one in (before, window):
            if one is not None:
                self._refresh_window(one)

    def set_view(self, start_s: float, end_s: float) -> None:
        """Show the same span of time as the spectrogram."""
        self._start_s, self._end_s = start_s, max(end_s, start_s + 1e-6)
        self.refresh()

    def set_playhead(self, seconds: float | None) -> None:
        """Draw the playhead at a time; only the cells that change are painted again."""
        old = self._playhead_column()
        self._playhead_s = seconds
        new = self._playhead_column()
        self._playhead.move(old, new, self._gutter)

    def render_line(self, y: int) -> Strip:
        """One species."""
        row = y + self.scroll_offset.y
        if row >= self.row_count:
            return Strip.blank(self.size.width, self._styles().plain)
        name = "heatmap--pinned" if row < self._pinned else "heatmap--label"
        name = "heatmap--label-cursor" if row == self.cursor[0] else name
        mark = "▪" if row < self._pinned else " "
        label = gutter_segment(self._labels[row], self._gutter, self._style(name), mark)
        strip = Strip([label, *self._cells(row)])
        return self._with_playhead(strip.adjust_cell_length(self.size.width, self._styles().plain))

    def validate_cursor(self, cursor: tuple[int, int]) -> tuple[int, int]:
        """Keep the cursor on a cell."""
        return self._inside(*cursor)

    def watch_cursor(self, before: tuple[int, int], now: tuple[int, int]) -> None:
        """Paint both rows, keep the cursor in sight, and tell."""
        for row in {before[0], now[0]}:
            self.refresh_line(row)
        self.scroll_to_region(Region(0, now[0], 1, 1), animate=False, force=True)
        if self.row_count:
            self.post_message(self.CellSelected(self, *now))

    def watch_palette(self) -> None:
        """Draw in the new colours."""
        self._heat = None

    def notify_style_update(self) -> None:
        """Colours may have changed."""
        super().notify_style_update()
        self._heat = None

    def watch_has_focus(self, has_focus: bool) -> None:
        """The cursor is drawn only with the focus."""
        super().watch_has_focus(has_focus)
        self.refresh_line(self.cursor[0])

    def action_move(self, rows: int, windows: int) -> None:
        """Move the cursor."""
        self.cursor = (self.cursor[0] + rows, self.cursor[1] + windows)

    def action_activate(self) -> None:
        """Ask to play the cell under the cursor."""
        if self.row_count and self.window_count:
            self.post_message(self.CellActivated(self, *self.cursor))

    def on_click(self, event: events.Click) -> None:
        """Select a cell; activate it when clicked again."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        row = offset.y + self.scroll_offset.y
        window = int(self.axis.time_of(offset.x - self._gutter + 0.5) // WINDOW_S)
        if row < self.row_count and offset.x >= self._gutter:
            again = (row, window) == self.cursor
            self.cursor = (row, window)
            if again:
                self.action_activate()

    def _inside(self, row: int, window: int) -> tuple[int, int]:
        rows, windows = max(self.row_count - 1, 0), max(self.window_count - 1, 0)
        return min(max(row, 0), rows), min(max(window, 0), windows)

    def _refresh_window(self, window: int) -> None:
        first, past = self._edges(window)
        if past > first:
            region = Region(self._gutter + first, 0, past - first, self.size.height)
            self._playhead.leave(region)
            self.refresh(region)

    def _edges(self, window: int) -> tuple[int, int]:
        axis = self.axis
        return axis.edge_of(window * WINDOW_S), axis.edge_of((window + 1) * WINDOW_S)

    def _cells(self, row: int) -> list[Segment]:
        assert self._values is not None
        first = max(int(self._start_s // WINDOW_S), 0)
        past = min(math.ceil(self._end_s / WINDOW_S), self.window_count)
        segments: list[Segment] = []
        for window in range(first, past):
            left, right = self._edges(window)
            segments += self._cell(row, window, right - left)
        return segments

    def _cell(self, row: int, window: int, width: int) -> list[Segment]:
        assert self._values is not None
        if width <= 0:
            return []
        value = float(self._values[row, window])
        gap = 1 if width >= _GAP_FROM else 0
        text, style = self._drawn(value, window, width - gap)
        if self.has_focus and (row, window) == self.cursor:
            text, style = self._styles().under_cursor(text, self._style("heatmap--cursor"))
        mark = self._marks.get((row, window), "")
        if mark and not gap:
            if text[:1] == " ":
                text = mark + text[1:]
            else:
                # no cell is free, and a digit must never be hidden
                style += _MARKED
            mark = ""
        after = Segment(mark or " ", self._style("heatmap--mark") if mark else self._styles().plain)
        return [Segment(text, style), after] if gap else [Segment(text, style)]

    def _drawn(self, value: float, window: int, width: int) -> tuple[str, Style]:
        if math.isnan(value):
            busy = window == self._busy
            style = self._style("heatmap--busy" if busy else "heatmap--unknown")
            return ("⋯" if busy else "·").center(width), style
        if self._changes:
            return self._styles().change(value, width)
        return self._styles().cell(value, width, dimmed=value < self.threshold)

    def _styles(self) -> HeatStyles:
        if self._heat is None:
            colours = has_colours(self.app.console, self.app.no_color)
            ground = self.background_colors[1].rgb
            self._heat = HeatStyles(self.palette, ground, self.rich_style, colours=colours)
        return self._heat

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(name)

    def _playhead_column(self) -> int | None:
        seconds = self._playhead_s
        if seconds is None or not self._start_s <= seconds <= self._end_s:
            return None
        return min(self.axis.column_of(seconds), self.axis.columns - 1)

    def _with_playhead(self, strip: Strip) -> Strip:
        column = self._playhead_column()
        if column is None:
            return strip
        x = self._gutter + column
        under = next(iter(strip.crop(x, x + 1)), Segment(" "))
        style = self.get_component_rich_style("heatmap--playhead", partial=True)
        over = playhead_segment(under, "│", style)
        return Strip.join(
            [strip.crop(0, x), Strip([over], 1), strip.crop(x + 1, strip.cell_length)]
        )
