"""How many of the best are right, with the uncertainty that so many allow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from birdscope.core.errors import ScoresError


@dataclass(frozen=True, slots=True)
class Precision:
    """Hits among the k best.

    Attributes:
        k: How many were looked at.
        hits: How many are right.
        low: Lower end of the 95 % Wilson interval.
        high: Upper end.
    """

    k: int
    hits: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share of hits."""
        return self.hits / self.k


def precision_at(right: Sequence[bool], k: int) -> Precision:
    """Precision of the first k of a list that is sorted best first.

    Raises:
        ScoresError: if k is not between 1 and the length of the list.
    """
    if not 1 <= k <= len(right):
        raise ScoresError(f"precision@{k} needs as many verdicts; there are {len(right)}")
    hits = sum(map(bool, right[:k]))
    low, high = wilson_interval(hits, k)
    return Precision(k, hits, low, high)


def wilson_interval(hits: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share (Wilson 1927); good for few trials, and at 0 and 1.

    >>> low, high = wilson_interval(8, 10)
    >>> round(low, 3), round(high, 3)
    (0.49, 0.943)

    Raises:
        ScoresError: without trials, or with more hits than trials.
    """
    if not 0 <= hits <= trials or trials < 1:
        raise ScoresError(f"{hits} of {trials} is no share")
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share, spread = hits / trials, z * z / trials
    centre = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / trials + spread / (4 * trials))
    return max(0.0, centre - half), min(1.0, centre + half)
