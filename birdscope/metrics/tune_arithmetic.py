"""The stack's arithmetic on a class-major matrix, from checkpoints to the blend and its steps.

Equals `postprocess.stack` to the bit: the same float64 operations in the same order. Steps may
write into what they are given, unless it is read-only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from birdscope.core.settings import Stage
from birdscope.metrics import tune_steps as steps
from birdscope.metrics.tune_matrix import TuneMatrix
from birdscope.metrics.tune_plan import Act, Plan

Floats = npt.NDArray[np.float64]
Columns: TypeAlias = "slice | npt.NDArray[np.int64]"
# A place in the stack: its stage, and the number of the checkpoint or member (0 for the blend).
Node: TypeAlias = tuple[Stage, int]
# The ranks [C, N] of what comes into an act of a place, given its number there.
RanksOf: TypeAlias = Callable[[Node, int], npt.NDArray[np.int16]]
ENSEMBLE: Node = ("ensemble", 0)


class Arithmetic:
    """Runs a plan over some classes, or a few of them at a time.

    Attributes:
        plan: What is done.

    Args:
        matrix: The scores.
        layout: Of its rows.
        plan: What to do.
        ranks: Of the classes, wherever a low-rank power stands.
    """

    def __init__(
        self, matrix: TuneMatrix, layout: steps.Layout, plan: Plan, ranks: RanksOf
    ) -> None:
        self._matrix = matrix
        self._layout = layout
        self.plan = plan
        self._ranks = ranks

    def final(self, columns: Columns) -> Floats:
        """The final probabilities [c, R]."""
        blend = self.blended(
            columns, lambda one: self.member(columns, one, self.mean(columns, one))
        )
        return self.ensemble(columns, blend)

    def checkpoint(self, columns: Columns, layer: int, member: int) -> Floats:
        """A checkpoint after its steps."""
        return self._run(("checkpoint", layer), self.plan.checkpoint[member], columns, None)

    def mean(self, columns: Columns, member: int) -> Floats:
        """The mean of a member's checkpoints."""
        layers = self._matrix.layers[self._matrix.members[member]]
        values = [self.checkpoint(columns, layer, member) for layer in layers]
        if len(values) == 1:
            return values[0]
        if self._matrix.has_gaps:
            return _known_mean(values)
        total = steps.own(values[0])
        for other in values[1:]:
            total += other
        total /= len(values)
        return total

    def member(self, columns: Columns, member: int, mean: Floats) -> Floats:
        """A member after its steps."""
        return self._run(("member", member), self.plan.member[member], columns, mean)

    def blended(self, columns: Columns, member: Callable[[int], Floats]) -> Floats:
        """The blend of what `member` gives."""
        weights = self.plan.weights
        if self._matrix.has_gaps:
            return _known_blend([(member(number), weight) for number, weight in weights])
        total = sum(weight for _, weight in weights)
        parts = (_times(member(number), weight / total) for number, weight in weights)
        result = next(parts)
        for part in parts:
            result += part
        return result

    def ensemble(self, columns: Columns, blend: Floats) -> Floats:
        """The blend after its steps."""
        return self._run(ENSEMBLE, self.plan.ensemble, columns, blend)

    def before(self, node: Node, number: int, columns: Columns) -> Floats:
        """What comes into an act of a place."""
        stage, place = node
        if stage == "checkpoint":
            acts = self.plan.checkpoint[member_of(self._matrix, place)]
            return self._run(node, acts[:number], columns, None)
        if stage == "member":
            return self._run(
                node, self.plan.member[place][:number], columns, self.mean(columns, place)
            )
        blend = self.blended(
            columns, lambda one: self.member(columns, one, self.mean(columns, one))
        )
        return self._run(node, self.plan.ensemble[:number], columns, blend)

    def _run(
        self, node: Node, acts: tuple[Act, ...], columns: Columns, values: Floats | None
    ) -> Floats:
        """Run the acts of one place; a checkpoint's values are fetched."""
        if values is None:
            values = self._matrix.values[node[1], columns].astype(np.float64)
        # A blend of ones may be a little more than one.
        within = self._matrix.in_unit_range and node != ENSEMBLE
        for number, (kind, parameters) in enumerate(acts):
            if kind == "low_rank_power":
                values = self._low_rank(node, number, columns, values, *parameters, within=within)
            else:
                values = steps.act(kind, parameters, values, self._layout, within=within)
        return values

    def _low_rank(
        self,
        node: Node,
        number: int,
        columns: Columns,
        values: Floats,
        top_k: Any,
        exponent: Any,
        *,
        within: bool,
    ) -> Floats:
        tail = self._ranks(node, number)[columns] >= top_k
        return steps.low_rank_power(values, tail, exponent, self._layout, within=within)


def nodes(plan: Plan, matrix: TuneMatrix) -> Iterator[tuple[Node, tuple[Act, ...]]]:
    """Every place in the stack that counts, in the order of the arithmetic."""
    for member, _ in plan.weights:
        for layer in matrix.layers[matrix.members[member]]:
            yield ("checkpoint", layer), plan.checkpoint[member]
    for member, _ in plan.weights:
        yield ("member", member), plan.member[member]
    yield ENSEMBLE, plan.ensemble


def member_of(matrix: TuneMatrix, layer: int) -> int:
    """The number of the member that a checkpoint belongs to."""
    return matrix.members.index(matrix.checkpoints[layer].member)


def _times(values: Floats, share: float) -> Floats:
    """A member's part of the blend, in place where it may be."""
    part: Floats = np.multiply(values, share, out=values if values.flags.writeable else None)
    return part


def _known_mean(layers: list[Floats]) -> Floats:
    total = np.zeros_like(layers[0])
    count = np.zeros_like(layers[0])
    for layer in layers:
        known = ~np.isnan(layer)
        total += np.where(known, layer, 0.0)
        count += known
    with np.errstate(invalid="ignore"):
        mean: Floats = total / count
    return mean


def _known_blend(parts: list[tuple[Floats, float]]) -> Floats:
    """A blend; where some members have no number, it is over those that have one."""
    whole = sum(weight for _, weight in parts)
    result: Floats = parts[0][0] * (parts[0][1] / whole)
    for values, weight in parts[1:]:
        result += values * (weight / whole)
    gaps = np.isnan(result)
    if not gaps.any():
        return result
    total = np.zeros_like(result)
    weights = np.zeros_like(result)
    for values, weight in parts:
        known = ~np.isnan(values)
        total += np.where(known, values, 0.0) * weight
        weights += known * weight
    with np.errstate(invalid="ignore"):
        mended: Floats = np.where(gaps, total / weights, result)
    return mended
