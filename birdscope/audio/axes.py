"""Where things are in a spectrogram of terminal cells: hertz to rows, seconds to columns.

A row or column is a cell; row 0 is at the top and holds the highest frequencies. Positions
are fractional: 2.5 is the middle of cell 2.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from birdscope.core.units import clock, hertz

Scale = Literal["mel", "linear", "log"]
_LOG_FLOOR_HZ = 20.0
_STEPS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30)
_LONG_STEPS_S = (60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis.

    Attributes:
        cell: Row or column, whole.
        value: Hertz or seconds.
        label: The value as people read it.
    """

    cell: int
    value: float
    label: str


@dataclass(frozen=True, slots=True)
class FrequencyAxis:
    """The vertical axis.

    Attributes:
        rows: Cells.
        f_min_hz: Lower edge of the lowest row.
        f_max_hz: Upper edge of row 0.
        scale: How hertz are spread.
    """

    rows: int
    f_min_hz: float = 0.0
    f_max_hz: float = 16_000.0
    scale: Scale = "mel"

    def __post_init__(self) -> None:
        if self.rows < 1 or not 0 <= self.f_min_hz < self.f_max_hz:
            raise ValueError(f"no such frequency axis: {self}")

    def row_to_hz(self, row: float) -> float:
        """Frequency at a position; the middle of row r is at r + 0.5."""
        low, high = self._unit(self.f_min_hz), self._unit(self.f_max_hz)
        return self._hz(high + (low - high) * row / self.rows)

    def hz_to_row(self, frequency_hz: float) -> float:
        """Position of a frequency; its row is the floor, and may lie outside the axis."""
        low, high = self._unit(self.f_min_hz), self._unit(self.f_max_hz)
        return (high - self._unit(frequency_hz)) / (high - low) * self.rows

    def edges_hz(self) -> list[float]:
        """The rows + 1 edges, from the lowest frequency up."""
        return [self.row_to_hz(row) for row in range(self.rows, -1, -1)]

    def ticks(self, min_gap: int = 4) -> list[Tick]:
        """Round frequencies at least `min_gap` rows apart, from the top down.

        The edges themselves are marked when they are round.
        """
        chosen: list[Tick] = []
        for frequency_hz in self._round_hz(min_gap):
            row = min(int(self.hz_to_row(frequency_hz)), self.rows - 1)
            if all(abs(row - tick.cell) >= min_gap for tick in chosen):
                chosen.append(Tick(row, frequency_hz, hertz(frequency_hz)))
        return sorted(chosen, key=lambda tick: tick.cell)

    def _round_hz(self, min_gap: int) -> Iterable[float]:
        """Candidates, the most welcome first."""
        inside = (self.f_min_hz, self.f_max_hz)
        if self.scale == "linear":
            room = max(1, self.rows // max(1, min_gap))
            step = _nice((self.f_max_hz - self.f_min_hz) / room)
            return [*_multiples(step, *inside), *_multiples(step / 2, *inside)]
        round_hz = [0.0, *(m * 10.0**e for e in range(1, 6) for m in (1, 2, 5))]
        octaves = [125.0 * 2**n for n in range(12)]
        # tops of common axes first, so that the upper edge is labelled when it is round
        return [hz for hz in (self.f_max_hz, *reversed(octaves), *round_hz) if _within(hz, inside)]

    def _unit(self, frequency_hz: float) -> float:
        if self.scale == "mel":
            return math.log1p(frequency_hz / 700.0)
        if self.scale == "log":
            return math.log(max(frequency_hz, _LOG_FLOOR_HZ))
        return frequency_hz

    def _hz(self, unit: float) -> float:
        if self.scale == "mel":
            return 700.0 * math.expm1(unit)
        return math.exp(unit) if self.scale == "log" else unit


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """The horizontal axis: seconds of a recording from `start_s` to `end_s` over columns."""

    columns: int
    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if self.columns < 1 or self.end_s <= self.start_s:
            raise ValueError(f"no such time axis: {self}")

    def column_to_s(self, column: float) -> float:
        """Second at a position; the middle of column c is at c + 0.5."""
        return self.start_s + (self.end_s - self.start_s) * column / self.columns

    def s_to_column(self, second: float) -> float:
        """Position of a second; its column is the floor, and may lie outside the axis."""
        return (second - self.start_s) / (self.end_s - self.start_s) * self.columns

    def ticks(self, min_gap: int = 12) -> list[Tick]:
        """Round seconds at least `min_gap` columns apart, from the left."""
        seconds_apart = min_gap * (self.end_s - self.start_s) / self.columns
        steps = [*_STEPS_S, *_LONG_STEPS_S]
        step = next((step for step in steps if step >= seconds_apart), steps[-1])
        return [
            Tick(min(int(self.s_to_column(second) + 1e-6), self.columns - 1), second, label)
            for second in _multiples(step, self.start_s, self.end_s)
            if (label := _time_label(second, step)) and self.s_to_column(second) < self.columns
        ]


def _time_label(second: float, step: float) -> str:
    if step >= 1:
        return clock(round(second))
    if step >= 0.1:
        return clock(second, tenths=True)
    minutes, rest = divmod(second, 60)
    return f"{int(minutes)}:{rest:06.3f}"


def _nice(step: float) -> float:
    """The smallest of 1, 2, 5 × 10ⁿ that is at least `step`."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= step * (1 - 1e-9))


def _multiples(step: float, low: float, high: float) -> list[float]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]
