"""Scrolling by a row paints the row that comes into sight, not the ones that move.

Textual makes each line of a list anew when it scrolls, borders and filters included, and draws
the scrollbar's every cell although the thumb of a long list hardly moves: two thirds of what a
step took. `tests/tui/test_scrolling.py` holds what this takes from inside Textual.
"""

from __future__ import annotations

from typing import ClassVar

from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.strip import Strip

_EIGHTHS = 8


class CalmScrollBar(ScrollBar):
    """A scrollbar that is painted again only once its thumb looks different."""

    def validate_position(self, position: float) -> float:
        """The position to an eighth of a cell of the bar; the end of the list is exact."""
        cells = self.size.height if self.vertical else self.size.width
        if position >= self.window_virtual_size - self.window_size or not cells:
            return position
        step = max(self.window_virtual_size / (cells * _EIGHTHS), 1 / _EIGHTHS)
        return int(position / step) * step


class CalmScrollView(ScrollView):
    """Lines that move when it is scrolled, except for `header_rows` at the top."""

    header_rows: ClassVar[int] = 0

    @property
    def vertical_scrollbar(self) -> ScrollBar:
        """The vertical scrollbar, made when it is first asked for."""
        if self._vertical_scrollbar is None:
            bar = CalmScrollBar(
                vertical=True, name="vertical", thickness=self.scrollbar_size_vertical
            )
            bar.display = False
            self._vertical_scrollbar = bar
            self.app._start_widget(self, bar)
        return self._vertical_scrollbar

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Take the lines along that stay in sight; the others are made when they are painted."""
        rows = round(new_value) - round(old_value)
        kept = self._moved(rows) if rows else {}
        super().watch_scroll_y(old_value, new_value)
        self._styles_cache._cache.update(kept)
        self._styles_cache._dirty_lines.difference_update(kept)

    def _moved(self, rows: int) -> dict[int, Strip]:
        """Lines of the widget that were made and are in sight after scrolling, where they are."""
        cache, inside = self._styles_cache, self.scrollable_content_region
        top = self.content_offset.y + self.header_rows
        lines = Region(0, top, 1, max(inside.height - self.header_rows, 0)).line_range
        return {
            y - rows: cache._cache[y]
            for y in lines
            if y in cache._cache and y - rows in lines and not cache.is_dirty(y)
        }
