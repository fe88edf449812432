"""The stack on a class-major matrix: only what changed is computed again, on two threads.

Equals `postprocess.stack` to the bit: the same float64 operations in the same order. Classes
only meet in low-rank power, which ranks them; all else runs over a few classes at a time, small
enough for the processor's caches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from birdscope.core.settings import Stage
from birdscope.metrics import tune_steps as steps
from birdscope.metrics.tune_matrix import TuneMatrix
from birdscope.metrics.tune_plan import Act, Plan

Floats = npt.NDArray[np.float64]
# A place in the stack: its stage, and the number of the checkpoint or member (0 for the blend).
Node: TypeAlias = tuple[Stage, int]
# What may be kept: the blend, or a member's number after its own steps or before ("mean").
Slot: TypeAlias = tuple[str, int]
Columns: TypeAlias = "slice | npt.NDArray[np.int64]"
# A few classes at a time: few enough for the caches, enough to hide the cost of each call.
CHUNK_BYTES = 1_200_000
THREADS = 2
ENSEMBLE: Node = ("ensemble", 0)
_BLEND: Slot = ("blend", 0)
# Ranks of classes by recording, 2 bytes a cell of [C, N].
_RANKS_KEPT = 24


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
        self.layout = steps.Layout(matrix.rows.offsets, gaps=matrix.has_gaps)
        self._pool = pool
        self._kept: dict[Slot, tuple[object, Floats]] = {}
        self._seen: Mapping[Slot, object] = {}
        self._ranks: dict[object, npt.NDArray[np.int16]] = {}
        self.parts = _parts(len(matrix.scored), len(matrix.rows))

    def each(
        self, plan: Plan, take: Callable[[slice, Floats], None], *, aside: bool = False
    ) -> None:
        """Give the final probabilities [c, R] of every few scored classes to `take`.

        Args:
            plan: What to do.
            take: Called from several threads, with which of the scored classes they are. It
                may write into the array.
            aside: A look at something else: what is kept stays as it is.
        """
        self._prepare_ranks(plan)
        keys = _keys(plan)
        kept = {slot: self._kept[slot][1] for slot, key in keys.items() if self._has(slot, key)}
        filling = {} if aside else self._to_fill(keys, kept)

        def work(part: slice) -> None:
            take(part, self._final(plan, part, kept, filling))

        self.share_out(work, self.parts)
        for slot, values in filling.items():
            self._kept[slot] = (keys[slot], values)
        if not aside:
            self._seen = keys

    def _has(self, slot: Slot, key: object) -> bool:
        return slot in self._kept and self._kept[slot][0] == key

    def _to_fill(
        self, keys: Mapping[Slot, object], kept: Mapping[Slot, Floats]
    ) -> dict[Slot, Floats]:
        """Arrays for what is the same as last time, where what is made of it is not."""
        filling: dict[Slot, Floats] = {}
        for slot, key in keys.items():
            later = [_BLEND] if slot[0] == "member" else [("member", slot[1]), _BLEND]
            covered = slot != _BLEND and any(one in kept or one in filling for one in later)
            if slot in kept:
                continue
            self._kept.pop(slot, None)
            if not covered and self._seen.get(slot) == key:
                filling[slot] = np.empty((len(self.matrix.scored), len(self.matrix.rows)))
        return filling

    def share_out(self, work: Callable[[slice], None], parts: Iterable[slice]) -> None:
        """Run `work` over parts on all threads; the first error is raised."""
        for _ in self._pool.map(work, parts):
            pass

    def of_class(self, plan: Plan, column: int) -> Floats:
        """The final probabilities of one class, float64 [R]; nothing else is computed."""
        values: Floats = self.of_columns(plan, np.array([column]))[0]
        return values

    def of_columns(self, plan: Plan, columns: Columns) -> Floats:
        """The final probabilities of some of the C classes, float64 [c, R]."""
        self._prepare_ranks(plan)
        blend = self._blended(
            plan,
            lambda member: self._member(plan, member, columns, self._mean(plan, member, columns)),
        )
        return self._run(ENSEMBLE, plan.ensemble, blend, columns, plan)

    def _final(
        self,
        plan: Plan,
        part: slice,
        kept: Mapping[Slot, Floats],
        filling: Mapping[Slot, Floats],
    ) -> Floats:
        columns = self._columns(part)

        def known(slot: Slot, make: Callable[[], Floats]) -> Floats:
            """A copy of what is kept, or made now."""
            if slot in kept:
                return kept[slot][part].copy()
            values = make()
            if slot in filling:
                filling[slot][part] = values
            return values

        def mean(number: int) -> Floats:
            return known(("mean", number), lambda: self._mean(plan, number, columns))

        def member(number: int) -> Floats:
            if not plan.member[number]:
                return mean(number)
            return known(
                ("member", number), lambda: self._member(plan, number, columns, mean(number))
            )

        blend = known(_BLEND, lambda: self._blended(plan, member))
        return self._run(ENSEMBLE, plan.ensemble, blend, columns, plan)

    def _columns(self, part: slice) -> Columns:
        columns = self.matrix.scored[part]
        if columns[-1] - columns[0] == len(columns) - 1:
            return slice(int(columns[0]), int(columns[-1]) + 1)
        return columns

    def _checkpoint(self, plan: Plan, layer: int, member: int, columns: Columns) -> Floats:
        raw = self.matrix.values[layer, columns].astype(np.float64)
        return self._run(("checkpoint", layer), plan.checkpoint[member], raw, columns, plan)

    def _mean(self, plan: Plan, member: int, columns: Columns) -> Floats:
        layers = self.matrix.layers[self.matrix.members[member]]
        values = [self._checkpoint(plan, layer, member, columns) for layer in layers]
        if len(values) == 1:
            return values[0]
        if self.matrix.has_gaps:
            return _known_mean(values)
        total = values[0]
        for other in values[1:]:
            total += other
        total /= len(values)
        return total

    def _member(self, plan: Plan, member: int, columns: Columns, mean: Floats) -> Floats:
        return self._run(("member", member), plan.member[member], mean, columns, plan)

    def _blended(self, plan: Plan, member: Callable[[int], Floats]) -> Floats:
        total = sum(weight for _, weight in plan.weights)
        parts = [(member(number), weight) for number, weight in plan.weights]
        result: Floats = parts[0][0] * (parts[0][1] / total)
        for values, weight in parts[1:]:
            result += values * (weight / total)
        return _without_gaps(result, parts) if self.matrix.has_gaps else result

    def _run(
        self, node: Node, acts: tuple[Act, ...], values: Floats, columns: Columns, plan: Plan
    ) -> Floats:
        """Run the acts of one place in the stack over some classes."""
        for number, (kind, parameters) in enumerate(acts):
            if kind == "low_rank_power":
                places = self._ranks[self._rank_key(node, number, plan)][columns]
                values = self._low_rank(values, places, *parameters)
            else:
                values = self._act(kind, parameters, values)
        return values

    def _low_rank(
        self, values: Floats, places: npt.NDArray[np.int16], top_k: Any, exponent: Any
    ) -> Floats:
        return steps.low_rank_power(values, self.layout.to_rows(places >= top_k), exponent)

    def _act(self, kind: str, parameters: tuple[Any, ...], values: Floats) -> Floats:
        layout = self.layout
        match kind:
            case "power":
                raised: Floats = np.power(values, *parameters)
                return raised
            case "smooth":
                return steps.kernel(values, layout, steps.smooth_taps(*parameters))
            case "gaussian":
                return steps.kernel(values, layout, steps.gaussian_taps(*parameters))
            case "neighbour_mean":
                return steps.kernel(values, layout, (1.0,) * parameters[0])
            case "kernel":
                return steps.kernel(values, layout, *parameters)
            case "file_peak":
                return steps.file_peak(values, layout)
            case "min_max":
                return steps.min_max(values)
            case "low_confidence_shift":
                return steps.low_confidence_shift(values, layout, *parameters)
        raise ValueError(f"no step {kind!r}")

    def _prepare_ranks(self, plan: Plan) -> None:
        """Rank the classes wherever a low-rank power stands, the first ones first."""
        for node, acts in _nodes(plan, self.matrix):
            for number, (kind, _) in enumerate(acts):
                key = self._rank_key(node, number, plan)
                if kind == "low_rank_power" and key not in self._ranks:
                    while len(self._ranks) >= _RANKS_KEPT:
                        del self._ranks[next(iter(self._ranks))]
                    self._ranks[key] = self._ranked(node, number, plan)
                elif kind == "low_rank_power":
                    self._ranks[key] = self._ranks.pop(key)

    def _ranked(self, node: Node, number: int, plan: Plan) -> npt.NDArray[np.int16]:
        """Ranks [C, N] of what comes into an act."""
        classes = len(self.matrix.classes)
        tops = np.empty((classes, len(self.matrix.rows.recordings)))

        def work(part: slice) -> None:
            tops[part] = self.layout.tops(self._before(node, number, plan, part))

        self.share_out(work, _parts(classes, len(self.matrix.rows)))
        return steps.ranks(tops)

    def _before(self, node: Node, number: int, plan: Plan, part: slice) -> Floats:
        """What comes into an act: the values of some of all C classes."""
        if node[0] == "checkpoint":
            layer = node[1]
            member = self.matrix.members.index(self.matrix.checkpoints[layer].member)
            raw = self.matrix.values[layer, part].astype(np.float64)
            return self._run(node, plan.checkpoint[member][:number], raw, part, plan)
        if node[0] == "member":
            member = node[1]
            mean = self._mean(plan, member, part)
            return self._run(node, plan.member[member][:number], mean, part, plan)
        blend = self._blended(
            plan, lambda one: self._member(plan, one, part, self._mean(plan, one, part))
        )
        return self._run(node, plan.ensemble[:number], blend, part, plan)

    def _rank_key(self, node: Node, number: int, plan: Plan) -> object:
        """What the ranks of an act depend on."""
        if node[0] == "checkpoint":
            member = self.matrix.members.index(self.matrix.checkpoints[node[1]].member)
            return (*node, plan.checkpoint[member][:number])
        if node[0] == "member":
            member = node[1]
            return (*node, plan.checkpoint[member], plan.member[member][:number])
        return (*node, _blend_key(plan), plan.ensemble[:number])


def _keys(plan: Plan) -> dict[Slot, object]:
    """What may be kept → what it depends on, the last first."""
    keys: dict[Slot, object] = {_BLEND: _blend_key(plan)}
    for member, _ in plan.weights:
        if plan.member[member]:
            keys["member", member] = (plan.checkpoint[member], plan.member[member])
    for member, _ in plan.weights:
        keys["mean", member] = plan.checkpoint[member]
    return keys


def _blend_key(plan: Plan) -> object:
    members = tuple((plan.checkpoint[one], plan.member[one]) for one, _ in plan.weights)
    return plan.weights, members


def _nodes(plan: Plan, matrix: TuneMatrix) -> Iterator[tuple[Node, tuple[Act, ...]]]:
    """Every place in the stack that counts, in the order of the arithmetic."""
    for member, _ in plan.weights:
        for layer in matrix.layers[matrix.members[member]]:
            yield ("checkpoint", layer), plan.checkpoint[member]
    for member, _ in plan.weights:
        yield ("member", member), plan.member[member]
    yield ENSEMBLE, plan.ensemble


def _parts(classes: int, rows: int) -> list[slice]:
    """A few classes at a time."""
    size = max(1, CHUNK_BYTES // max(1, 8 * rows))
    return [slice(first, min(first + size, classes)) for first in range(0, classes, size)]


def _known_mean(layers: list[Floats]) -> Floats:
    total = np.zeros_like(layers[0])
    count = np.zeros_like(layers[0])
    for layer in layers:
        known = ~np.isnan(layer)
        total += np.where(known, layer, 0.0)
        count += known
    with np.errstate(invalid="ignore"):
        return total / count


def _without_gaps(result: Floats, parts: list[tuple[Floats, float]]) -> Floats:
    """A blend where some members have no number: over those that have one."""
    gaps = np.isnan(result)
    if not gaps.any():
        return result
    total = np.zeros_like(result)
    weight = np.zeros_like(result)
    for values, of_member in parts:
        known = ~np.isnan(values)
        total += np.where(known, values, 0.0) * of_member
        weight += known * of_member
    with np.errstate(invalid="ignore"):
        return np.where(gaps, total / weight, result)
