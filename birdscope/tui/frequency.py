"""Hertz ↔ rows of a spectrogram, and the labels of its axis."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

F_MIN_HZ, F_MAX_HZ = 0.0, 16_000.0
SCALES: tuple[str, ...] = ("mel", "linear", "log")
_LOG_FLOOR_HZ = 50.0
_LABELLED_HZ = (0, 125, 250, 500, 1000, 2000, 3000, 4000, 6000, 8000, 12000, 16000)
_FIRST_HZ = (16000, 1000, 4000, 2000, 8000)


def _mel(frequency_hz: float) -> float:
    return 2595.0 * math.log10(1.0 + frequency_hz / 700.0)


def _mel_inverse(mel: float) -> float:
    return float(700.0 * (10.0 ** (mel / 2595.0) - 1.0))


def _log(frequency_hz: float) -> float:
    return math.log(max(frequency_hz, _LOG_FLOOR_HZ))


_WARP: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "mel": (_mel, _mel_inverse),
    "linear": (float, float),
    "log": (_log, math.exp),
}


@dataclass(frozen=True, slots=True)
class FrequencyAxis:
    """Frequencies drawn over a number of rows, the highest in row 0.

    Attributes:
        rows: How many rows.
        scale: mel (HTK), linear or log.
    """

    rows: int
    scale: str = "mel"

    def hz_of(self, row: float) -> float:
        """The frequency at a row's position; row 0 is the upper edge, `rows` the lower."""
        warp, unwarp = _WARP[self.scale]
        low, high = warp(F_MIN_HZ), warp(F_MAX_HZ)
        return unwarp(high - (high - low) * row / self.rows)

    def row_of(self, frequency_hz: float) -> int:
        """The row that holds a frequency."""
        warp, _ = _WARP[self.scale]
        low, high = warp(F_MIN_HZ), warp(F_MAX_HZ)
        position = (high - warp(frequency_hz)) / (high - low) * self.rows
        return min(max(int(position), 0), self.rows - 1)

    def labels(self) -> dict[int, str]:
        """Row → label, at least a row apart from each other, round frequencies first."""
        chosen: dict[int, str] = {}
        for frequency in (*_FIRST_HZ, *_LABELLED_HZ):
            row = self.row_of(frequency)
            if all(abs(row - other) > 1 for other in chosen):
                chosen[row] = _short(frequency)
        return chosen


def _short(frequency_hz: int) -> str:
    return f"{frequency_hz // 1000}k" if frequency_hz >= 1000 else str(frequency_hz)
