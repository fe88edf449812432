"""What recordings are filtered by besides words: a few values each, known or asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Facet = Literal["class", "rating", "collection", "length", "secondary", "problems"]
Pick = tuple[Facet, str]
"""A facet and one of its values."""
FACETS: tuple[Facet, ...] = ("class", "rating", "collection", "length", "secondary", "problems")
UNKNOWN = "unknown"
RATINGS: tuple[tuple[float, str], ...] = ((4.5, "4.5–5"), (4.0, "4–4.5"), (3.0, "3–4"), (0.0, "<3"))
"""Lowest rating of each band, best first; 0 in train.csv means unknown."""
LENGTHS: tuple[tuple[float, str], ...] = (
    (300.0, "≥5 min"),
    (60.0, "1–5 min"),
    (30.0, "30–60 s"),
    (10.0, "10–30 s"),
    (5.0, "5–10 s"),
    (0.0, "<5 s"),
)
"""Shortest length of each band in seconds, longest first."""
WITH, WITHOUT, ANY_PROBLEM = "with", "without", "any"


@dataclass(frozen=True)
class Query:
    """Which recordings are wanted.

    Attributes:
        words: Each must stand in a recording's code, names, class, author, place or file.
        picked: Of each facet that occurs, a recording needs one of the values.
    """

    words: str = ""
    picked: frozenset[Pick] = frozenset()

    @property
    def is_all(self) -> bool:
        """Whether every recording fits."""
        return not self.words.strip() and not self.picked

    def values(self, facet: Facet) -> frozenset[str]:
        """The wanted values of a facet; empty where any will do."""
        return frozenset(value for one, value in self.picked if one == facet)

    def needs(self, facet: Facet) -> bool:
        """Whether a facet decides."""
        return any(one == facet for one, _ in self.picked)


@dataclass
class Facts:
    """What only the files tell; filled as it becomes known.

    Attributes:
        lengths: Recording key → seconds; None for a file that can't be read.
        problems: Recording key → what is wrong with it, in words.
        problems_read: Whether anybody has looked for problems.
    """

    lengths: dict[str, float | None] = field(default_factory=dict)
    problems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problems_read: bool = False

    def length_band(self, key: str) -> str:
        """The band of a recording's length; `unknown` where nobody has read it."""
        seconds = self.lengths.get(key)
        return length_band(seconds) if seconds is not None else UNKNOWN

    def has_problem(self, key: str) -> bool:
        """Whether something is wrong with a recording or its row."""
        return key in self.problems or (key in self.lengths and self.lengths[key] is None)


def rating_band(rating: float) -> str:
    """The band of a rating; 0 is unknown.

    >>> rating_band(4.0)
    '4–4.5'
    """
    if rating <= 0:
        return UNKNOWN
    return next(band for least, band in RATINGS if rating >= least)


def length_band(seconds: float) -> str:
    """The band of a length.

    >>> length_band(61.0)
    '1–5 min'
    """
    return next(band for least, band in LENGTHS if seconds >= least)
