"""How loud a sound is that does not end: peak, mean, a held peak, and clipping."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from birdscope.core.windows import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

FLOOR_DB = -100.0
FULL_SCALE = 0.999
_HELD_S = 1.5
_FALLS_DB_PER_S = 20.0


@dataclass(frozen=True, slots=True)
class Levels:
    """How loud it is, in dB re full scale, never below FLOOR_DB.

    Attributes:
        peak_db: Of the loudest sample lately.
        mean_db: Of the root mean square lately; a full sine has -3 dB.
        held_db: The peak, which stays for a while and then falls.
        clipped: Samples at full scale since the beginning.
        clipped_ago_s: Seconds since the last of them; infinite before the first.
        silent_s: Seconds for which every sample was exactly 0.
    """

    peak_db: float = FLOOR_DB
    mean_db: float = FLOOR_DB
    held_db: float = FLOOR_DB
    clipped: int = 0
    clipped_ago_s: float = math.inf
    silent_s: float = 0.0


class LevelMeter:
    """Follows a sound at 32 kHz, block by block."""

    def __init__(self) -> None:
        self._held_db = FLOOR_DB
        self._held_for_s = 0.0
        self._clipped = 0
        self._clipped_ago_s = math.inf
        self._silent_s = 0.0

    def take(self, samples: npt.NDArray[np.float32]) -> Levels:
        """Levels of what came since the last call, float32 [samples], at least one."""
        import numpy as np

        seconds = len(samples) / SAMPLE_RATE_HZ
        magnitudes = np.abs(samples)
        peak = float(magnitudes.max())
        peak_db = _decibels(peak)
        self._hold(peak_db, seconds)
        full = np.flatnonzero(magnitudes >= FULL_SCALE)
        self._clipped += len(full)
        self._clipped_ago_s += seconds
        if len(full):
            self._clipped_ago_s = (len(samples) - int(full[-1])) / SAMPLE_RATE_HZ
        self._silent_s = self._silent_s + seconds if peak == 0.0 else 0.0
        return Levels(
            peak_db,
            _decibels(math.sqrt(float(np.mean(np.square(samples, dtype=np.float64))))),
            self._held_db,
            self._clipped,
            self._clipped_ago_s,
            self._silent_s,
        )

    def _hold(self, peak_db: float, seconds: float) -> None:
        self._held_for_s += seconds
        if self._held_for_s > _HELD_S:
            falls_s = min(seconds, self._held_for_s - _HELD_S)
            self._held_db = max(FLOOR_DB, self._held_db - _FALLS_DB_PER_S * falls_s)
        if peak_db >= self._held_db:
            self._held_db, self._held_for_s = peak_db, 0.0


def _decibels(amplitude: float) -> float:
    return max(FLOOR_DB, 20.0 * math.log10(max(amplitude, 1e-12)))
