"""Scores and labels divided by fold, so that a fold can be measured by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import ScoresError
from birdscope.core.scores import ScoreRows, Scores
from birdscope.core.settings import Settings
from birdscope.core.windows import stem_of
from birdscope.metrics.tune_matrix import TuneMatrix
from birdscope.metrics.tune_truth import NO_FOLD, TuneTruth
from birdscope.metrics.tuner import Tuner
from birdscope.postprocess.stack import file_scores

NO_FOLDS = "searching and fitting need folds, and these labels have none"
_REMEDY = "label two recordings or more"


@dataclass(frozen=True)
class FoldPart:
    """One fold by itself: its recordings with all of their windows, and their labels.

    Attributes:
        fold: Its number.
        scores: Every checkpoint raw.
        truth: The labels of its rows.
        tuner: Measures settings on it.
    """

    fold: int
    scores: Scores
    truth: TuneTruth
    tuner: Tuner

    def macro(self, settings: Settings) -> float:
        """Macro ROC-AUC of settings on this fold; NaN where no class can be scored."""
        return self.tuner.measure(settings).macro_roc_auc if self.scored_classes else float("nan")

    @property
    def scored_classes(self) -> int:
        """How many classes have a positive and a negative row in this fold."""
        return len(self.tuner.matrix.scored)


def fold_parts(scores: Scores, truth: TuneTruth) -> tuple[FoldPart, ...]:
    """The folds that have labelled and predicted rows, in order; rows without a fold are left out.

    Raises:
        ScoresError: with fewer than two such folds.
    """
    if truth.folds is None:
        raise ScoresError(NO_FOLDS, remedy=_REMEDY)
    recordings = recording_of_truth(scores.rows, truth)
    parts = []
    for fold in sorted(set(truth.folds.tolist()) - {NO_FOLD}):
        rows = np.flatnonzero((truth.folds == fold) & (recordings >= 0))
        if len(rows):
            some = restricted(scores, np.unique(recordings[rows]))
            labels = _rows_of(truth, rows)
            parts.append(FoldPart(fold, some, labels, Tuner(TuneMatrix.build(some, labels))))
    if len(parts) < 2:
        raise ScoresError(NO_FOLDS, remedy=_REMEDY)
    return tuple(parts)


def restricted(scores: Scores, recordings: npt.NDArray[np.int64]) -> Scores:
    """The scores of some recordings, by number, all of their windows."""
    rows = scores.rows
    spans = [np.arange(rows.offsets[n], rows.offsets[n + 1]) for n in recordings]
    at = np.concatenate(spans) if spans else np.zeros(0, dtype=np.int64)
    kept = ScoreRows(
        tuple(rows.row_ids[row] for row in at),
        tuple(rows.recordings[n] for n in recordings),
        np.cumsum([0, *(len(span) for span in spans)], dtype=np.int64),
        rows.start_s[at],
    )
    values = np.ascontiguousarray(scores.values[:, at])
    return Scores(scores.classes, scores.checkpoints, kept, values, scores.weights)


def score_of_truth(
    probabilities: npt.NDArray[np.float64],
    rows: ScoreRows,
    truth: TuneTruth,
    pooling: Literal["max", "mean"] = "max",
) -> npt.NDArray[np.float64]:
    """The probabilities of the truth's rows, float64 [R, C]; NaN where there are none.

    Args:
        probabilities: Of all windows, in the order of `rows`.
        rows: Their names.
        truth: Names the rows wanted: windows, or recordings, whose windows are pooled.
        pooling: Of windows into recordings.
    """
    if truth.unit == "file":
        place = rows.position
        values = np.asarray(file_scores(probabilities, rows.offsets, pooling), np.float64)
    else:
        place, values = rows.row_index, probabilities
    at = np.array([place.get(name, -1) for name in truth.row_ids], dtype=np.int64)
    found: npt.NDArray[np.float64] = np.where((at >= 0)[:, None], values[at], np.nan)
    return found


def recording_of_truth(rows: ScoreRows, truth: TuneTruth) -> npt.NDArray[np.int64]:
    """Number of the recording of each labelled row, int64 [R]; -1 where it has no scores."""
    place: Mapping[str, int]
    if truth.unit == "file":
        place, names = rows.position, list(truth.row_ids)
    else:
        place = {stem_of(key): number for number, key in enumerate(rows.recordings)}
        names = [name.rpartition("_")[0] for name in truth.row_ids]
    return np.array([place.get(name, -1) for name in names], dtype=np.int64)


def _rows_of(truth: TuneTruth, rows: npt.NDArray[np.int64]) -> TuneTruth:
    return TuneTruth(
        truth.classes,
        tuple(truth.row_ids[row] for row in rows),
        truth.unit,
        truth.values[rows],
        None if truth.row_weights is None else truth.row_weights[rows],
        None if truth.folds is None else truth.folds[rows],
        truth.source,
        truth.counted,
    )
