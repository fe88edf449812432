"""The labels of a spectrogram's frequency axis, short enough for its gutter."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

from birdscope.audio.axes import FrequencyAxis, Scale

F_MIN_HZ, F_MAX_HZ = 0.0, 16_000.0
SCALES: tuple[Scale, ...] = ("mel", "linear", "log")
_WELCOME_HZ = (16000, 1000, 4000, 2000, 8000, 0, 125, 250, 500, 3000, 6000, 12000)


def frequency_axis(rows: int, scale: str) -> FrequencyAxis:
    """The axis of a picture of so many rows."""
    return FrequencyAxis(max(rows, 1), F_MIN_HZ, F_MAX_HZ, cast(Scale, scale))


@lru_cache(maxsize=16)
def labels(axis: FrequencyAxis) -> dict[int, str]:
    """Row → label such as 16k or 500, at least a row apart, round frequencies first."""
    chosen: dict[int, str] = {}
    for frequency_hz in _WELCOME_HZ:
        row = min(max(int(axis.hz_to_row(frequency_hz)), 0), axis.rows - 1)
        if all(abs(row - other) > 1 for other in chosen):
            chosen[row] = _short(frequency_hz)
    return chosen


def _short(frequency_hz: int) -> str:
    return f"{frequency_hz // 1000}k" if frequency_hz >= 1000 else str(frequency_hz)
