"""Per-class ROC-AUC and average precision of many classes, without sorting an index.

Only positives need a rank, so a class's scores are sorted as plain numbers, in float32 and fold
by fold, and its few positives looked up. Rounding to float32 keeps the order of what it doesn't
make equal; a class where a positive meets an equal in float32 is looked up again in float64. So
the result is that of float64.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from birdscope.metrics.bucket_ranks import WORTH_IT_ROWS, bucket_ranks
from birdscope.metrics.tune_truth import NEGATIVE, POSITIVE, UNKNOWN

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Spans = Sequence[tuple[int, int]]


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


@dataclass(frozen=True)
class _Sought:
    """The T positives of some classes, class after class.

    Attributes:
        lines: int64 [T], which of the classes.
        rows: int64 [T].
        folds: int64 [T].
        starts: int64 [c], where each class begins.
    """

    lines: Ints
    rows: Ints
    folds: Ints
    starts: Ints


class Positives:
    """Where the positives of each class are; made once for a truth.

    Args:
        labels: int8 [C, S] as in `TuneTruth`, fold after fold.
        spans: First and end row of each of the F folds.
    """

    def __init__(self, labels: npt.NDArray[np.int8], spans: Spans) -> None:
        self.labels = labels
        self.spans = tuple(spans)
        self.masked = bool((labels == UNKNOWN).any())
        self.counts = _by_span(labels == POSITIVE, self.spans)
        self.negatives = _by_span(labels == NEGATIVE, self.spans)
        self._sought: dict[tuple[int, ...], _Sought] = {}

    def sought(self, columns: Sequence[int]) -> _Sought:
        """The positives of some classes; kept, since the same ones are asked for again."""
        key = tuple(columns)
        if key not in self._sought:
            lines, rows = np.nonzero(self.labels[list(key)] == POSITIVE)
            ends = np.array([end for _, end in self.spans])
            starts = np.searchsorted(lines, np.arange(len(key)))
            folds = np.searchsorted(ends, rows, side="right")
            self._sought[key] = _Sought(lines, rows, folds, starts)
        return self._sought[key]


def class_areas(scores: Floats, columns: Sequence[int], positives: Positives) -> ClassAreas:
    """Measure some classes, each with a positive and a negative.

    Args:
        scores: float64 [c, S], no NaN.
        columns: Which of the C classes they are.
        positives: Of all C classes.
    """
    rounded = scores.astype(np.float32)
    sought = positives.sought(columns)
    values = rounded[sought.lines, sought.rows]
    # Values in their order are looked up several times faster.
    sought = _reordered(sought, np.lexsort((values, sought.lines)))
    if scores.shape[1] > WORTH_IT_ROWS:
        ranks = _rank_in_buckets(scores, columns, sought, positives)
    else:
        ranks = _rank_in_order(scores, rounded, columns, sought, positives)
    return _measured(ranks, sought, positives.counts[columns].T, positives.negatives[columns].T)


@dataclass(frozen=True)
class _Ranks:
    """Where the T positives are among all rows of each of the F folds.

    Attributes:
        below: int64 [F, T], rows below.
        equal: int64 [F, T], rows as high, the positive itself among them.
    """

    below: Ints
    equal: Ints


def _rank_in_buckets(
    scores: Floats, columns: Sequence[int], sought: _Sought, positives: Positives
) -> _Ranks:
    """The quicker way with very many rows."""
    shape = len(positives.spans), len(sought.rows)
    ranks = _Ranks(np.empty(shape, dtype=np.int64), np.empty(shape, dtype=np.int64))
    for line, column in enumerate(columns):
        span = _span(sought, line)
        unknown = positives.labels[column] == UNKNOWN if positives.masked else None
        ranks.below[:, span], ranks.equal[:, span] = bucket_ranks(
            scores[line], unknown, sought.rows[span], positives.spans
        )
    return ranks


def _rank_in_order(
    scores: Floats,
    rounded: npt.NDArray[np.float32],
    columns: Sequence[int],
    sought: _Sought,
    positives: Positives,
) -> _Ranks:
    """Sort in float32 (`rounded` is used up), and look again in float64 where there are ties."""
    values = rounded[sought.lines, sought.rows]
    if positives.masked:
        rounded[positives.labels[columns] == UNKNOWN] = np.inf
    for first, end in positives.spans:
        rounded[:, first:end].sort(axis=1)
    ranks = _rank(rounded, values, sought, positives.spans)
    for line in _tied(rounded, values, ranks.below, sought, positives.spans):
        _settle(ranks, scores[line], columns[line], _span(sought, line), sought, positives)
    return ranks


def _rank(
    ordered: npt.NDArray[np.float32],
    values: npt.NDArray[np.float32],
    sought: _Sought,
    spans: Spans,
) -> _Ranks:
    """Look every positive up in each fold of its class, as if it had no equal."""
    below = np.empty((len(spans), len(values)), dtype=np.int64)
    for line in range(len(ordered)):
        span = _span(sought, line)
        wanted = values[span]
        for fold, (first, end) in enumerate(spans):
            below[fold, span] = ordered[line, first:end].searchsorted(wanted)
    equal = np.zeros_like(below)
    equal[sought.folds, np.arange(len(values))] = 1
    return _Ranks(below, equal)


def _tied(
    ordered: npt.NDArray[np.float32],
    values: npt.NDArray[np.float32],
    below: Ints,
    sought: _Sought,
    spans: Spans,
) -> list[int]:
    """Lines where a positive has an equal besides itself, in float32."""
    at = below + np.array([[first] for first, _ in spans])
    at[sought.folds, np.arange(len(values))] += 1
    inside = at < np.array([[end] for _, end in spans])
    met = ordered[sought.lines, np.minimum(at, ordered.shape[1] - 1)]
    ties = ((met == values) & inside).any(axis=0)
    lines: list[int] = np.unique(sought.lines[ties]).tolist()
    return lines


def _settle(
    ranks: _Ranks,
    scores: Floats,
    column: int,
    span: slice,
    sought: _Sought,
    positives: Positives,
) -> None:
    """Rank the positives of one class in float64.

    Only rows that some positive equals in float32 are looked at, found by a table of its low
    bits first: most rows are ruled out without a search.
    """
    rounded = scores.astype(np.float32)
    if positives.masked:
        rounded[positives.labels[column] == UNKNOWN] = np.inf
    wanted = rounded[sought.rows[span]]
    near = np.flatnonzero(_maybe_among(rounded, wanted))
    near = near[np.isin(rounded[near], wanted)]
    near32, near64 = rounded[near], scores[near]
    exact = scores[sought.rows[span]]
    for fold, (first, end) in enumerate(positives.spans):
        inside = slice(*np.searchsorted(near, (first, end)))
        in_order = np.sort(near64[inside])
        # Rounding keeps order, so what is lower in float32 is lower here, and counted already.
        counted = np.sort(near32[inside]).searchsorted(wanted)
        left = in_order.searchsorted(exact, "left")
        ranks.below[fold, span] += left - counted
        ranks.equal[fold, span] = in_order.searchsorted(exact, "right") - left


def _maybe_among(
    values: npt.NDArray[np.float32], wanted: npt.NDArray[np.float32]
) -> npt.NDArray[np.bool_]:
    """False for values that are certainly none of the wanted, bool [S]."""
    seen = np.zeros(1 << 16, dtype=np.bool_)
    seen[wanted.view(np.uint32).astype(np.uint16)] = True
    return seen[values.view(np.uint32).astype(np.uint16)]


def _measured(ranks: _Ranks, sought: _Sought, of_fold: Ints, negatives: Ints) -> ClassAreas:
    """Figures from ranks; positives and negatives are counts [F, c]."""
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


def _precisions(at_least: Ints, most: int, sought: _Sought) -> Floats:
    """Average precision of each line, [c]; `at_least` rows are as high as each positive."""
    # A positive is as high as another where no more rows are above it: also among equals.
    keys = sought.lines * (most + 1) + at_least
    ordered = np.sort(keys)
    as_high = ordered.searchsorted(keys, "right") - sought.starts[sought.lines]
    sizes = np.diff(sought.starts, append=len(keys))
    result: Floats = np.add.reduceat(as_high / at_least, sought.starts) / sizes
    return result


def _reordered(sought: _Sought, order: Ints) -> _Sought:
    """The same positives in another order, class after class."""
    return _Sought(sought.lines[order], sought.rows[order], sought.folds[order], sought.starts)


def _areas(twice: npt.NDArray[Any], positives: Ints, negatives: Ints) -> Floats:
    """Mann-Whitney from twice the mid-ranks of the positives among all, summed.

    Positives among themselves make positives² of them, whatever their order and ties.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        area: Floats = (twice - positives * positives) / (2 * positives * negatives)
    return area


def _span(sought: _Sought, line: int) -> slice:
    last = line + 1 == len(sought.starts)
    return slice(
        int(sought.starts[line]), len(sought.lines) if last else int(sought.starts[line + 1])
    )


def _by_span(cells: npt.NDArray[np.bool_], spans: Spans) -> Ints:
    """How many cells of each class and fold are true, [C, F]."""
    return np.stack([cells[:, first:end].sum(axis=1) for first, end in spans], axis=1)
