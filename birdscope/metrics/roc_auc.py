"""Macro ROC-AUC: the competition's metric."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from birdscope.metrics.inputs import Bools, Floats, checked, macro, scorable


@dataclass(frozen=True)
class RocAucResult:
    """Macro ROC-AUC and what it is the mean of.

    Attributes:
        macro: Mean over the scored classes; NaN where no class could be scored.
        per_class: float64 [C]; NaN for a class without a positive or without a negative.
        scored_classes: How many classes were scored.
    """

    macro: float
    per_class: npt.NDArray[np.float64]
    scored_classes: int


def macro_roc_auc(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> RocAucResult:
    """Mean over classes of the area under the ROC curve, ties counted half.

    Args:
        labels: [R, C], positive above 0.5.
        probabilities: [R, C], any monotone score.

    Raises:
        ScoresError: if shapes differ or there is a NaN.
    """
    truth, scores = checked(labels, probabilities)
    per_class = np.full(truth.shape[1], np.nan)
    for column in np.flatnonzero(scorable(truth)):
        per_class[column] = _area(truth[:, column], np.ascontiguousarray(scores[:, column]))
    return RocAucResult(macro(per_class), per_class, int(np.count_nonzero(~np.isnan(per_class))))


def _area(truth: Bools, scores: Floats) -> float:
    """Mann-Whitney: the share of positive-negative pairs in the right order.

    A plain sort and two binary searches for the few positives replace an argsort of all rows.
    """
    positives = np.sort(scores[truth])
    negatives = np.sort(scores[~truth])
    below = np.searchsorted(negatives, positives, side="left").sum()
    not_above = np.searchsorted(negatives, positives, side="right").sum()
    return float((int(below) + int(not_above)) / (2 * len(positives) * len(negatives)))
