"""Intervals of whole settings: macro ROC-AUC over resamples of the recordings, and differences.

The same draws as the study lane's, so that the command line and the screen show one interval.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from birdscope.core.settings import Settings
from birdscope.metrics.bootstrap import Interval, percentile_interval
from birdscope.metrics.pair_counts import PairCounts
from birdscope.metrics.tune_interval import Resampling, badge_of
from birdscope.metrics.tune_matrix import TuneMatrix
from birdscope.metrics.tune_results import Badge
from birdscope.postprocess.stack import apply_settings, file_scores

Floats = npt.NDArray[np.float64]
_CLASSES_AT_ONCE = 8


class Resampler:
    """Measures settings on the same draws, so that differences between them are paired.

    Args:
        matrix: Scores and labels.
        resamples: How many draws of the recordings; 0 gives no intervals.
        seed: Of the draws.
    """

    def __init__(self, matrix: TuneMatrix, resamples: int, seed: int = 0):
        self._matrix = matrix
        self._resamples = resamples
        self._resampling = Resampling(len(matrix.rows.recordings), seed)

    def samples(self, settings: Settings) -> Floats | None:
        """Macro ROC-AUC of each draw, float64 [B]; None where there is nothing to draw."""
        if not self._resamples or len(self._matrix.rows.recordings) < 2:
            return None
        key = settings.model_dump_json(exclude={"name", "note"})
        for _ in self._resampling.extend(key, self._resamples, lambda: self._pairs(settings)):
            pass
        return self._resampling.samples(key)[: self._resamples]

    def interval(self, settings: Settings) -> Interval | None:
        """95 %, of the macro ROC-AUC; None where it can't be had."""
        samples = self.samples(settings)
        return None if samples is None else percentile_interval(samples)

    def difference(self, settings: Settings, baseline: Settings) -> Interval | None:
        """95 %, of the difference between two settings over the same draws."""
        ours, theirs = self.samples(settings), self.samples(baseline)
        return None if ours is None or theirs is None else percentile_interval(ours - theirs)

    def _pairs(self, settings: Settings) -> Iterator[PairCounts]:
        """How recordings beat each other, a few classes at a time."""
        matrix = self._matrix
        final = self._final(settings)
        for first in range(0, len(matrix.scored), _CLASSES_AT_ONCE):
            columns = matrix.scored[first : first + _CLASSES_AT_ONCE]
            yield PairCounts.of(
                np.ascontiguousarray(final[:, columns].T),
                matrix.labels[columns],
                matrix.recording_of,
                matrix.row_weights,
                len(matrix.rows.recordings),
            )

    def _final(self, settings: Settings) -> Floats:
        """The final probabilities of the matrix's scored rows, float64 [S, C]."""
        matrix, rows = self._matrix, self._matrix.scores.rows
        final = apply_settings(matrix.scores, settings)
        if matrix.unit == "file":
            pooled = file_scores(final, rows.offsets, settings.file_pooling)
            names, place = matrix.rows.recordings, rows.position
            return np.asarray(pooled[[place[names[one]] for one in matrix.place]], np.float64)
        names, place = matrix.rows.row_ids, rows.row_index
        found: Floats = final[[place[names[one]] for one in matrix.place]]
        return found


def badge_of_interval(interval: Interval | None) -> Badge:
    """In a word: whether an interval of a difference leaves 0 out; without one it can't."""
    return "within noise" if interval is None else badge_of(interval.low, interval.high)
