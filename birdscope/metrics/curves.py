"""One class looked at closely: its ROC and precision-recall curves, and the rows that cost it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from birdscope.metrics.tune_results import Curves
from birdscope.metrics.weighted_auc import weighted_area

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
POINTS = 200


@dataclass(frozen=True, slots=True)
class Cost:
    """What one row costs its class.

    Attributes:
        row: Its number among the rows given.
        positive: Whether it is a positive.
        score: Its score.
        share: Of a positive: negatives ranked above it. Of a negative: positives ranked below
            it. Ties count half.
        auc_loss: `share` times the row's part of its own kind.
    """

    row: int
    positive: bool
    score: float
    share: float
    auc_loss: float


def class_curves(label: str, positive: Bools, scores: Floats, weights: Floats) -> Curves:
    """ROC and precision-recall of one class, thinned to about 200 points each.

    Args:
        label: Its name.
        positive: bool [k].
        scores: float64 [k], no NaN.
        weights: float64 [k].
    """
    area, precision = weighted_area(positive, scores, weights)
    levels, level = np.unique(-scores, return_inverse=True)
    of_positives = np.bincount(level, weights * positive, len(levels)).astype(np.float64)
    of_negatives = np.bincount(level, weights * ~positive, len(levels)).astype(np.float64)
    found, wrong = np.cumsum(of_positives), np.cumsum(of_negatives)
    true_rate = _share(np.concatenate([[0.0], found]))
    false_rate = _share(np.concatenate([[0.0], wrong]))
    of_roc = _thinned(false_rate, true_rate)
    recall = _share(found)
    clean = found / np.maximum(found + wrong, np.finfo(np.float64).tiny)
    of_recall = _thinned(recall, clean)
    return Curves(
        label,
        false_rate[of_roc],
        true_rate[of_roc],
        recall[of_recall],
        clean[of_recall],
        area,
        precision,
        int(positive.sum()),
        int((~positive).sum()),
    )


def class_costs(positive: Bools, scores: Floats, weights: Floats, limit: int) -> list[Cost]:
    """The rows that cost a class most area, the dearest first; rows that cost nothing are out.

    Every wrong pair is counted at its positive and at its negative, so each kind's losses sum
    to 1 - AUC.

    Args:
        positive: bool [k].
        scores: float64 [k], no NaN.
        weights: float64 [k].
        limit: How many at most.
    """
    if not positive.any() or positive.all():
        return []
    share = np.empty(len(scores))
    share[positive] = _above(scores[positive], scores[~positive], weights[~positive])
    share[~positive] = _above(-scores[~positive], -scores[positive], weights[positive])
    loss = share * weights / np.where(positive, weights[positive].sum(), weights[~positive].sum())
    order = np.lexsort((-share, -loss))[:limit]
    return [
        Cost(int(row), bool(positive[row]), float(scores[row]), float(share[row]), float(loss[row]))
        for row in order
        if loss[row] > 0
    ]


def _above(scores: Floats, others: Floats, weights: Floats) -> Floats:
    """The share of the others' weight that lies above each score, ties half."""
    order = np.argsort(others)
    total = np.concatenate([[0.0], np.cumsum(weights[order])])
    left = others[order].searchsorted(scores, "left")
    right = others[order].searchsorted(scores, "right")
    # Differences of whole sums, so that nothing above is exactly 0.
    above = (total[-1] - total[left]) / 2 + (total[-1] - total[right]) / 2
    result: Floats = above / total[-1]
    return result


def _share(counts: Floats) -> Floats:
    """Running counts as shares of the last; zeros where there are none."""
    return counts / counts[-1] if len(counts) and counts[-1] > 0 else np.zeros_like(counts)


def _thinned(across: Floats, up: Floats) -> npt.NDArray[np.int64]:
    """Indexes of about `POINTS` points, evenly along the curve; the ends among them."""
    if len(across) <= POINTS:
        return np.arange(len(across))
    way = np.cumsum(np.abs(np.diff(across, prepend=across[0])) + np.abs(np.diff(up, prepend=up[0])))
    picked = way.searchsorted(np.linspace(0, way[-1], POINTS))
    return np.unique(np.concatenate([[0], picked, [len(across) - 1]]))
