"""The steps of post-processing as pure functions on arrays.

Each takes probabilities [R, C] and offsets int64 [N + 1] (recording n owns rows offsets[n] to
offsets[n + 1]) and gives new probabilities [R, C] of the same dtype. Rows never mix across
recordings, apart from `min_max`, which looks at all rows. A NaN value stays NaN; the weight of
a missing neighbour goes to the row itself.

Sources: the public weighted blend of BirdCLEF+ 2025 (low-rank power, smoothing), the 1st place
of 2025 (Gaussian, neighbour mean), earlier winners (five taps, file peak).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from birdscope.postprocess.recordings import (
    Floats,
    Offsets,
    maximum_of_recordings,
    recording_of_row,
)


def low_rank_power(
    probabilities: Floats, offsets: Offsets, *, top_k: int = 30, exponent: float = 2.0
) -> Floats:
    """Raise the classes past each recording's `top_k` best to `exponent`.

    Classes are ranked by their maximum in the recording; of equal ones the earlier column is
    the better. With an exponent above 1 this lowers rare, unsure classes.
    """
    tops = maximum_of_recordings(probabilities, offsets)
    order = np.argsort(-tops, axis=1, kind="stable")
    tail = np.zeros(tops.shape, dtype=bool)
    np.put_along_axis(tail, order[:, top_k:], True, axis=1)
    return np.where(
        tail[recording_of_row(offsets)], np.power(probabilities, exponent), probabilities
    )


def smooth(probabilities: Floats, offsets: Offsets, *, weight: float = 0.2) -> Floats:
    """Take `weight` from either neighbour: inner rows w, 1 - 2w, w; ends 1 - w, w."""
    return kernel(probabilities, offsets, taps=(weight, 1.0 - 2.0 * weight, weight))


def kernel(
    probabilities: Floats, offsets: Offsets, *, taps: Sequence[float] = (0.1, 0.2, 0.4, 0.2, 0.1)
) -> Floats:
    """Weigh the rows around each row by `taps` (odd count, scaled to sum 1), edges repeated."""
    weights = np.asarray(taps, dtype=np.float64) / math.fsum(taps)
    first, last = _recording_bounds(offsets)
    rows = np.arange(len(probabilities))
    any_missing = bool(np.isnan(probabilities).any())
    result = probabilities.copy()
    for tap, weight in enumerate(weights.tolist()):
        shift = tap - len(weights) // 2
        if shift == 0 or weight == 0:
            continue
        # Differences to the row itself leave constant recordings exactly as they are.
        step = probabilities[np.clip(rows + shift, first, last)] - probabilities
        if any_missing:
            np.nan_to_num(step, copy=False)
        step *= weight
        result += step
    np.clip(result, 0.0, 1.0, out=result)
    return result


def gaussian(probabilities: Floats, offsets: Offsets, *, sigma: float = 1.0) -> Floats:
    """Smooth by a Gaussian of `sigma` windows, cut at 4 sigma, edges repeated.

    Equals scipy.ndimage.gaussian_filter1d(mode="nearest") on each recording.
    """
    radius = int(4.0 * sigma + 0.5)
    distance = np.arange(-radius, radius + 1)
    return kernel(probabilities, offsets, taps=np.exp(-0.5 * (distance / sigma) ** 2).tolist())


def neighbour_mean(probabilities: Floats, offsets: Offsets, *, width: int = 3) -> Floats:
    """Take the plain mean of `width` (odd) rows around each row, edges repeated."""
    return kernel(probabilities, offsets, taps=(1.0,) * width)


def file_peak(probabilities: Floats, offsets: Offsets) -> Floats:
    """Multiply each row by the class's top probability in its recording."""
    tops = maximum_of_recordings(probabilities, offsets)
    return probabilities * tops[recording_of_row(offsets)]


def power(probabilities: Floats, offsets: Offsets, *, exponent: float = 2.0) -> Floats:
    """Raise every probability to `exponent`."""
    result: Floats = np.power(probabilities, exponent)
    return result


def min_max(probabilities: Floats, offsets: Offsets) -> Floats:
    """Stretch each class to 0–1 over all rows; a constant class becomes 0."""
    if not len(probabilities):
        return probabilities.copy()
    low = np.fmin.reduce(probabilities, axis=0)
    span = np.fmax.reduce(probabilities, axis=0) - low
    stretched: Floats = (probabilities - low) / np.where(span > 0, span, 1)
    np.clip(stretched, 0.0, 1.0, out=stretched)
    return stretched


def low_confidence_shift(
    probabilities: Floats, offsets: Offsets, *, threshold: float = 0.1, delta: float = 0.05
) -> Floats:
    """Take `delta` from classes whose maximum in the recording is under `threshold`.

    The result is clipped at 0. The mission calls it "delta shift".
    """
    unsure = maximum_of_recordings(probabilities, offsets) < threshold
    lowered = np.maximum(probabilities - delta, 0)
    return np.where(unsure[recording_of_row(offsets)], lowered, probabilities)


def _recording_bounds(offsets: Offsets) -> tuple[Offsets, Offsets]:
    """First and last row of the recording that each row belongs to, int64 [R] each."""
    number = recording_of_row(offsets)
    return offsets[number], offsets[number + 1] - 1
