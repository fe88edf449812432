"""Macro average precision: how clean the top of each class's list is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from birdscope.metrics.inputs import Bools, Floats, checked, macro, scorable


@dataclass(frozen=True)
class AveragePrecisionResult:
    """Macro average precision and what it is the mean of.

    Attributes:
        macro: Mean over the scored classes; NaN where no class could be scored.
        per_class: float64 [C]; NaN for a class without a positive or without a negative.
        scored_classes: How many classes were scored.
    """

    macro: float
    per_class: npt.NDArray[np.float64]
    scored_classes: int


def macro_average_precision(
    labels: npt.ArrayLike, probabilities: npt.ArrayLike
) -> AveragePrecisionResult:
    """Mean over classes of Σ (recall step) · precision, as scikit-learn defines it.

    Classes are scored as in `macro_roc_auc`, so that both figures are about the same ones.

    Raises:
        ScoresError: if shapes differ or there is a NaN.
    """
    truth, scores = checked(labels, probabilities)
    per_class = np.full(truth.shape[1], np.nan)
    for column in np.flatnonzero(scorable(truth)):
        per_class[column] = _precision(truth[:, column], np.ascontiguousarray(scores[:, column]))
    count = int(np.count_nonzero(~np.isnan(per_class)))
    return AveragePrecisionResult(macro(per_class), per_class, count)


def _precision(truth: Bools, scores: Floats) -> float:
    """The mean over positives of the precision at each one's own score."""
    positives, everything = np.sort(scores[truth]), np.sort(scores)
    positives_kept = len(positives) - np.searchsorted(positives, positives, side="left")
    all_kept = len(everything) - np.searchsorted(everything, positives, side="left")
    return float((positives_kept / all_kept).mean())
