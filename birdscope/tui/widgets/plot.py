"""A plot drawn with plotext 6 in the colours of the theme."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.widget import Widget

from birdscope.tui.palettes import Rgb

Limits = tuple[float, float]
NamedTicks = Mapping[float, str]


@dataclass(frozen=True, slots=True)
class Series:
    """Points or a line of a plot.

    Attributes:
        x: Values along x.
        y: Values along y, as many.
        marker: A character, or `hd` for quarters of cells.
        role: `primary`, `secondary` or `accent`: which colour of the theme.
        lines: Whether the points are joined.
    """

    x: Sequence[float]
    y: Sequence[float]
    marker: str = "•"
    role: str = "primary"
    lines: bool = False


class PlotView(Widget):
    """Series in a frame. plotext is imported when the first plot is drawn."""

    DEFAULT_CSS = """
    PlotView { height: 1fr; width: 1fr; color: $text-muted; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._series: tuple[Series, ...] = ()
        self._x_limits: Limits | None = None
        self._y_limits: Limits | None = None
        self._ticks = (3, 3)
        self._named_ticks: tuple[NamedTicks, NamedTicks] = ({}, {})
        self._drawn: tuple[tuple[int, int], Text] | None = None

    def show(
        self,
        series: Sequence[Series],
        *,
        x_limits: Limits | None = None,
        y_limits: Limits | None = None,
        ticks: tuple[int, int] = (3, 3),
        named_ticks: tuple[NamedTicks, NamedTicks] = ({}, {}),
    ) -> None:
        """Show other series.

        Args:
            series: In the order of drawing.
            x_limits: Span of x; the data's by default.
            y_limits: Span of y; the data's by default.
            ticks: How many labels x and y have.
            named_ticks: Where these are, and their labels; none leaves that to plotext.
        """
        self._named_ticks = named_ticks
        self._series = tuple(series)
        self._x_limits, self._y_limits, self._ticks = x_limits, y_limits, ticks
        self._drawn = None
        self.refresh()

    def notify_style_update(self) -> None:
        """Colours may have changed."""
        super().notify_style_update()
        self._drawn = None

    def render(self) -> Text:
        """The plot at the size at hand; nothing where that is too small or there is no data."""
        size = (self.size.width, self.size.height)
        if min(size) < 5 or not any(len(one.x) for one in self._series):
            return Text()
        if self._drawn is None or self._drawn[0] != size:
            self._drawn = (size, Text.from_ansi(self._build(*size)))
        return self._drawn[1]

    def _build(self, width: int, height: int) -> str:
        import plotext

        figure = plotext.figure
        figure.clear()
        figure.theme("colorless")
        figure.canvas("default")
        for one in self._series:
            marker = plotext.marker(one.marker, self._colour(one.role))
            signal = figure.signal(list(one.x), list(one.y), marker=marker)
            signal.lines(one.lines)
            figure.draw(signal)
        limits_of = (self._x_limits, self._y_limits)
        for axis, limits, ticks, named in zip(
            ("x", "y"), limits_of, self._ticks, self._named_ticks, strict=True
        ):
            ruler = figure.ruler(axis, 0)
            ruler.frequency(ticks)
            if named:
                ruler.ticks(list(named), list(named.values()))
            if limits is not None:
                ruler.lim(*limits)
        figure.plot_size(width, height)
        return str(figure.build().string())

    def _colour(self, role: str) -> Rgb:
        variables = self.app.theme_variables
        text = variables[role].lstrip("#")
        return int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16)


def round_ticks(limits: Limits, most: int) -> NamedTicks:
    """At most so many round numbers within limits, evenly apart.

    >>> round_ticks((-3.2, 11.0), 4)
    {0.0: '0', 5.0: '5', 10.0: '10'}
    """
    low, high = limits
    raw = max(high - low, 1e-9) / max(most, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * one for one in (1, 2, 5, 10) if power * one >= raw)
    first = math.ceil(low / step)
    places = [round(number * step, 9) for number in range(first, math.floor(high / step) + 1)]
    return {place: f"{place:,g}" for place in places}
