"""ROC-AUC and average precision where rows count for more than one, or are not all known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from birdscope.metrics.fast_auc import ClassAreas
from birdscope.metrics.tune_truth import POSITIVE, UNKNOWN

Floats = npt.NDArray[np.float64]


def weighted_areas(
    scores: Floats,
    labels: npt.NDArray[np.integer],
    row_weights: Floats | None,
    spans: Sequence[tuple[int, int]],
) -> ClassAreas:
    """As `fast_auc.class_areas`, for any weights; a good deal slower.

    Args:
        scores: float64 [c, S]; NaN only in unknown cells.
        labels: [c, S] as in `TuneTruth`.
        row_weights: float64 [S]; None counts every row once.
        spans: First and end row of each of the F folds.
    """
    weights = np.ones(scores.shape[1]) if row_weights is None else row_weights
    everything = slice(0, scores.shape[1])
    pooled = [_area(*line, weights, everything) for line in zip(scores, labels, strict=True)]
    folds = [
        [_area(*line, weights, slice(*span))[0] for line in zip(scores, labels, strict=True)]
        for span in spans
    ]
    return ClassAreas(
        np.array([area for area, _ in pooled]),
        np.array(folds).reshape(len(spans), len(scores)),
        np.array([precision for _, precision in pooled]),
    )


def _area(
    scores: Floats, labels: npt.NDArray[np.integer], weights: Floats, rows: slice
) -> tuple[float, float]:
    """ROC-AUC and average precision over some rows of one class; NaN where it can't be scored."""
    known = labels[rows] != UNKNOWN
    positive = labels[rows][known] == POSITIVE
    return weighted_area(positive, scores[rows][known], weights[rows][known])


def weighted_area(
    positive: npt.NDArray[np.bool_], scores: Floats, weights: Floats
) -> tuple[float, float]:
    """ROC-AUC and average precision of weighted rows, as scikit-learn's `sample_weight`.

    Args:
        positive: bool [k].
        scores: float64 [k], no NaN.
        weights: float64 [k], above 0.

    Returns:
        The area and the average precision; NaN without a positive or a negative.
    """
    if not positive.any() or positive.all():
        return float("nan"), float("nan")
    _, level = np.unique(scores, return_inverse=True)
    of_positives = np.bincount(level, weights=weights * positive)
    of_negatives = np.bincount(level, weights=weights * ~positive)
    below = np.cumsum(of_negatives) - of_negatives
    all_positives, all_negatives = of_positives.sum(), of_negatives.sum()
    area = (of_positives * (below + of_negatives / 2)).sum() / (all_positives * all_negatives)
    as_high = np.cumsum(of_positives[::-1])[::-1]
    shown = np.cumsum((of_positives + of_negatives)[::-1])[::-1]
    return float(area), float((of_positives * as_high / shown).sum() / all_positives)
