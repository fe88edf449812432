"""Macro ROC-AUC of every resample of the recordings, for labels with gaps and weights.

See `bootstrap` for the matrix W of a class. Here an unknown cell is in no pair, and a pair
counts the product of its rows' weights.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from birdscope.core.scores import Scores
from birdscope.core.settings import Settings
from birdscope.metrics.bootstrap import Interval, draw_recordings, percentile_interval
from birdscope.metrics.fold_parts import recording_of_truth, score_of_truth
from birdscope.metrics.tune_results import Badge
from birdscope.metrics.tune_truth import NEGATIVE, POSITIVE, TuneTruth
from birdscope.postprocess.stack import apply_settings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_PAIRS_AT_ONCE = 4_000_000
_KEPT = 16


class Resampler:
    """Measures settings on the same draws, so that differences between them are paired.

    Args:
        scores: Every checkpoint raw.
        truth: The labels.
        resamples: How many draws of the recordings; 0 gives no intervals.
        seed: Of the draws.
    """

    def __init__(self, scores: Scores, truth: TuneTruth, resamples: int, seed: int = 0):
        self._scores = scores
        self._truth = truth
        names = recording_of_truth(scores.rows, truth)
        present = names[names >= 0]
        number = np.full(len(names), -1, dtype=np.int64)
        number[names >= 0] = np.unique(present, return_inverse=True)[1]
        self._recording = number
        count = int(number.max(initial=-1)) + 1
        self._draws = (
            draw_recordings(count, resamples, np.random.default_rng(seed))
            if resamples and count > 1
            else None
        )
        self._samples: dict[str, Floats] = {}

    def samples(self, settings: Settings) -> Floats | None:
        """Macro ROC-AUC of each draw, float64 [B]; None without draws."""
        if self._draws is None:
            return None
        key = settings.model_dump_json(exclude={"name", "note"})
        if key not in self._samples:
            if len(self._samples) >= _KEPT:
                del self._samples[next(iter(self._samples))]
            final = apply_settings(self._scores, settings)
            values = score_of_truth(final, self._scores.rows, self._truth, settings.file_pooling)
            self._samples[key] = resampled_macro(values, self._truth, self._recording, self._draws)
        return self._samples[key]

    def interval(self, settings: Settings) -> Interval | None:
        """95 %, of the macro ROC-AUC; None where it can't be had."""
        samples = self.samples(settings)
        return None if samples is None else percentile_interval(samples)

    def difference(self, settings: Settings, baseline: Settings) -> Interval | None:
        """95 %, of the difference between two settings over the same draws."""
        ours, theirs = self.samples(settings), self.samples(baseline)
        return None if ours is None or theirs is None else percentile_interval(ours - theirs)


def badge_of(interval: Interval | None) -> Badge:
    """In a word: whether an interval of a difference leaves 0 out."""
    if interval is None or interval.contains(0.0):
        return "within noise"
    return "better" if interval.low > 0 else "worse"


def resampled_macro(values: Floats, truth: TuneTruth, recording: Ints, draws: Floats) -> Floats:
    """Macro ROC-AUC of each draw, float64 [B]; NaN where it leaves no class to score.

    Args:
        values: Probabilities of the truth's rows, float64 [R, C]; NaN where not predicted.
        truth: The labels.
        recording: Number of each row's recording, int64 [R]; -1 leaves a row out.
        draws: How often each draw takes each recording, float64 [B, N].
    """
    total, scored = np.zeros(len(draws)), np.zeros(len(draws))
    usable = (recording >= 0) & ~np.isnan(values).any(axis=1)
    weights = np.ones(len(values)) if truth.row_weights is None else truth.row_weights
    for column in range(values.shape[1]):
        labels = truth.values[:, column]
        positive, negative = (np.flatnonzero(usable & (labels == one)) for one in _SIDES)
        if not len(positive) or not len(negative):
            continue
        areas = _areas(values[:, column], positive, negative, recording, weights, draws)
        defined = ~np.isnan(areas)
        total[defined] += areas[defined]
        scored += defined
    with np.errstate(invalid="ignore"):
        result: Floats = total / scored
    return result


_SIDES = (POSITIVE, NEGATIVE)


def _areas(
    values: Floats, positive: Ints, negative: Ints, recording: Ints, weights: Floats, draws: Floats
) -> Floats:
    """One class's area in each draw, float64 [B]."""
    count = draws.shape[1]
    with_positives, line = np.unique(recording[positive], return_inverse=True)
    wins = np.zeros((len(with_positives), count))
    order = negative[np.argsort(recording[negative], kind="stable")]
    owners = recording[order]
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    step = max(1, _PAIRS_AT_ONCE // len(order))
    for first in range(0, len(positive), step):
        some = positive[first : first + step]
        above = values[some, None] > values[order]
        right = (above + 0.5 * (values[some, None] == values[order])) * weights[order]
        by_owner = np.add.reduceat(right, starts, axis=1) * weights[some, None]
        rows = np.zeros((len(some), count))
        rows[:, owners[starts]] = by_owner
        np.add.at(wins, line[first : first + step], rows)
    of_positive, of_negative = (
        np.bincount(recording[rows], weights=weights[rows], minlength=count)
        for rows in (positive, negative)
    )
    right_pairs = np.einsum("bn,bn->b", draws[:, with_positives] @ wins, draws)
    pairs = (draws @ of_positive) * (draws @ of_negative)
    with np.errstate(invalid="ignore", divide="ignore"):
        areas: Floats = right_pairs / pairs
    return areas
