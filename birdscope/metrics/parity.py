"""How far one way of computing an ensemble drifts from another, on the same recordings.

Comes in: raw scores of both, and labels where there are any. Goes out: the largest difference
of a probability, how well ranks agree, and what it costs in macro ROC-AUC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import ScoresError
from birdscope.core.scores import Scores
from birdscope.core.settings import Settings
from birdscope.metrics.bootstrap import Interval, paired_difference_interval
from birdscope.metrics.evaluate import LabelledRows, Unit, align_rows
from birdscope.metrics.roc_auc import macro_roc_auc


@dataclass(frozen=True)
class Drift:
    """Raw probabilities beside those of the reference.

    Attributes:
        max_difference: Largest absolute difference of a probability.
        rank_correlation: Spearman's over windows, the mean over checkpoints and classes whose
            probabilities are not all the same; NaN where there is none.
        ranked: How many pairs of checkpoint and class that is the mean of.
        rows: Windows compared.
    """

    max_difference: float
    rank_correlation: float
    ranked: int
    rows: int


@dataclass(frozen=True)
class AucDrift:
    """Macro ROC-AUC beside that of the reference, under the same settings.

    Attributes:
        macro_roc_auc: Of the reference; NaN where no class could be scored.
        difference: What is compared minus the reference.
        interval: 95 %, of the difference, paired over recordings; None where not to be had.
        scored_classes: Classes with a positive and a negative row.
    """

    macro_roc_auc: float
    difference: float
    interval: Interval | None
    scored_classes: int


def drift(values: npt.NDArray[Any], reference: npt.NDArray[Any]) -> Drift:
    """Compare raw probabilities [K, R, C]; rows that either lacks (NaN) are left out.

    Raises:
        ScoresError: if the shapes differ or no row is in both.
    """
    if values.shape != reference.shape:
        raise ScoresError(f"scores of shape {values.shape} beside {reference.shape}")
    rows = ~(np.isnan(values) | np.isnan(reference)).any(axis=(0, 2))
    if not rows.any():
        raise ScoresError("no window was predicted both ways")
    ours = np.asarray(values[:, rows], np.float64)
    theirs = np.asarray(reference[:, rows], np.float64)
    correlations = _rank_correlations(ours, theirs)
    defined = correlations[~np.isnan(correlations)]
    return Drift(
        max_difference=float(np.abs(ours - theirs).max()),
        rank_correlation=float(defined.mean()) if len(defined) else float("nan"),
        ranked=len(defined),
        rows=int(rows.sum()),
    )


def auc_drift(
    scores: Scores,
    reference: Scores,
    labels: LabelledRows,
    settings: Settings,
    *,
    unit: Unit = "window",
    resamples: int = 1000,
    generator: np.random.Generator,
) -> AucDrift:
    """Compare macro ROC-AUC on the labelled rows.

    Args:
        scores: What is compared.
        reference: What it is compared to, of the same rows and checkpoints.
        labels: In the scores' classes.
        settings: The stack that both go through.
        unit: Whether the labels are of windows or of files.
        resamples: Of the paired bootstrap over recordings.
        generator: Of its draws.

    Raises:
        ScoresError: if the rows differ, or no labelled row was predicted.
    """
    if scores.rows.row_ids != reference.rows.row_ids:
        raise ScoresError("the scores to compare are of different windows")
    ours = align_rows(scores, labels, settings, unit)
    theirs = align_rows(reference, labels, settings, unit)
    if ours.labels.shape != theirs.labels.shape:
        raise ScoresError("the scores to compare lack different windows")
    base = macro_roc_auc(theirs.labels, theirs.probabilities)
    other = macro_roc_auc(ours.labels, ours.probabilities)
    interval = None
    if resamples and base.scored_classes:
        interval = paired_difference_interval(
            ours.labels,
            ours.probabilities,
            theirs.probabilities,
            np.unique(ours.recordings, return_inverse=True)[1],
            resamples=resamples,
            generator=generator,
        )
    return AucDrift(base.macro, other.macro - base.macro, interval, base.scored_classes)


def _rank_correlations(
    ours: npt.NDArray[np.float64], theirs: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Spearman's of [K, R, C] over R: [K, C]; NaN where either is constant."""
    from scipy.stats import rankdata

    first, second = rankdata(ours, axis=1), rankdata(theirs, axis=1)
    first -= first.mean(axis=1, keepdims=True)
    second -= second.mean(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
        correlations: npt.NDArray[np.float64] = (first * second).sum(axis=1) / spread
    return correlations
