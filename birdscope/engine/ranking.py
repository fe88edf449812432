"""Which species of a file are shown, and in what order. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


def rank_species(
    probabilities: npt.NDArray[np.floating], count: int, shown: Sequence[int] = ()
) -> tuple[int, ...]:
    """Columns of the best species of a file, by their top probability.

    Species already shown keep their place as long as they are among the best, so that rows
    don't jump while results arrive; a newcomer takes the place of one that no longer is.

    Args:
        probabilities: [W, C], NaN where not predicted.
        count: How many species.
        shown: Columns shown now, from the top; empty ranks anew.
    """
    if np.isnan(probabilities).all():
        return tuple(shown[:count])
    tops = np.fmax.reduce(probabilities, axis=0)
    best = np.argsort(-np.nan_to_num(tops), kind="stable")[:count].tolist()
    if not shown:
        return tuple(best)
    wanted = set(best)
    newcomers = iter([column for column in best if column not in set(shown)])
    kept = [column if column in wanted else next(newcomers, None) for column in shown[:count]]
    rows = [column for column in kept if column is not None]
    return tuple(rows + list(newcomers))[:count]


def top_columns(probabilities: npt.NDArray[np.floating], count: int) -> tuple[int, ...]:
    """Columns of the `count` best of one window [C], best first; none where it has no scores."""
    if np.isnan(probabilities).any():
        return ()
    return tuple(np.argsort(-probabilities, kind="stable")[:count].tolist())
