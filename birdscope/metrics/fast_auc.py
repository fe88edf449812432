"""Per-class ROC-AUC and average precision of many classes, from the ranks of their positives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from birdscope.metrics.bucket_ranks import WORTH_IT_ROWS, bucket_ranks
from birdscope.metrics.positives import Positives, Ranked, Sought
from birdscope.metrics.sorted_ranks import rank_in_order

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ClassAreas:
    """How well some classes are ranked.

    Attributes:
        pooled: float64 [c], ROC-AUC over all rows; NaN without a positive or a negative.
        per_fold: float64 [F, c], within each fold alone.
        precision: float64 [c], average precision over all rows.
    """

    pooled: Floats
    per_fold: Floats
    precision: Floats


def class_areas(scores: Floats, columns: Sequence[int], positives: Positives) -> ClassAreas:
    """Measure some classes, each with a positive and a negative.

    Args:
        scores: float64 [c, S], no NaN.
        columns: Which of the C classes they are.
        positives: Of all C classes.
    """
    return areas_of([rank(scores, columns, positives)], np.asarray(columns), positives)


def rank(scores: Floats, columns: Sequence[int], positives: Positives) -> Ranked:
    """Rank the positives of some classes; arguments as of `class_areas`."""
    sought = positives.sought(columns)
    if scores.shape[1] > WORTH_IT_ROWS:
        return _rank_in_buckets(scores, columns, sought, positives)
    return rank_in_order(scores, columns, sought, positives)


def areas_of(ranked: Sequence[Ranked], columns: Ints, positives: Positives) -> ClassAreas:
    """The figures of classes that were ranked part after part, `columns` in all."""
    of_fold, negatives = positives.counts[columns].T, positives.negatives[columns].T
    return _measured(_joined(ranked), of_fold, negatives)


def _joined(ranked: Sequence[Ranked]) -> Ranked:
    if len(ranked) == 1:
        return ranked[0]
    found = [one.sought for one in ranked]
    classes = np.cumsum([0, *(len(one.starts) for one in found)]).tolist()
    sizes = np.cumsum([0, *(len(one.rows) for one in found)]).tolist()
    sought = Sought(
        np.concatenate([one.lines + first for one, first in zip(found, classes, strict=False)]),
        np.concatenate([one.rows for one in found]),
        np.concatenate([one.folds for one in found]),
        np.concatenate([one.starts + first for one, first in zip(found, sizes, strict=False)]),
    )
    return Ranked(
        sought,
        np.concatenate([one.below for one in ranked], axis=1),
        np.concatenate([one.equal for one in ranked], axis=1),
    )


def _rank_in_buckets(
    scores: Floats, columns: Sequence[int], sought: Sought, positives: Positives
) -> Ranked:
    """The quicker way with very many rows."""
    parts = [
        bucket_ranks(
            scores[line],
            positives.unknown(column),
            sought.rows[sought.span(line)],
            positives.spans,
        )
        for line, column in enumerate(columns)
    ]
    return Ranked(
        sought,
        np.concatenate([below for below, _ in parts], axis=1),
        np.concatenate([equal for _, equal in parts], axis=1),
    )


def _measured(ranks: Ranked, of_fold: Ints, negatives: Ints) -> ClassAreas:
    """Figures from ranks; positives and negatives are counts [F, c]."""
    sought = ranks.sought
    folds, classes = of_fold.shape
    # Twice the mid-rank, so that halves stay whole numbers.
    twice = 2 * ranks.below + ranks.equal
    pooled = np.add.reduceat(twice.sum(axis=0), sought.starts)
    own = twice[sought.folds, np.arange(twice.shape[1])]
    place = sought.folds * classes + sought.lines
    of_own = np.bincount(place, weights=own, minlength=folds * classes).reshape(folds, classes)
    known = (of_fold + negatives).sum(axis=0)
    return ClassAreas(
        _areas(pooled, of_fold.sum(axis=0), negatives.sum(axis=0)),
        _areas(of_own, of_fold, negatives),
        _precisions(known[sought.lines] - ranks.below.sum(axis=0), int(known.max()), sought),
    )


def _precisions(at_least: Ints, most: int, sought: Sought) -> Floats:
    """Average precision of each line, [c]; `at_least` rows are as high as each positive."""
    # A positive is as high as another where no more rows are above it: also among equals.
    keys = sought.lines * (most + 1) + at_least
    ordered = np.sort(keys)
    as_high = ordered.searchsorted(keys, "right") - sought.starts[sought.lines]
    sizes = np.diff(sought.starts, append=len(keys))
    result: Floats = np.add.reduceat(as_high / at_least, sought.starts) / sizes
    return result


def _areas(twice: npt.NDArray[Any], positives: Ints, negatives: Ints) -> Floats:
    """Mann-Whitney from twice the mid-ranks of the positives among all, summed.

    Positives among themselves make positives² of them, whatever their order and ties.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        area: Floats = (twice - positives * positives) / (2 * positives * negatives)
    return area
