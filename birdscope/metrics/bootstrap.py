"""Intervals by bootstrap over recordings: the windows of one recording are not independent.

A resample that draws recording n w_n times gives class c the area wᵀ W w / (wᵀp · wᵀq), where
W[n, m] counts the pairs of a positive in n and a negative in m in the right order (ties half)
and p, q count positives and negatives per recording. So all resamples are matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import ScoresError
from birdscope.metrics.inputs import Bools, Floats, checked, scorable

Counts = npt.NDArray[np.float64]
# Positives compared with all negatives at once: bounds the memory for long datasets.
_PAIRS_AT_ONCE = 4_000_000


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
    for column in np.flatnonzero(scorable(truth)):
        areas = _resampled_area(truth[:, column], scores[:, column], number, draws)
        defined = ~np.isnan(areas)
        total[defined] += areas[defined]
        scored += defined
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


def _resampled_area(
    truth: Bools, scores: Floats, number: npt.NDArray[np.int64], draws: Counts
) -> Counts:
    """One class's area in each resample, float64 [B]; NaN without positives or negatives."""
    recordings = draws.shape[1]
    positives = np.bincount(number[truth], minlength=recordings).astype(np.float64)
    negatives = np.bincount(number[~truth], minlength=recordings).astype(np.float64)
    with_positives = np.flatnonzero(positives)
    wins = _wins(truth, scores, number, with_positives, recordings)
    drawn = draws[:, with_positives]
    right = np.einsum("bn,bn->b", drawn @ wins, draws)
    pairs = (drawn @ positives[with_positives]) * (draws @ negatives)
    with np.errstate(invalid="ignore", divide="ignore"):
        area: Counts = right / pairs
    return area


def _wins(
    truth: Bools,
    scores: Floats,
    number: npt.NDArray[np.int64],
    with_positives: npt.NDArray[np.int64],
    recordings: int,
) -> Counts:
    """W: pairs in the right order by recording, [recordings with positives, N]."""
    negatives, negative_numbers = _by_recording(scores[~truth], number[~truth])
    starts = np.flatnonzero(np.diff(negative_numbers, prepend=-1))
    positives, positive_numbers = _by_recording(scores[truth], number[truth])
    wins = np.zeros((len(with_positives), recordings))
    step = max(1, _PAIRS_AT_ONCE // max(1, len(negatives)))
    for first in range(0, len(positives), step):
        some = positives[first : first + step, None]
        # Twice the wins, so that ties stay whole numbers.
        twice = np.add(some > negatives, some >= negatives, dtype=np.int32)
        owners = positive_numbers[first : first + step]
        owner_starts = np.flatnonzero(np.diff(owners, prepend=-1))
        of_owner = np.add.reduceat(twice, owner_starts, axis=0)
        of_pair = np.add.reduceat(of_owner, starts, axis=1)
        lines = np.searchsorted(with_positives, owners[owner_starts])
        wins[np.ix_(lines, negative_numbers[starts])] += 0.5 * of_pair
    return wins


def _by_recording(
    values: Floats, number: npt.NDArray[np.int64]
) -> tuple[Floats, npt.NDArray[np.int64]]:
    order = np.argsort(number, kind="stable")
    return values[order], number[order]
