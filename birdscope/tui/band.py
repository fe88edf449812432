"""The band of frequencies that is seen: zoomed, panned, kept inside the picture. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from birdscope.audio.axes import FrequencyAxis
from birdscope.core.units import hertz
from birdscope.tui.frequency import F_MAX_HZ, F_MIN_HZ, frequency_axis

_NARROWEST_HZ = 100.0
_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Band:
    """Frequencies from `low_hz` to `high_hz`; the default is everything."""

    low_hz: float = F_MIN_HZ
    high_hz: float = F_MAX_HZ

    @property
    def is_whole(self) -> bool:
        """Whether all frequencies are seen."""
        return self.low_hz <= F_MIN_HZ and self.high_hz >= F_MAX_HZ

    def axis(self, rows: int, scale: str) -> FrequencyAxis:
        """The vertical axis of a picture of so many rows."""
        return frequency_axis(rows, scale, self.low_hz, self.high_hz)

    def at(self, low_hz: float, high_hz: float) -> Band:
        """Another band, cut to what there is; one that would be too narrow is widened."""
        low_hz = min(max(low_hz, F_MIN_HZ), F_MAX_HZ - _NARROWEST_HZ)
        # a logarithmic axis never arrives at nothing
        low_hz = low_hz if low_hz >= 1.0 else F_MIN_HZ
        return Band(low_hz, min(max(high_hz, low_hz + _NARROWEST_HZ), F_MAX_HZ))

    def zoomed(self, factor: float, around_hz: float | None, scale: str) -> Band:
        """`factor` times less of the frequencies; `around_hz` stays where it is on screen."""
        axis = self.axis(_ROWS, scale)
        row = _ROWS / 2 if around_hz is None else axis.hz_to_row(around_hz)
        top, bottom = row - row / factor, row + (_ROWS - row) / factor
        return self.at(axis.row_to_hz(bottom), axis.row_to_hz(top))

    def panned(self, share: float, scale: str) -> Band:
        """Moved up by a share of what is seen, on the scale on show."""
        axis = self.axis(_ROWS, scale)
        ceiling, floor = axis.hz_to_row(F_MAX_HZ), axis.hz_to_row(F_MIN_HZ)
        shift = min(max(-share * _ROWS, ceiling), floor - _ROWS)
        return self.at(axis.row_to_hz(_ROWS + shift), axis.row_to_hz(shift))

    def __str__(self) -> str:
        return band_text(self.low_hz, self.high_hz)


def band_text(low_hz: float, high_hz: float) -> str:
    """A band with its unit once where both have the same.

    >>> band_text(2000, 4500)
    '2–4.5 kHz'
    """
    low, high = hertz(low_hz).split(" "), hertz(high_hz).split(" ")
    same = low[1] == high[1] or low[0] == "0"
    return f"{low[0]}–{' '.join(high)}" if same else f"{' '.join(low)} – {' '.join(high)}"
