"""The places of classes in each recording, wherever a low-rank power stands; kept for reuse."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from birdscope.metrics import tune_steps as steps
from birdscope.metrics.tune_arithmetic import Arithmetic, Node, member_of, nodes
from birdscope.metrics.tune_matrix import TuneMatrix
from birdscope.metrics.tune_plan import Plan

Places = npt.NDArray[np.int16]
ShareOut: TypeAlias = Callable[[Callable[[slice], None], Iterable[slice]], None]
# 2 bytes a cell of [C, N] each.
_KEPT = 24


class ClassRanks:
    """Ranks the classes in float64.

    Args:
        matrix: The scores.
        layout: Of its rows.
        share_out: Runs work over parts of the C classes on all threads.
        parts: Of the C classes.
    """

    def __init__(
        self, matrix: TuneMatrix, layout: steps.Layout, share_out: ShareOut, parts: list[slice]
    ) -> None:
        self._matrix = matrix
        self._layout = layout
        self._share_out = share_out
        self._parts = parts
        self._kept: dict[object, Places] = {}

    def arithmetic(self, plan: Plan) -> Arithmetic:
        """A plan's arithmetic, with the classes ranked wherever it needs that."""
        found: dict[tuple[Node, int], Places] = {}
        arithmetic = Arithmetic(
            self._matrix, self._layout, plan, lambda node, number: found[node, number]
        )
        for node, acts in nodes(plan, self._matrix):
            for number, (kind, _) in enumerate(acts):
                if kind == "low_rank_power":
                    key = (*node, self._depends_on(node, number, plan))
                    # What was asked for last is dropped last.
                    known = self._kept.pop(key, None)
                    places = self._ranked(arithmetic, node, number) if known is None else known
                    self._kept[key] = found[node, number] = places
        while len(self._kept) > _KEPT:
            del self._kept[next(iter(self._kept))]
        return arithmetic

    def _ranked(self, arithmetic: Arithmetic, node: Node, number: int) -> Places:
        """Ranks [C, N] of what comes into an act; those before it are ranked already."""
        tops = np.empty((len(self._matrix.classes), len(self._matrix.rows.recordings)))

        def work(part: slice) -> None:
            tops[part] = self._layout.tops(arithmetic.before(node, number, part))

        self._share_out(work, self._parts)
        return steps.ranks(tops)

    def _depends_on(self, node: Node, number: int, plan: Plan) -> object:
        stage, place = node
        if stage == "checkpoint":
            return plan.checkpoint[member_of(self._matrix, place)][:number]
        if stage == "member":
            return plan.checkpoint[place], plan.member[place][:number]
        return blend_key(plan), plan.ensemble[:number]


def blend_key(plan: Plan) -> object:
    """What the blend depends on."""
    members = tuple((plan.checkpoint[one], plan.member[one]) for one, _ in plan.weights)
    return plan.weights, members
