"""A slider's track in text: a thumb on a line. Pure."""

from __future__ import annotations

_DONE, _THUMB, _REST = "━", "●", "─"
LEAST = 5


def track(share: float, cells: int) -> tuple[str, str, str]:
    """What is left of the thumb, the thumb, what is right of it; together `cells` long.

    >>> track(0.5, 5)
    ('━━', '●', '──')
    """
    if cells < 1:
        return "", "", ""
    place = place_of(share, cells)
    return _DONE * place, _THUMB, _REST * (cells - place - 1)


def place_of(share: float, cells: int) -> int:
    """The cell of the thumb."""
    return min(max(round(share * (cells - 1)), 0), max(cells - 1, 0))


def share_at(cell: int, cells: int) -> float:
    """The share that a cell stands for, 0 to 1; cells beyond the ends give the ends.

    >>> share_at(9, 5)
    1.0
    """
    return min(max(cell / max(cells - 1, 1), 0.0), 1.0)
