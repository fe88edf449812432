"""Seconds ↔ columns: one arithmetic for everything that shares a time axis."""

from __future__ import annotations

from dataclasses import dataclass

_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """A span of time drawn over a number of terminal columns.

    Attributes:
        start_s: Time at the left edge.
        end_s: Time at the right edge.
        columns: Cells between them.
    """

    start_s: float
    end_s: float
    columns: int

    @property
    def span_s(self) -> float:
        """Length of the span, never 0."""
        return max(self.end_s - self.start_s, 1e-9)

    def column_of(self, seconds: float) -> int:
        """The cell that holds a time; may lie outside 0 … columns - 1."""
        position = (seconds - self.start_s) / self.span_s * self.columns
        return int(position // 1)

    def edge_of(self, seconds: float) -> int:
        """The cell boundary nearest to a time, 0 … columns, clipped."""
        position = round((seconds - self.start_s) / self.span_s * self.columns)
        return min(max(position, 0), self.columns)

    def time_of(self, column: float) -> float:
        """The time at a column's left edge."""
        return self.start_s + column / max(self.columns, 1) * self.span_s

    def ticks(self, room: int) -> list[tuple[int, float]]:
        """(column, seconds) of round times that stand at least `room` columns apart."""
        step = next((one for one in _STEPS_S if one / self.span_s * self.columns >= room), None)
        if step is None:
            return []
        first = -int(-self.start_s / step // 1)
        ticks = []
        number = first
        while (seconds := number * step) < self.end_s - 1e-6:
            ticks.append((self.edge_of(seconds), seconds))
            number += 1
        return ticks


def tick_label(seconds: float, step_s: float) -> str:
    """0:05, or 0:05.2 where ticks are closer than a second."""
    from birdscope.core.units import clock

    return clock(seconds, tenths=step_s < 1)
