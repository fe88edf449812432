"""How loudness becomes brightness. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

GAIN_STEP_DB = 3.0
_MOST_GAIN_DB = 60.0
RANGES_DB: tuple[float | None, ...] = (None, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 100.0)
GAMMAS = (1.0, 1.5, 2.2, 0.7)
CONTRASTS = dict(zip(GAMMAS, ("plain", "hard", "harder", "soft"), strict=True))


@dataclass(frozen=True)
class Tone:
    """How loudness becomes brightness.

    Attributes:
        gain_db: Added to all levels; more is brighter.
        range_db: From darkest to brightest; None takes the file's own.
        gamma: Below 1 lifts what is faint, above 1 leaves only what is loud.
    """

    gain_db: float = 0.0
    range_db: float | None = None
    gamma: float = 1.0

    def over(self, low: float, high: float) -> tuple[float, float]:
        """The dB drawn darkest and brightest, from a file's own."""
        high -= self.gain_db
        return (low - self.gain_db if self.range_db is None else high - self.range_db), high

    def brighter(self, steps: int) -> Tone:
        """So many steps of gain more."""
        gain_db = self.gain_db + steps * GAIN_STEP_DB
        return replace(self, gain_db=min(max(gain_db, -_MOST_GAIN_DB), _MOST_GAIN_DB))

    def wider(self, steps: int) -> Tone:
        """Another dynamic range, round and round; the file's own is the first."""
        place = RANGES_DB.index(self.range_db) + steps
        return replace(self, range_db=RANGES_DB[place % len(RANGES_DB)])

    def next_contrast(self) -> Tone:
        """The next gamma, round and round."""
        return replace(self, gamma=GAMMAS[(GAMMAS.index(self.gamma) + 1) % len(GAMMAS)])

    def __str__(self) -> str:
        wide = "auto" if self.range_db is None else f"{self.range_db:.0f} dB"
        return f"gain {self.gain_db:+.0f} dB  range {wide}  contrast {CONTRASTS[self.gamma]}"
