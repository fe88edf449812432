"""How recordings are spread over species and ratings, for plots."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from birdscope.core.types import Recording, Species

RARE = 10
"""A class with fewer recordings is called rare."""
_STEP = 0.5


@dataclass(frozen=True, slots=True)
class Balance:
    """Species by their number of recordings, most first.

    Attributes:
        labels: Of the species.
        counts: Their recordings, as many.
        powers: The counts as powers of ten, for a logarithmic axis; 0 for no recording.
        classes: Class name → ranks (0 is the most) of its species.
        median: Of the counts.
        rare: Species with 1 to 9 recordings.
        without: Species without any.
    """

    labels: tuple[str, ...]
    counts: tuple[int, ...]
    powers: tuple[float, ...]
    classes: Mapping[str, tuple[int, ...]]
    median: float
    rare: int
    without: int


def balance(species: Sequence[Species], counts: Mapping[str, int]) -> Balance:
    """Rank species by their recordings.

    Args:
        species: Those of the dataset.
        counts: Label → recordings; a missing label has none.
    """
    ranked = sorted(species, key=lambda one: (-counts.get(one.label, 0), one.label))
    numbers = tuple(counts.get(one.label, 0) for one in ranked)
    classes: dict[str, list[int]] = {}
    for rank, one in enumerate(ranked):
        classes.setdefault(one.class_name or "Class unknown", []).append(rank)
    return Balance(
        tuple(one.label for one in ranked),
        numbers,
        tuple(math.log10(max(one, 1)) for one in numbers),
        {name: tuple(ranks) for name, ranks in classes.items()},
        float(median(numbers)) if numbers else 0.0,
        sum(0 < one < RARE for one in numbers),
        sum(not one for one in numbers),
    )


def rating_counts(recordings: Iterable[Recording]) -> dict[float, int]:
    """Rating in steps of a half → recordings, best first; 0 stands for unknown and comes last.

    >>> rating_counts([])[5.0]
    0
    """
    counted = Counter(round(one.rating / _STEP) * _STEP for one in recordings)
    steps = [number * _STEP for number in range(10, 0, -1)]
    return {rating: counted[rating] for rating in (*steps, 0.0)}
