"""Queues: which windows of a dataset to listen to next for one species.

Comes in: the species' probabilities in every window. Goes out: rows in the order to listen.

- `score`: the most sure windows first.
- `uncertainty`: those nearest to a threshold first.
- `disagreement`: those where the members differ most (highest minus lowest) first.
- `auc_loss`: labelled windows that cost the class most ROC-AUC: positives with many negatives
  above them, negatives with many positives below.
- `stratified`: drawn by chance, evenly over strata of the score, in random order. Each window
  comes with its chance to be drawn, so that figures weighted by 1 / chance are about the whole
  dataset though the rare high scores are drawn far more often. The strata halve: the lower half
  of the scores, the next quarter, the next eighth, …
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import ScoresError, UsageError, nearest
from birdscope.core.verdicts import QUEUE_KINDS, QueueKind

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]

STRATA = 10
_SMALLEST_STRATUM = 8


@dataclass(frozen=True)
class Candidates:
    """One species' windows, and which of them a queue may take.

    Attributes:
        score: float64 [R], final probability; NaN where not predicted.
        members: float64 [M, R], the opinions that may disagree.
        allowed: bool [R], which pass the filters.
        judged: bool [R], which are judged and therefore left out.
        truth: int8 [R], 1 there, 0 not, -1 unknown; None without labels.
    """

    score: Floats
    members: Floats
    allowed: Bools
    judged: Bools
    truth: npt.NDArray[np.int8] | None = None


@dataclass(frozen=True)
class Queue:
    """Rows in the order to listen.

    Attributes:
        rows: int64 [Q], the first `limit`.
        total: Rows there would be without the limit.
        judged: Rows left out because they are judged.
        probability: float64 [Q], chance to be drawn; None where nothing is drawn.
        cost: float64 [Q], share of the class's ROC-AUC; None for other kinds.
    """

    rows: Rows
    total: int
    judged: int
    probability: Floats | None = None
    cost: Floats | None = None


def build_queue(
    kind: QueueKind,
    candidates: Candidates,
    *,
    limit: int = 200,
    threshold: float = 0.5,
    seed: int = 0,
) -> Queue:
    """The windows to listen to, the most interesting first; equal ones in row order.

    Args:
        kind: See the module; `clips` is no queue of windows.
        candidates: The windows.
        limit: How many at most.
        threshold: What `uncertainty` is measured from.
        seed: Of `stratified`: the same seed, limit and scores draw the same windows.

    Raises:
        UsageError: an unknown kind or a limit below 1.
        ScoresError: the kind needs labels or members that are not there.
    """
    if limit < 1:
        raise UsageError(f"a queue of {limit} windows is none", remedy="ask for one or more")
    known = candidates.allowed & ~np.isnan(candidates.score)
    if kind == "stratified":
        return _stratified(candidates, known, limit, seed)
    if kind == "auc_loss":
        cost = _auc_loss(candidates, known)
        queue = _ranked(cost, candidates, known & (cost > 0), limit)
        return Queue(queue.rows, queue.total, queue.judged, cost=cost[queue.rows])
    if kind == "score":
        return _ranked(candidates.score, candidates, known, limit)
    if kind == "uncertainty":
        return _ranked(-np.abs(candidates.score - threshold), candidates, known, limit)
    if kind == "disagreement":
        spread = disagreement(candidates.members)
        return _ranked(spread, candidates, known & ~np.isnan(spread), limit)
    raise UsageError(
        f"there is no queue of windows by {kind!r}{nearest(kind, QUEUE_KINDS)}",
        remedy=f"use one of {', '.join(one for one in QUEUE_KINDS if one != 'clips')}",
    )


def fair_weights(score: Floats, rows: Rows, seed: int = 0) -> Floats:
    """How many windows each judged one stands for, float64 [Q]: windows over judged by stratum.

    For windows that `stratified` drew, in one draw or several, judged to the end or not. What
    the strata hold is counted over all windows with a score.

    Args:
        score: float64 [R], the species' probability in every window; NaN where not predicted.
        rows: int64 [Q], the judged ones, each with a score.
        seed: Of the draw.
    """
    known = np.flatnonzero(~np.isnan(score))
    weights = np.ones(len(score))
    for stratum in _strata(score[known], np.random.default_rng(seed)):
        judged = int(np.isin(rows, known[stratum]).sum())
        if judged:
            weights[known[stratum]] = len(stratum) / judged
    result: Floats = weights[rows]
    return result


def disagreement(members: Floats) -> Floats:
    """Highest minus lowest opinion in each window, float64 [R]; NaN where fewer than two.

    Raises:
        ScoresError: there is but one opinion in all.
    """
    if len(members) < 2:
        raise ScoresError(
            "a single model can't disagree with itself",
            remedy="choose an ensemble of two members or checkpoints, or another queue",
        )
    spread = np.fmax.reduce(members, axis=0) - np.fmin.reduce(members, axis=0)
    opinions = (~np.isnan(members)).sum(axis=0)
    result: Floats = np.where(opinions > 1, spread, np.nan)
    return result


def auc_loss(truth: npt.NDArray[np.int8], score: Floats) -> Floats:
    """What each row takes from ROC-AUC, float64 [R]; 0 where unknown or in the right order.

    For a positive the share of negatives above it over the number of positives, for a negative
    the share of positives below it over the number of negatives; ties count half. Over the
    positives, and again over the negatives, it sums to 1 - AUC.
    """
    loss = np.zeros(len(score))
    known = ~np.isnan(score)
    positive = np.flatnonzero((truth == 1) & known)
    negative = np.flatnonzero((truth == 0) & known)
    if len(positive) and len(negative):
        pairs = len(positive) * len(negative)
        ours, theirs = np.sort(score[positive]), np.sort(score[negative])
        loss[positive] = (len(negative) - _rank(theirs, score[positive])) / pairs
        loss[negative] = _rank(ours, score[negative]) / pairs
    return loss


def _rank(ordered: Floats, values: Floats) -> Floats:
    """How many of the ordered are below each value, ties half."""
    below = np.searchsorted(ordered, values, side="left")
    result: Floats = (below + np.searchsorted(ordered, values, side="right")) / 2
    return result


def _auc_loss(candidates: Candidates, known: Bools) -> Floats:
    truth = candidates.truth
    counts = {} if truth is None else _counts(truth, known)
    if truth is None or not all(counts.values()):
        why = "there are no labels" if truth is None else f"no {_lacking(counts)} is labelled"
        raise ScoresError(
            f"{why}: nothing is known to cost ROC-AUC",
            remedy="give labels of soundscapes, or choose another queue",
        )
    return auc_loss(truth, candidates.score)


def _counts(truth: npt.NDArray[np.int8], known: Bools) -> Mapping[str, int]:
    return {
        "window with the species": int((known & (truth == 1)).sum()),
        "window without the species": int((known & (truth == 0)).sum()),
    }


def _lacking(counts: Mapping[str, int]) -> str:
    return " and no ".join(name for name, count in counts.items() if not count)


def _ranked(worth: Floats, candidates: Candidates, known: Bools, limit: int) -> Queue:
    """The rows of greatest worth; of equal ones the earlier."""
    open_rows = np.flatnonzero(known & ~candidates.judged)
    judged = int((known & candidates.judged).sum())
    values = worth[open_rows]
    if len(values) > limit:
        edge = np.partition(values, len(values) - limit)[len(values) - limit]
        near = np.flatnonzero(values >= edge)
        open_rows, values, total = open_rows[near], values[near], len(values)
    else:
        total = len(values)
    order = np.argsort(-values, kind="stable")[:limit]
    return Queue(open_rows[order], total, judged)


def _stratified(candidates: Candidates, known: Bools, limit: int, seed: int) -> Queue:
    """Judged rows are left out after the draw: a chance is that of all allowed rows."""
    rows = np.flatnonzero(known)
    generator = np.random.default_rng(seed)
    strata = _strata(candidates.score[rows], generator)
    takes = _shares([len(one) for one in strata], limit)
    drawn, chances = [], []
    for stratum, take in zip(strata, takes, strict=True):
        drawn.append(rows[generator.permutation(stratum)[:take]])
        chances.append(np.full(take, take / len(stratum)))
    chosen = np.concatenate(drawn) if drawn else np.zeros(0, dtype=np.int64)
    chance = np.concatenate(chances) if chances else np.zeros(0)
    # Random order: whoever stops half way has judged a fair part of every stratum.
    order = generator.permutation(len(chosen))
    chosen, chance = chosen[order], chance[order]
    fresh = ~candidates.judged[chosen]
    return Queue(chosen[fresh], len(rows), int((~fresh).sum()), probability=chance[fresh])


def _strata(score: Floats, generator: np.random.Generator) -> list[Rows]:
    """Places split by score: the lower half, the next quarter, …, the top."""
    # sorting a shuffle, and stably, deals equal scores out by chance
    shuffled = generator.permutation(len(score))
    order = shuffled[np.argsort(score[shuffled], kind="stable")]
    strata: list[Rows] = []
    while len(order) >= 2 * _SMALLEST_STRATUM and len(strata) < STRATA - 1:
        half = len(order) // 2
        strata.append(order[:half])
        order = order[half:]
    return [*strata, order] if len(order) else strata


def _shares(sizes: list[int], limit: int) -> list[int]:
    """How many to draw from each stratum: alike, but never more than there are."""
    takes = [0] * len(sizes)
    left = min(limit, sum(sizes))
    while left:
        open_ones = [place for place, size in enumerate(sizes) if takes[place] < size]
        # from the top down, so that what can't be shared out goes to the high scores
        for place in reversed(open_ones):
            more = min(max(1, left // len(open_ones)), sizes[place] - takes[place], left)
            takes[place] += more
            left -= more
    return takes
