"""Figures as text: areas, differences, intervals; a missing one is a dash, never a number. Pure."""

from __future__ import annotations

import math

NONE = "—"


def area(value: float) -> str:
    """A ROC-AUC or average precision.

    >>> area(float("nan"))
    '—'
    """
    return NONE if math.isnan(value) else f"{value:.4f}"


def change(value: float) -> str:
    """A difference, with its sign.

    >>> change(-0.00123)
    '−0.0012'
    """
    if math.isnan(value):
        return NONE
    text = f"{abs(value):.4f}"
    if text == "0.0000":
        return " 0.0000"
    return f"{'−' if value < 0 else '+'}{text}"


def spread(mean: float, deviation: float) -> str:
    """A mean over folds and their standard deviation."""
    if math.isnan(mean):
        return NONE
    return f"{mean:.4f}" if math.isnan(deviation) else f"{mean:.4f} ±{deviation:.3f}"


def interval(low: float, high: float) -> str:
    """Both ends of an interval of a difference."""
    if math.isnan(low) or math.isnan(high):
        return NONE
    return f"{change(low).strip()} … {change(high).strip()}"


def bar(value: float, largest: float, cells: int) -> tuple[str, str]:
    """A bar of a difference: what grows left of the middle, what grows right of it.

    >>> bar(-0.5, 1.0, 4)
    ('  ━━', '    ')
    """
    if math.isnan(value) or largest <= 0:
        return " " * cells, " " * cells
    length = min(round(abs(value) / largest * cells), cells)
    if value and not length and abs(value) >= 0.00005:
        length = 1
    blocks = "━" * length
    return (blocks.rjust(cells), " " * cells) if value < 0 else (" " * cells, blocks.ljust(cells))
