"""Intervals by bootstrap over recordings: the windows of one recording are not independent.

The arithmetic that makes all resamples matrix products is in `pair_counts`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import ScoresError
from birdscope.metrics.inputs import checked, scorable
from birdscope.metrics.pair_counts import PairCounts

Counts = npt.NDArray[np.float64]
_CLASSES_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Interval:
    """A percentile interval.

    Attributes:
        low: Lower end.
        high: Upper end.
        level: Share of the resamples inside, e.g. 0.95.
        resamples: How many resamples it rests on.
    """

    low: float
    high: float
    level: float
    resamples: int

    def contains(self, value: float) -> bool:
        """Whether a value lies inside, ends included."""
        return self.low <= value <= self.high


def draw_recordings(recordings: int, resamples: int, generator: np.random.Generator) -> Counts:
    """How often each resample draws each recording, float64 [B, N]; each row sums to N."""
    shares = np.full(recordings, 1.0 / recordings)
    return generator.multinomial(recordings, shares, size=resamples).astype(np.float64)


def resampled_macro_auc(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    recording_of_row: npt.ArrayLike,
    draws: Counts,
) -> Counts:
    """Macro ROC-AUC of each resample, float64 [B]; NaN where it leaves no class to score.

    Args:
        labels: [R, C], positive above 0.5.
        probabilities: [R, C].
        recording_of_row: Number 0 to N - 1 of each row's recording, [R].
        draws: From `draw_recordings`, [B, N]. The same draws for two settings pair them.

    Raises:
        ScoresError: if shapes differ or there is a NaN.
    """
    truth, scores = checked(labels, probabilities)
    number = np.asarray(recording_of_row)
    if number.shape != truth.shape[:1] or (len(number) and number.max() >= draws.shape[1]):
        raise ScoresError("each row needs the number of its recording, below the draws' width")
    total = np.zeros(len(draws))
    scored = np.zeros(len(draws))
    columns = np.flatnonzero(scorable(truth))
    transposed = np.ascontiguousarray(draws.T)
    for first in range(0, len(columns), _CLASSES_AT_ONCE):
        some = columns[first : first + _CLASSES_AT_ONCE]
        values, cells = scores[:, some].T, truth[:, some].T.astype(np.int8)
        pairs = PairCounts.of(np.ascontiguousarray(values), cells, number, None, draws.shape[1])
        areas = pairs.areas(transposed)
        total += np.nansum(areas, axis=0)
        scored += (~np.isnan(areas)).sum(axis=0)
    with np.errstate(invalid="ignore"):
        result: Counts = total / scored
    return result


def percentile_interval(samples: Counts, level: float = 0.95) -> Interval | None:
    """The central `level` of the samples; None where fewer than two are defined."""
    defined = samples[~np.isnan(samples)]
    if len(defined) < 2:
        return None
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), level, len(defined))


def macro_auc_interval(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    recording_of_row: npt.ArrayLike,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    generator: np.random.Generator,
) -> Interval | None:
    """Interval of the macro ROC-AUC; None where it can't be had (one recording, no class)."""
    draws = _draws_for(recording_of_row, resamples, generator)
    if draws is None:
        return None
    samples = resampled_macro_auc(labels, probabilities, recording_of_row, draws)
    return percentile_interval(samples, level)


def paired_difference_interval(
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    baseline: npt.ArrayLike,
    recording_of_row: npt.ArrayLike,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    generator: np.random.Generator,
) -> Interval | None:
    """Interval of macro AUC(probabilities) - macro AUC(baseline) over the same resamples."""
    draws = _draws_for(recording_of_row, resamples, generator)
    if draws is None:
        return None
    ours = resampled_macro_auc(labels, probabilities, recording_of_row, draws)
    theirs = resampled_macro_auc(labels, baseline, recording_of_row, draws)
    return percentile_interval(ours - theirs, level)


def _draws_for(
    recording_of_row: npt.ArrayLike, resamples: int, generator: np.random.Generator
) -> Counts | None:
    """Draws over the recordings that rows [R] belong to; None where there are fewer than two."""
    number = np.asarray(recording_of_row)
    recordings = int(number.max()) + 1 if len(number) else 0
    return draw_recordings(recordings, resamples, generator) if recordings > 1 else None
