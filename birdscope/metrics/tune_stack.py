"""The stack on a class-major matrix: only what changed is computed again, on two threads.

Classes only meet in low-rank power, which ranks them; all else runs over a few classes at a
time, small enough for the processor's caches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from birdscope.metrics.tune_arithmetic import Arithmetic, Columns
from birdscope.metrics.tune_matrix import TuneMatrix
from birdscope.metrics.tune_plan import Plan
from birdscope.metrics.tune_ranks import ClassRanks, blend_key
from birdscope.metrics.tune_steps import Layout

Floats = npt.NDArray[np.float64]
# What may be kept: the blend, or a member's number after its own steps or before ("mean").
Slot: TypeAlias = tuple[str, int]
# A few classes at a time: few enough for the caches, enough to hide the cost of each call.
CHUNK_BYTES = 1_200_000
# So many classes are measured at once where their number allows: it saves calls.
_TAKEN = 8
THREADS = 2
_BLEND: Slot = ("blend", 0)


class TuneStack:
    """Runs plans over the scored classes of a matrix.

    From one plan to the next the last values before what changes are kept: every member before
    its own steps or after them, or the blend. They are kept once they were the same twice,
    because writing them down costs as much as a step.

    Args:
        matrix: The scores.
        pool: Threads to share the classes out to.
    """

    def __init__(self, matrix: TuneMatrix, pool: ThreadPoolExecutor) -> None:
        self.matrix = matrix
        self.layout = Layout(matrix.rows.offsets, gaps=matrix.has_gaps)
        self._pool = pool
        self._kept: dict[Slot, tuple[object, Floats]] = {}
        self._seen: Mapping[Slot, object] = {}
        size = max(1, CHUNK_BYTES // max(1, 8 * len(matrix.rows)))
        self._size = size
        # Enough parts for all threads, whatever the number of classes.
        taken = min(_TAKEN, 1 + len(matrix.scored) // (4 * THREADS))
        self._ranks = ClassRanks(
            matrix, self.layout, self.share_out, _parts(len(matrix.classes), size)
        )
        self.parts = _parts(len(matrix.scored), max(size, taken))

    def arithmetic(self, plan: Plan) -> Arithmetic:
        """A plan ready to run, as often as wanted; not for several threads at once."""
        return self._ranks.arithmetic(plan)

    def each(
        self,
        arithmetic: Arithmetic,
        take: Callable[[Iterator[tuple[slice, Floats]]], None],
        *,
        aside: bool = False,
    ) -> None:
        """Give the final probabilities of some scored classes after others to `take`.

        Args:
            arithmetic: What to do.
            take: Called from several threads. It gets classes few by few: which of the scored
                ones they are, and their probabilities [c, R], maybe to be read only.
            aside: A look at something else: what is kept stays as it is.
        """
        keys = _keys(arithmetic.plan)
        kept = {slot: self._kept[slot][1] for slot, key in keys.items() if self._has(slot, key)}
        filling = {} if aside else self._to_fill(keys, kept)

        def final(few: slice) -> Floats:
            return self._final(arithmetic, few, kept, filling)

        def work(part: slice) -> None:
            take((few, final(few)) for few in _parts(part.stop, self._size, part.start))

        self.share_out(work, self.parts)
        for slot, values in filling.items():
            self._kept[slot] = (keys[slot], values)
        if not aside:
            self._seen = keys

    def share_out(self, work: Callable[[slice], None], parts: Iterable[slice]) -> None:
        """Run `work` over parts on all threads; the first error is raised."""
        for _ in self._pool.map(work, parts):
            pass

    def of_columns(self, arithmetic: Arithmetic, columns: Columns) -> Floats:
        """The final probabilities of some of the C classes, float64 [c, R]."""
        return arithmetic.final(columns)

    def _has(self, slot: Slot, key: object) -> bool:
        return slot in self._kept and self._kept[slot][0] == key

    def _to_fill(
        self, keys: Mapping[Slot, object], kept: Mapping[Slot, Floats]
    ) -> dict[Slot, Floats]:
        """Arrays for what is the same as last time, where what is made of it is not."""
        filling: dict[Slot, Floats] = {}
        shape = len(self.matrix.scored), len(self.matrix.rows)
        for slot, key in keys.items():
            later = [_BLEND] if slot[0] == "member" else [("member", slot[1]), _BLEND]
            covered = slot != _BLEND and any(one in kept or one in filling for one in later)
            if slot in kept:
                continue
            self._kept.pop(slot, None)
            if not covered and self._seen.get(slot) == key:
                filling[slot] = np.empty(shape)
        return filling

    def _final(
        self,
        arithmetic: Arithmetic,
        part: slice,
        kept: Mapping[Slot, Floats],
        filling: Mapping[Slot, Floats],
    ) -> Floats:
        columns = self._columns(part)

        def known(slot: Slot, make: Callable[[], Floats]) -> Floats:
            """What is kept, to be read only, or made now."""
            if slot in kept:
                values = kept[slot][part]
                values.flags.writeable = False
                return values
            values = make()
            if slot in filling:
                filling[slot][part] = values
            return values

        def mean(number: int) -> Floats:
            return known(("mean", number), lambda: arithmetic.mean(columns, number))

        def member(number: int) -> Floats:
            if not arithmetic.plan.member[number]:
                return mean(number)
            return known(
                ("member", number), lambda: arithmetic.member(columns, number, mean(number))
            )

        return arithmetic.ensemble(
            columns, known(_BLEND, lambda: arithmetic.blended(columns, member))
        )

    def _columns(self, part: slice) -> Columns:
        columns = self.matrix.scored[part]
        if columns[-1] - columns[0] == len(columns) - 1:
            return slice(int(columns[0]), int(columns[-1]) + 1)
        return columns


def _keys(plan: Plan) -> dict[Slot, object]:
    """What may be kept → what it depends on, the last first."""
    keys: dict[Slot, object] = {_BLEND: blend_key(plan)}
    for member, _ in plan.weights:
        if plan.member[member]:
            keys["member", member] = (plan.checkpoint[member], plan.member[member])
    for member, _ in plan.weights:
        keys["mean", member] = plan.checkpoint[member]
    return keys


def _parts(end: int, size: int, first: int = 0) -> list[slice]:
    """A few classes at a time."""
    return [slice(one, min(one + size, end)) for one in range(first, end, size)]
