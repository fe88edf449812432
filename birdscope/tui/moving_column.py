"""A column that moves over a widget, such as a playhead: what to paint for each step."""

from __future__ import annotations

from textual.geometry import Region
from textual.widget import Widget


class MovingColumn:
    """Has a widget painted where its column is seen and where it went to, and nowhere else.

    Over a slow link a playhead moves many times before it is painted: where it was never seen
    there is nothing to paint, and a frame must not grow with the time that it waits.

    Args:
        widget: Draws the column over its whole height.
    """

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._seen: int | None = None
        self._asked: set[Region] = set()

    def move(self, old: int | None, new: int | None, left: int) -> None:
        """The column moved; None is out of sight, `left` are the cells before the first one."""
        if old == new:
            return
        if not self._take_back():
            self._seen = old
        columns = sorted({one for one in (self._seen, new) if one is not None})
        spans = [(first, 1) for first in columns]
        if len(columns) == 2 and columns[1] - columns[0] == 1:
            spans = [(columns[0], 2)]
        height = self._widget.size.height
        regions = [Region(left + first, 0, width, height) for first, width in spans]
        self._asked = {one for one in regions if self._placed(one) not in self._repainted}
        self._widget.refresh(*regions)

    def leave(self, region: Region) -> None:
        """A region of the content is painted for another reason too: never take it back."""
        self._asked.discard(region)

    @property
    def _repainted(self) -> set[Region]:
        return self._widget._repaint_regions

    def _placed(self, region: Region) -> Region:
        return region.translate(self._widget.content_offset)

    def _take_back(self) -> bool:
        """Withdraw what was asked for; whether it still waited to be painted."""
        waiting = {self._placed(one) for one in self._asked} & self._repainted
        self._repainted.difference_update(waiting)
        return bool(waiting)
