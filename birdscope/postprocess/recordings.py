"""Arithmetic over the rows of each recording at once, for recordings of unequal length."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Offsets = npt.NDArray[np.int64]


def recording_of_row(offsets: Offsets) -> npt.NDArray[np.int64]:
    """The recording number of each row, int64 [R]."""
    return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))


def maximum_of_recordings(probabilities: Floats, offsets: Offsets) -> Floats:
    """The top of each class in each recording, [N, C].

    NaN rows are passed over; a recording without any number gives NaN.
    """
    return _reduce(np.fmax, probabilities, offsets)


def mean_of_recordings(probabilities: Floats, offsets: Offsets) -> Floats:
    """The mean of each class over each recording's rows, [N, C]; NaN rows are passed over."""
    known = ~np.isnan(probabilities)
    total = _reduce(np.add, np.where(known, probabilities, 0), offsets)
    count = _reduce(np.add, known.astype(probabilities.dtype), offsets)
    with np.errstate(invalid="ignore", divide="ignore"):
        result: Floats = np.where(count > 0, total / count, np.nan)
    return result.astype(probabilities.dtype, copy=False)


def _reduce(function: np.ufunc, values: Floats, offsets: Offsets) -> Floats:
    """`function.reduceat` over recordings; a recording without rows gives NaN."""
    filled = np.flatnonzero(np.diff(offsets))
    result = np.full((len(offsets) - 1, values.shape[1]), np.nan, dtype=values.dtype)
    if len(filled):
        result[filled] = function.reduceat(values, offsets[filled], axis=0)
    return result
