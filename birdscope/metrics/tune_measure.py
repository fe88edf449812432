"""One plan measured: the stack's final scores, few classes at a time, and their figures."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from birdscope.metrics.fast_auc import ClassAreas, areas_of, rank
from birdscope.metrics.inputs import macro
from birdscope.metrics.positives import Positives, Ranked
from birdscope.metrics.tune_matrix import TuneMatrix
from birdscope.metrics.tune_plan import Plan
from birdscope.metrics.tune_results import FoldScore, Measured
from birdscope.metrics.tune_stack import TuneStack
from birdscope.metrics.tune_steps import pooled
from birdscope.metrics.tune_truth import UNKNOWN
from birdscope.metrics.weighted_auc import weighted_areas

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def measure_plan(
    stack: TuneStack, plan: Plan, positives: Positives, *, aside: bool = False
) -> Measured:
    """How good a plan is.

    Args:
        stack: Runs it.
        plan: What to do.
        positives: Of the stack's matrix.
        aside: A look at something else: what the stack keeps stays as it is.
    """
    begun = time.perf_counter()
    matrix = stack.matrix
    classes = len(matrix.classes)
    result = ClassAreas(
        np.full(classes, np.nan),
        np.full((len(matrix.fold_spans), classes), np.nan),
        np.full(classes, np.nan),
    )

    def put(columns: Ints, found: ClassAreas) -> None:
        result.pooled[columns] = found.pooled
        result.per_fold[:, columns] = found.per_fold
        result.precision[columns] = found.precision

    def take(finals: Iterator[tuple[slice, Floats]]) -> None:
        ranked: list[tuple[Ints, Ranked]] = []
        for few, final in finals:
            columns, values = matrix.scored[few], scored_rows(stack, plan, final)
            if _is_plain(matrix, values):
                ranked.append((columns, rank(values, columns.tolist(), positives)))
            else:
                put(columns, _weighted(matrix, columns, values))
        if ranked:
            columns = np.concatenate([few for few, _ in ranked])
            put(columns, areas_of([one for _, one in ranked], columns, positives))

    if len(matrix.scored):
        stack.each(stack.arithmetic(plan), take, aside=aside)
    return _measured(matrix, result, time.perf_counter() - begun)


def scored_rows(stack: TuneStack, plan: Plan, values: Floats) -> Floats:
    """Final scores of some classes [c, R] → those of the scored rows [c, S]."""
    if plan.pooling:
        values = pooled(values, stack.layout, plan.pooling)
    matrix = stack.matrix
    return values if matrix.in_order else np.take(values, matrix.place, axis=1)


def _measured(matrix: TuneMatrix, areas: ClassAreas, seconds: float) -> Measured:
    per_fold: tuple[FoldScore, ...] = ()
    if matrix.folds is not None:
        per_fold = tuple(
            FoldScore(fold, macro(line), int(np.count_nonzero(~np.isnan(line))))
            for (fold, _, _), line in zip(matrix.fold_spans, areas.per_fold, strict=True)
            if fold >= 0
        )
    figures = np.array([one.macro for one in per_fold])
    figures = figures[~np.isnan(figures)]
    return Measured(
        macro_roc_auc=macro(areas.pooled),
        per_class=areas.pooled,
        scored_classes=int(np.count_nonzero(~np.isnan(areas.pooled))),
        per_fold=per_fold,
        fold_mean=float(figures.mean()) if len(figures) else float("nan"),
        fold_sd=float(figures.std(ddof=1)) if len(figures) > 1 else float("nan"),
        macro_ap=macro(areas.precision),
        seconds=seconds,
    )


def _is_plain(matrix: TuneMatrix, values: Floats) -> bool:
    """Whether every row counts once and has a score."""
    return matrix.row_weights is None and not (matrix.has_gaps and bool(np.isnan(values).any()))


def _weighted(matrix: TuneMatrix, columns: Ints, values: Floats) -> ClassAreas:
    labels = np.where(np.isnan(values), UNKNOWN, matrix.labels[columns])
    return weighted_areas(values, labels, matrix.row_weights, spans_of(matrix))


def spans_of(matrix: TuneMatrix) -> list[tuple[int, int]]:
    """First and end scored row of each fold."""
    return [(first, end) for _, first, end in matrix.fold_spans]
