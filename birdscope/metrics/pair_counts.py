"""Which recording's positives beat which recording's negatives: all a resample needs to know.

A resample that draws recording n w_n times gives class c the area wᵀ W w / (wᵀp · wᵀq), where
W[n, m] counts the pairs of a positive in n and a negative in m in the right order (ties half)
and p, q count positives and negatives by recording. So all resamples are matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from birdscope.metrics.tune_truth import NEGATIVE, POSITIVE

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
# Below this, halves are exact in float32, whose products are twice as fast.
_EXACT_IN_FLOAT32 = 2.0**22


@dataclass(frozen=True)
class PairCounts:
    """Some classes' pairs by recording.

    Attributes:
        wins: [Σ n, N], a line for each class and recording with positives of it: right pairs
            with the negatives of each of the N recordings.
        owners: int64 [Σ n], the recording of each line.
        starts: int64 [c], where each class's lines begin.
        positives: float64 [c, N].
        negatives: float64 [c, N].
    """

    wins: npt.NDArray[np.floating]
    owners: Ints
    starts: Ints
    positives: Floats
    negatives: Floats

    @classmethod
    def of(
        cls,
        scores: npt.NDArray[np.floating],
        labels: npt.NDArray[np.integer],
        recording_of: Ints,
        row_weights: Floats | None,
        recordings: int,
    ) -> PairCounts:
        """Count the pairs of some classes, each with a positive.

        Args:
            scores: [c, S]; where it is NaN the cell is unknown.
            labels: [c, S] as in `TuneTruth`.
            recording_of: int64 [S], each row's recording.
            row_weights: float64 [S]; None counts every row once.
            recordings: N.
        """
        known = ~np.isnan(scores)
        positive, negative = (labels == POSITIVE) & known, (labels == NEGATIVE) & known
        lines = [
            _wins(
                scores[line], positive[line], negative[line], recording_of, row_weights, recordings
            )
            for line in range(len(scores))
        ]
        wins = np.concatenate([of_class for of_class, _ in lines])
        if row_weights is None and wins.max(initial=0.0) * recordings < _EXACT_IN_FLOAT32:
            wins = wins.astype(np.float32)
        sizes = [len(owners) for _, owners in lines]
        return cls(
            wins,
            np.concatenate([owners for _, owners in lines]),
            np.cumsum([0, *sizes[:-1]]),
            _by_recording(positive, recording_of, row_weights, recordings),
            _by_recording(negative, recording_of, row_weights, recordings),
        )

    def areas(self, draws: npt.NDArray[np.floating]) -> Floats:
        """ROC-AUC of each class in each resample, float64 [c, B]; NaN where it can't be had.

        Args:
            draws: [N, B], how often each resample draws each recording.
        """
        beaten = self.wins @ draws.astype(self.wins.dtype, copy=False)
        right = np.multiply(beaten, draws[self.owners], dtype=np.float64)
        total = np.zeros((len(self.starts), draws.shape[1]))
        filled = np.diff(self.starts, append=len(self.owners)) > 0
        if filled.any():
            total[filled] = np.add.reduceat(right, self.starts[filled], axis=0)
        drawn = draws.astype(np.float64)
        pairs = (self.positives @ drawn) * (self.negatives @ drawn)
        with np.errstate(invalid="ignore", divide="ignore"):
            areas: Floats = total / pairs
        return areas


def _wins(
    scores: npt.NDArray[np.floating],
    positive: npt.NDArray[np.bool_],
    negative: npt.NDArray[np.bool_],
    recording_of: Ints,
    row_weights: Floats | None,
    recordings: int,
) -> tuple[Floats, Ints]:
    """One class's right pairs [n, N], and the recordings of its lines [n]."""
    rows = np.flatnonzero(positive)
    rows = rows[np.argsort(scores[rows], kind="stable")]
    ours, theirs = scores[rows], scores[negative]
    # A negative loses against the positives from its place on; ties are half a loss.
    place = ours.searchsorted(theirs, "right")
    owner = recording_of[negative]
    weights = None if row_weights is None else row_weights[negative]
    lost = _table(place, owner, weights, len(rows), recordings)
    if len(rows) and (ours[np.maximum(place - 1, 0)] == theirs).any():
        not_won = ours.searchsorted(theirs, "left")
        lost = (lost + _table(not_won, owner, weights, len(rows), recordings)) / 2
    beaten = np.cumsum(lost, axis=0)
    if row_weights is not None:
        beaten *= row_weights[rows, None]
    order = np.argsort(recording_of[rows], kind="stable")
    owners, starts = np.unique(recording_of[rows][order], return_index=True)
    if not len(owners):
        return np.empty((0, recordings)), owners
    return np.add.reduceat(beaten[order], starts, axis=0), owners


def _table(
    place: Ints, owner: Ints, weights: Floats | None, positives: int, recordings: int
) -> Floats:
    """How many negatives of each recording have each place, float64 [positives, N]."""
    cells = (positives + 1) * recordings
    counts = np.bincount(place * recordings + owner, weights, cells)
    return counts.reshape(positives + 1, recordings)[:positives].astype(np.float64)


def _by_recording(
    cells: npt.NDArray[np.bool_], recording_of: Ints, row_weights: Floats | None, recordings: int
) -> Floats:
    """How many cells of each class and recording are true, float64 [c, N]."""
    lines, rows = np.nonzero(cells)
    weights = None if row_weights is None else row_weights[rows]
    place = lines * recordings + recording_of[rows]
    counts = np.bincount(place, weights, len(cells) * recordings)
    return counts.reshape(len(cells), recordings).astype(np.float64)
