"""Where positives stand among all rows, by sorting scores but no index.

Only positives need a rank, so a class's scores are sorted as plain numbers, in float32 and fold
by fold, and its few positives looked up. Rounding to float32 keeps the order of what it doesn't
make equal; a class where a positive meets an equal in float32 is looked up again in float64. So
the result is that of float64.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from birdscope.metrics.positives import Positives, Ranked, Sought, Spans
from birdscope.metrics.tune_truth import UNKNOWN

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def rank_in_order(
    scores: Floats,
    columns: Sequence[int],
    sought: Sought,
    positives: Positives,
) -> Ranked:
    """Rank the positives of some classes.

    Args:
        scores: float64 [c, S], no NaN.
        columns: Which of the C classes they are.
        sought: Their positives.
        positives: Of all C classes.
    """
    rounded = scores.astype(np.float32)
    values = rounded[sought.lines, sought.rows]
    # Values in their order are looked up several times faster.
    order = np.lexsort((values, sought.lines))
    sought, values = sought.reordered(order), values[order]
    if positives.masked:
        rounded[positives.labels[columns] == UNKNOWN] = np.inf
    for first, end in positives.spans:
        rounded[:, first:end].sort(axis=1)
    ranks = _rank(rounded, values, sought, positives.spans)
    for line in _tied(rounded, values, ranks.below, sought, positives.spans):
        _settle(ranks, scores[line], columns[line], sought.span(line), positives)
    return ranks


def _rank(
    ordered: npt.NDArray[np.float32],
    values: npt.NDArray[np.float32],
    sought: Sought,
    spans: Spans,
) -> Ranked:
    """Look every positive up in each fold of its class, as if it had no equal."""
    below = np.empty((len(spans), len(values)), dtype=np.int64)
    for line in range(len(ordered)):
        span = sought.span(line)
        wanted = values[span]
        for fold, (first, end) in enumerate(spans):
            below[fold, span] = ordered[line, first:end].searchsorted(wanted)
    equal = np.zeros_like(below)
    equal[sought.folds, np.arange(len(values))] = 1
    return Ranked(sought, below, equal)


def _tied(
    ordered: npt.NDArray[np.float32],
    values: npt.NDArray[np.float32],
    below: Ints,
    sought: Sought,
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
    ranks: Ranked,
    scores: Floats,
    column: int,
    span: slice,
    positives: Positives,
) -> None:
    """Rank the positives of one class in float64.

    Only rows that some positive equals in float32 are looked at, found by a table of its low
    bits first: most rows are ruled out without a search.
    """
    rounded = scores.astype(np.float32)
    unknown = positives.unknown(column)
    if unknown is not None:
        rounded[unknown] = np.inf
    wanted = rounded[ranks.sought.rows[span]]
    near = np.flatnonzero(_maybe_among(rounded, wanted))
    near = near[np.isin(rounded[near], wanted)]
    near32, near64 = rounded[near], scores[near]
    exact = scores[ranks.sought.rows[span]]
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
