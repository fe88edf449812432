"""What a person who tunes asks of a labelled matrix, each answered from what is known already."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import UsageError, nearest
from birdscope.core.settings import Settings
from birdscope.metrics.curves import Cost, class_costs, class_curves
from birdscope.metrics.no_ops import find_no_ops
from birdscope.metrics.pair_counts import PairCounts
from birdscope.metrics.positives import Positives
from birdscope.metrics.tune_interval import Resampling, interval_so_far
from birdscope.metrics.tune_matrix import TuneMatrix
from birdscope.metrics.tune_measure import measure_plan, scored_rows, spans_of
from birdscope.metrics.tune_plan import Plan, plan_of
from birdscope.metrics.tune_results import (
    ClassDelta,
    Curves,
    IntervalSoFar,
    Measured,
    RowCost,
    StageScore,
)
from birdscope.metrics.tune_stack import THREADS, TuneStack
from birdscope.metrics.tune_truth import POSITIVE, UNKNOWN

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_MEASURED_KEPT = 512
STAGES = ("checkpoint", "member", "ensemble")


class Tuner:
    """Measures settings on one matrix, again and again; keeps what can be used again.

    Not for several threads at once; it has two of its own.

    Args:
        matrix: Scores and labels.
        seed: Of the resamples.
    """

    def __init__(self, matrix: TuneMatrix, *, seed: int = 0) -> None:
        self.matrix = matrix
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="tune")
        self._stacks = {matrix.is_whole: TuneStack(matrix, self._pool)}
        self._positives = {
            whole: Positives(one.matrix.labels, spans_of(one.matrix))
            for whole, one in self._stacks.items()
        }
        self._measured: dict[Plan, Measured] = {}
        self._resampling = Resampling(len(matrix.rows.recordings), seed)

    def measure(self, settings: Settings) -> Measured:
        """How good settings are.

        Raises:
            ConfigError: they name a member that is not there, or leave no weight above 0.
        """
        return self._measure(self._plan(settings))

    def stages(self, settings: Settings) -> Iterator[StageScore]:
        """The figure after each step, in the order of the arithmetic; raises as `measure`."""
        done: list[int] = []
        before = self._aside(_only(settings, done))
        yield StageScore("checkpoints averaged and blended", None, before, 0.0)
        for stage in STAGES:
            for number, step in enumerate(settings.steps):
                if step.at == stage and step.enabled:
                    done.append(number)
                    after = self._aside(_only(settings, done))
                    title = f"{step.kind.replace('_', ' ')} · {stage}"
                    yield StageScore(title, number, after, after - before)
                    before = after

    def no_ops(self, settings: Settings) -> dict[int, str]:
        """Index of a step → why it can't change any class's ROC-AUC; raises as `measure`."""
        self._plan(settings)
        return find_no_ops(settings, self.matrix)

    def deltas(self, settings: Settings, baseline: Settings) -> tuple[ClassDelta, ...]:
        """Every scored class against a baseline, in column order; raises as `measure`."""
        ours = self.measure(settings).per_class
        theirs = self.measure(baseline).per_class
        positives = (self.matrix.labels == POSITIVE).sum(axis=1)
        return tuple(
            ClassDelta(
                self.matrix.classes[column],
                float(ours[column]),
                float(theirs[column]),
                float(ours[column] - theirs[column]),
                int(positives[column]),
            )
            for column in self.matrix.scored
        )

    def curves(self, settings: Settings, label: str) -> Curves:
        """ROC and precision-recall of a class.

        Raises:
            ConfigError: as `measure`.
            UsageError: there is no such class.
        """
        known = self._class(settings, label)
        return class_curves(label, *known)

    def costs(self, settings: Settings, label: str, limit: int = 200) -> tuple[RowCost, ...]:
        """The rows that cost a class most area, the dearest first; raises as `curves`."""
        column = self._column(label)
        values = self._scored_rows(self._plan(settings), np.array([column]))[0]
        known = np.flatnonzero((self.matrix.labels[column] != UNKNOWN) & ~np.isnan(values))
        weights = self.matrix.row_weights
        found = class_costs(
            self.matrix.labels[column, known] == POSITIVE,
            values[known],
            np.ones(len(known)) if weights is None else weights[known],
            limit,
        )
        return tuple(self._row_cost(int(known[one.row]), one) for one in found)

    def resample(
        self, settings: Settings, baseline: Settings, resamples: int = 1000
    ) -> Iterator[IntervalSoFar | None]:
        """The interval of the difference, firmer and firmer; None is only a breath.

        The same resamples of recordings serve all settings, so differences are paired, and
        what is known of the baseline serves them all.

        Raises:
            ConfigError: as `measure`.
        """
        plans = self._plan(settings), self._plan(baseline)
        difference = self._measure(plans[0]).macro_roc_auc - self._measure(plans[1]).macro_roc_auc
        if (reason := self._no_interval()) or plans[0] == plans[1]:
            yield interval_so_far(difference, None, None, resamples, reason)
            return
        for end in self._resampling.marks(resamples):
            for plan in plans:
                yield from self._resampling.extend(plan, end, lambda one=plan: self._pairs(one))  # type: ignore[misc]
            ours, theirs = (self._resampling.samples(plan)[:end] for plan in plans)
            yield interval_so_far(difference, ours, theirs, resamples)

    def final(self, settings: Settings, label: str) -> tuple[npt.NDArray[np.bool_], Floats]:
        """A class's known rows: whether positive, bool [k], and final scores, float64 [k]."""
        positive, values, _ = self._class(settings, label)
        return positive, values

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _plan(self, settings: Settings) -> Plan:
        return plan_of(self.matrix.scores, settings, pooled=self.matrix.unit == "file")

    def _stack(self, plan: Plan) -> TuneStack:
        """The stack over labelled recordings, or over all where a step looks at all rows."""
        whole = plan.looks_at_all_rows or self.matrix.is_whole
        if whole not in self._stacks:
            matrix = TuneMatrix.build(self.matrix.scores, self.matrix.truth, whole=True)
            self._stacks[whole] = TuneStack(matrix, self._pool)
            self._positives[whole] = Positives(matrix.labels, spans_of(matrix))
        return self._stacks[whole]

    def _aside(self, settings: Settings) -> float:
        """A figure on the way, which is not what a hand is at."""
        return self._measure(self._plan(settings), aside=True).macro_roc_auc

    def _measure(self, plan: Plan, *, aside: bool = False) -> Measured:
        if plan in self._measured:
            return self._measured[plan]
        stack = self._stack(plan)
        positives = self._positives[stack.matrix.is_whole]
        measured = measure_plan(stack, plan, positives, aside=aside)
        while len(self._measured) >= _MEASURED_KEPT:
            del self._measured[next(iter(self._measured))]
        self._measured[plan] = measured
        return measured

    def _scored_rows(self, plan: Plan, columns: npt.NDArray[np.int64]) -> Floats:
        """Final scores of some classes, float64 [c, S]."""
        stack = self._stack(plan)
        return scored_rows(stack, plan, stack.of_columns(stack.arithmetic(plan), columns))

    def _class(
        self, settings: Settings, label: str
    ) -> tuple[npt.NDArray[np.bool_], Floats, Floats]:
        """A class's known rows: whether positive, final scores and weights."""
        column = self._column(label)
        values = self._scored_rows(self._plan(settings), np.array([column]))[0]
        labels, weights = self.matrix.labels[column], self.matrix.row_weights
        known = (labels != UNKNOWN) & ~np.isnan(values)
        of_rows = np.ones(len(labels)) if weights is None else weights
        return labels[known] == POSITIVE, values[known], of_rows[known]

    def _column(self, label: str) -> int:
        if label not in self.matrix.classes:
            raise UsageError(
                f"there is no class {label!r}{nearest(label, self.matrix.classes)}",
                remedy="choose one of the dataset's labels",
            )
        return self.matrix.classes.index(label)

    def _row_cost(self, row: int, cost: Cost) -> RowCost:
        matrix, place = self.matrix, int(self.matrix.place[row])
        number = int(matrix.recording_of[row])
        recording = matrix.rows.recordings[number]
        is_window = matrix.unit == "window"
        return RowCost(
            row_id=matrix.rows.row_ids[place] if is_window else recording,
            recording=recording,
            index=place - int(matrix.rows.offsets[number]) if is_window else None,
            start_s=float(matrix.rows.start_s[place]) if is_window else 0.0,
            positive=cost.positive,
            score=cost.score,
            share=cost.share,
            auc_loss=cost.auc_loss,
        )

    def _no_interval(self) -> str:
        if len(self.matrix.rows.recordings) < 2:
            return "one recording can't be resampled"
        return "" if len(self.matrix.scored) else "no class has a positive and a negative row"

    def _pairs(self, plan: Plan) -> Iterator[PairCounts]:
        """How recordings beat each other under a plan, a few classes at a time."""
        matrix = self.matrix
        for first in range(0, len(matrix.scored), _CLASSES_AT_ONCE):
            columns = matrix.scored[first : first + _CLASSES_AT_ONCE]
            values = self._scored_rows(plan, columns)
            yield PairCounts.of(
                values,
                matrix.labels[columns],
                matrix.recording_of,
                matrix.row_weights,
                len(matrix.rows.recordings),
            )


_CLASSES_AT_ONCE = 8


def _only(settings: Settings, steps: list[int]) -> Settings:
    """The settings with some steps, the others left out."""
    kept = tuple(step for number, step in enumerate(settings.steps) if number in steps)
    return settings.model_copy(update={"steps": kept})
