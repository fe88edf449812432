"""What is drawn over and below a spectrogram: marks, a curve, a box. Pure, in cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from birdscope.audio.axes import FrequencyAxis
from birdscope.audio.boxes import Box, Measure
from birdscope.core.units import hertz
from birdscope.tui.band import band_text
from birdscope.tui.timeline import TimeAxis

Kind = Literal["label", "detection", "yes", "no", "maybe"]
BARS = " ▁▂▃▄▅▆▇█"
SIGNS: dict[Kind, str] = {"label": "━", "detection": "▬", "yes": "✓", "no": "✗", "maybe": "?"}


@dataclass(frozen=True, slots=True)
class SpanMark:
    """Something known about a span of a recording.

    Attributes:
        start_s: Its beginning.
        end_s: Its end.
        kind: A label, a detection, or a verdict's answer.
        text: What is written on it where there is room.
    """

    start_s: float
    end_s: float
    kind: Kind = "label"
    text: str = ""


@dataclass(frozen=True)
class Curve:
    """Values over time, 0 to 1, as bars.

    Attributes:
        times_s: Middles of the steps, ascending, evenly apart.
        values: One for each; NaN draws nothing.
        name: What it is, for the gutter.
    """

    times_s: Sequence[float]
    values: Sequence[float]
    name: str = ""

    def columns(self, axis: TimeAxis) -> list[float]:
        """The highest value in each column; NaN where there is none."""
        if not len(self.times_s):
            return [float("nan")] * axis.columns
        first_s = self.times_s[0]
        apart_s = (self.times_s[-1] - first_s) / max(len(self.times_s) - 1, 1) or 1.0
        begin_s = first_s - apart_s / 2
        seen = []
        for column in range(axis.columns):
            low = (axis.time_of(column) - begin_s) / apart_s
            high = (axis.time_of(column + 1) - begin_s) / apart_s
            steps = range(
                max(int(low // 1), 0), min(max(int(-(-high // 1)), int(low) + 1), len(self.values))
            )
            known = [self.values[step] for step in steps if self.values[step] == self.values[step]]
            seen.append(max(known) if known and high > 0 else float("nan"))
        return seen


def bar_lines(shares: Sequence[float], rows: int) -> list[str]:
    """Shares of 0 to 1 as bars of so many rows, the top one first; NaN is a gap.

    >>> bar_lines([0.0, 0.5, 1.0], 1)
    [' ▄█']
    """
    eighths = [round(min(max(one, 0.0), 1.0) * 8 * rows) if one == one else 0 for one in shares]
    return [
        "".join(BARS[min(max(one - 8 * below, 0), 8)] for one in eighths)
        for below in range(rows - 1, -1, -1)
    ]


def mark_line(marks: Sequence[SpanMark], axis: TimeAxis) -> list[tuple[str, Kind | None]]:
    """A line with all marks, the later ones over the earlier: (character, kind) for each cell."""
    line: list[tuple[str, Kind | None]] = [(" ", None)] * axis.columns
    for mark in marks:
        first, past = axis.edge_of(mark.start_s), axis.edge_of(mark.end_s)
        if mark.end_s <= axis.start_s or mark.start_s >= axis.end_s:
            continue
        past = min(max(past, first + 1), axis.columns)
        first = min(first, past - 1)
        fill = SIGNS[mark.kind] if mark.kind in ("label", "detection") else "─"
        room = past - first
        sign = "" if mark.kind in ("label", "detection") else SIGNS[mark.kind]
        text = (sign + mark.text)[: max(room - 1, 1)]
        drawn = (text or fill).ljust(room, fill) if room > 1 else (sign or fill)
        line[first:past] = [(character, mark.kind) for character in drawn]
        if room > 1:
            line[past - 1] = ("╴", mark.kind)
    return line


@dataclass(frozen=True, slots=True)
class Outline:
    """A box in cells; edges out of sight are outside of the picture.

    Attributes:
        left: Column of its left edge.
        right: Column of its right edge.
        top: Line of its upper edge.
        bottom: Line of its lower edge.
    """

    left: int
    right: int
    top: int
    bottom: int

    @classmethod
    def of(cls, box: Box, axis: TimeAxis, frequencies: FrequencyAxis) -> Outline:
        """Where a box is drawn; at least a cell wide and high."""
        left = axis.column_of(box.start_s + 1e-9)
        right = max(axis.column_of(box.end_s - 1e-9), left)
        top = int(frequencies.hz_to_row(box.high_hz) + 1e-6)
        bottom = max(int(frequencies.hz_to_row(box.low_hz) - 1e-6), top)
        return cls(left, right, top, min(bottom, frequencies.rows - 1))

    def on_line(self, y: int, columns: int) -> dict[int, str]:
        """The characters on a line of the picture, by column."""
        if not self.top <= y <= self.bottom:
            return {}
        drawn: dict[int, str] = {}
        if y in (self.top, self.bottom):
            drawn = dict.fromkeys(range(max(self.left, 0), min(self.right + 1, columns)), "━")
        corners = self._corners(y)
        for column, corner in zip((self.left, self.right), corners, strict=True):
            if 0 <= column < columns:
                drawn[column] = corner
        return drawn

    def _corners(self, y: int) -> str:
        if self.top == self.bottom:
            return "[]"
        return "┏┓" if y == self.top else "┗┛" if y == self.bottom else "┃┃"


def box_text(box: Box, measure: Measure | None) -> str:
    """A selection in words: duration, bandwidth and edges, peak."""
    text = f"{seconds_text(box.duration_s)} × {hertz(box.bandwidth_hz)}"
    text += f"  {band_text(box.low_hz, box.high_hz)}"
    if measure is None:
        return f"{text}  peak …"
    return f"{text}  peak {hertz(measure.peak_hz)} {measure.peak_db:.0f} dB"


def seconds_text(seconds: float) -> str:
    """A short duration: 85 ms, 0.90 s, 12.3 s."""
    if seconds < 0.1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
