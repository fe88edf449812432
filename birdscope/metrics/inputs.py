"""What every metric asks of its inputs, in one place."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import ScoresError

Floats = npt.NDArray[np.floating[Any]]
Bools = npt.NDArray[np.bool_]


def checked(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> tuple[Bools, Floats]:
    """Labels as bool [R, C] (positive above 0.5) and probabilities as they are, [R, C].

    Raises:
        ScoresError: if shapes differ or either holds NaN.
    """
    truth, scores = np.asarray(labels), np.asarray(probabilities)
    if truth.shape != scores.shape or truth.ndim != 2:
        raise ScoresError(
            f"labels {truth.shape} and probabilities {scores.shape} must both be [rows, classes]"
        )
    for name, values in (("labels", truth), ("probabilities", scores)):
        if np.issubdtype(values.dtype, np.floating) and np.isnan(values).any():
            rows = int(np.isnan(values).any(axis=1).sum())
            raise ScoresError(
                f"{rows} rows of the {name} hold NaN",
                remedy="leave out rows that are not labelled or not predicted",
            )
    return (truth if truth.dtype == bool else truth > 0.5), scores


def scorable(labels: Bools) -> Bools:
    """Classes with at least one positive and one negative row, bool [C]."""
    return np.asarray(labels.any(axis=0) & ~labels.all(axis=0))


def macro(per_class: Floats) -> float:
    """The mean over scored classes (not NaN); NaN where there is none."""
    scored = per_class[~np.isnan(per_class)]
    return float(scored.mean()) if len(scored) else float("nan")
