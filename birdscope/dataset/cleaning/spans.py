"""From values per frame to spans of time. Pure arithmetic."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Span = tuple[int, int]
"""First frame, and the one after the last."""


def runs(mask: npt.NDArray[np.bool_]) -> list[Span]:
    """Where a mask is true: bool [frames] → spans of frames, in order."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def hysteresis(values: npt.NDArray[np.float64], on: float, off: float) -> list[Span]:
    """Spans that begin at a value of at least `on` and end before one below `off`."""
    return [
        (first + int(np.argmax(values[first:last] >= on)), last)
        for first, last in runs(values >= off)
        if values[first:last].max() >= on
    ]


def bridged(spans: list[Span], gap: float) -> list[Span]:
    """Spans with gaps of up to `gap` frames between them made one."""
    out: list[Span] = []
    for first, last in spans:
        if out and first - out[-1][1] <= gap:
            out[-1] = (out[-1][0], last)
        else:
            out.append((first, last))
    return out
