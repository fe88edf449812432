"""Blend weights by non-negative least squares, fitted inside folds.

For each member a weight ≥ 0 so that the weighted sum comes nearest to the labels, 0 or 1, over
all known cells. The normal equations are summed recording by recording, so memory stays small;
their factor goes to scipy's NNLS. A fold's figure comes from weights that never saw it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import ScoresError
from birdscope.core.events import Emit, Event, Stop, silent
from birdscope.core.scores import Scores
from birdscope.core.settings import Settings
from birdscope.metrics.fold_parts import FoldPart, fold_parts, score_of_truth
from birdscope.metrics.nested import NestedReport, report_nested
from birdscope.metrics.tune_truth import POSITIVE, UNKNOWN, TuneTruth
from birdscope.postprocess.stack import apply_steps, member_means

Floats = npt.NDArray[np.float64]
_CELLS_AT_ONCE = 500_000


@dataclass(frozen=True)
class BlendFit:
    """Weights by fold, and what they are worth.

    Attributes:
        members: Member names.
        fold_weights: Held-out fold → member → weight fitted on the other folds; sum 1.
        mean: Member → mean of the folds' weights.
        weights: Member → weight fitted on all folds.
        nested: The figures; its settings are the template's with `weights`.
    """

    members: tuple[str, ...]
    fold_weights: Mapping[int, Mapping[str, float]]
    mean: Mapping[str, float]
    weights: Mapping[str, float]
    nested: NestedReport


@dataclass(frozen=True)
class _Equations:
    """Normal equations of least squares: `gram` [M, M] and `right` [M]."""

    gram: Floats
    right: Floats


def fit_blend(
    scores: Scores,
    truth: TuneTruth,
    template: Settings,
    baseline: Settings,
    *,
    resamples: int = 1000,
    seed: int = 0,
    emit: Emit = silent,
    stop: Stop | None = None,
) -> BlendFit:
    """Fit the weights of a blend, once without each fold and once on all.

    With labels of files each member's file score (pooled as the template says) stands for it;
    the figures are those of the whole stack, as always.

    Args:
        scores: Every checkpoint raw.
        truth: Labels with folds.
        template: Its checkpoint and member steps come before the fit, its ensemble steps only
            in the figures; its weights are replaced.
        baseline: What the figures are compared with.
        resamples: Of the bootstrap; 0 for no interval.
        seed: Of the bootstrap.
        emit: Told of each fold.
        stop: Asked between folds.

    Raises:
        ScoresError: with one member, or fewer than two folds.
        ConfigError: if the settings name a member that the scores don't have.
        Cancelled: if stopped.
    """
    members = scores.members
    if len(members) < 2:
        raise ScoresError(
            f"there is one member, {', '.join(members)}: nothing to blend",
            remedy="predict with an ensemble of two members or more",
        )
    parts = fold_parts(scores, truth)
    of_fold = []
    for done, part in enumerate(parts, start=1):
        if stop is not None:
            stop.check()
        of_fold.append(_equations(part, template))
        emit(Event("progress", "fit the blend", done, len(parts), "fold"))
    fits = {}
    for held_out, part in enumerate(parts):
        rest = [one for number, one in enumerate(of_fold) if number != held_out]
        fits[part.fold] = _solve(rest, members)
    weights = _solve(of_fold, members)
    chosen = {}
    for part in parts:
        settings = _with(template, fits[part.fold])
        seen = [other.macro(settings) for other in parts if other is not part]
        chosen[part.fold] = (settings, float(np.nanmean(seen)) if any(seen) else float("nan"))
    nested = report_nested(
        parts, chosen, _with(template, weights), baseline, resamples=resamples, seed=seed
    )
    mean = {member: float(np.mean([fit[member] for fit in fits.values()])) for member in members}
    return BlendFit(members, fits, mean, weights, nested)


def _with(template: Settings, weights: Mapping[str, float]) -> Settings:
    return template.model_copy(update={"weights": dict(weights), "name": "fitted blend"})


def _equations(part: FoldPart, template: Settings) -> _Equations:
    """One fold's normal equations over its known and predicted cells."""
    rows = part.scores.rows
    columns = [
        score_of_truth(
            apply_steps(template, "member", mean, rows.offsets, member),
            rows,
            part.truth,
            template.file_pooling,
        )
        for member, mean in member_means(part.scores, template).items()
    ]
    return normal_equations(columns, part.truth.values, part.truth.row_weights)


def normal_equations(
    members: Sequence[Floats],
    values: npt.NDArray[np.int8],
    row_weights: Floats | None = None,
) -> _Equations:
    """Sum AᵀWA [M, M] and AᵀWy [M] over known cells, a block of rows at a time.

    Args:
        members: M arrays [R, C]; a cell where one is NaN is left out.
        values: int8 [R, C] as in `TuneTruth`.
        row_weights: W, [R].
    """
    count = len(members)
    gram, right = np.zeros((count, count)), np.zeros(count)
    rows, classes = values.shape
    step = max(1, _CELLS_AT_ONCE // max(1, classes))
    for first in range(0, rows, step):
        block = slice(first, first + step)
        stacked = np.stack([one[block] for one in members])
        known = (values[block] != UNKNOWN) & ~np.isnan(stacked).any(axis=0)
        inputs = stacked[:, known]
        target = (values[block] == POSITIVE)[known].astype(np.float64)
        if row_weights is not None:
            cell_weights = np.broadcast_to(row_weights[block, None], known.shape)[known]
        else:
            cell_weights = np.ones(len(target))
        weighted = inputs * cell_weights
        gram += weighted @ inputs.T
        right += weighted @ target
    return _Equations(gram, right)


def _solve(equations: Sequence[_Equations], members: Sequence[str]) -> dict[str, float]:
    """Member → weight, sum 1; equal ones where no member helps."""
    gram = np.sum([one.gram for one in equations], axis=0)
    right = np.sum([one.right for one in equations], axis=0)
    found = nonnegative_solution(gram, right)
    total = float(found.sum())
    shares = found / total if total > 0 else np.full(len(members), 1.0 / len(members))
    return dict(zip(members, shares.tolist(), strict=True))


def nonnegative_solution(gram: Floats, right: Floats) -> Floats:
    """The w ≥ 0 that minimises wᵀGw - 2wᵀb, [M]; G may be singular (equal members).

    With G = VΛVᵀ this is NNLS of Λ^½Vᵀ against Λ^-½Vᵀb, over the directions that G has.
    """
    from scipy.optimize import nnls

    values, vectors = np.linalg.eigh(gram)
    there = values > values.max(initial=0.0) * 1e-12
    if not there.any():
        return np.zeros(len(right))
    root = np.sqrt(values[there])
    matrix = root[:, None] * vectors[:, there].T
    target = (vectors[:, there].T @ right) / root
    solution: Floats = nnls(matrix, target)[0]
    return solution
