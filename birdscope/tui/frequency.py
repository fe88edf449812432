"""The labels of a spectrogram's frequency axis, short enough for its gutter."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import cast

from birdscope.audio.axes import FrequencyAxis, Scale

F_MIN_HZ, F_MAX_HZ = 0.0, 16_000.0
SCALES: tuple[Scale, ...] = ("mel", "linear", "log")
_WELCOME_HZ = (16000, 1000, 4000, 2000, 8000, 0, 125, 250, 500, 3000, 6000, 12000)
_ROOM = 2


def frequency_axis(
    rows: int, scale: str, low_hz: float = F_MIN_HZ, high_hz: float = F_MAX_HZ
) -> FrequencyAxis:
    """The axis of a picture of so many rows."""
    return FrequencyAxis(max(rows, 1), low_hz, high_hz, cast(Scale, scale))


@lru_cache(maxsize=16)
def labels(axis: FrequencyAxis) -> dict[int, str]:
    """Row → label such as 16k or 500, at least a row apart, round frequencies first."""
    whole = (axis.f_min_hz, axis.f_max_hz) == (F_MIN_HZ, F_MAX_HZ)
    chosen: dict[int, str] = {}
    for frequency_hz in _WELCOME_HZ if whole else _round_hz(axis):
        row = min(max(int(axis.hz_to_row(frequency_hz)), 0), axis.rows - 1)
        if all(abs(row - other) > 1 for other in chosen):
            chosen[row] = _short(frequency_hz)
    return chosen


def _round_hz(axis: FrequencyAxis) -> Iterable[float]:
    """Multiples of a round step inside a zoomed axis."""
    span_hz = axis.f_max_hz - axis.f_min_hz
    least = max(span_hz * _ROOM / max(axis.rows, _ROOM), 10.0)
    power = 10.0 ** math.floor(math.log10(least))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= least * (1 - 1e-9))
    first, last = math.ceil(axis.f_min_hz / step), math.floor(axis.f_max_hz / step)
    return (number * step for number in range(first, last + 1))


def _short(frequency_hz: float) -> str:
    if frequency_hz < 1000:
        return f"{frequency_hz:.0f}"
    return f"{frequency_hz / 1000:.4g}k"
