"""What settings that were chosen on folds are worth on the folds they were not chosen on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from birdscope.core.settings import Settings
from birdscope.metrics.bootstrap import Interval, percentile_interval
from birdscope.metrics.fold_parts import FoldPart
from birdscope.metrics.resampling import Resampler, badge_of_interval
from birdscope.metrics.tune_results import Badge

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class NestedFold:
    """One fold held out.

    Attributes:
        fold: Its number.
        settings: Chosen on the other folds.
        chosen_at: Their mean macro ROC-AUC on the folds they were chosen on.
        held_out: Their macro ROC-AUC on this fold; NaN where no class can be scored in it.
        baseline: The baseline's on this fold.
        scored_classes: Classes scored in it.
    """

    fold: int
    settings: Settings
    chosen_at: float
    held_out: float
    baseline: float
    scored_classes: int


@dataclass(frozen=True)
class NestedReport:
    """A way of choosing settings, judged on folds that it did not see.

    All figures are means over the folds of a fold's macro ROC-AUC.

    Attributes:
        settings: Chosen on all folds: what to use.
        baseline: What they are compared with.
        folds: Each fold held out once.
        nested: Mean of the held-out figures: what to expect of the way of choosing.
        nested_sd: Their standard deviation (n - 1); NaN with one.
        baseline_mean: The baseline's mean over the same folds.
        gain: `nested` minus `baseline_mean`: what choosing brought.
        interval: Of the gain, by paired bootstrap over recordings within folds; None where it
            can't be had.
        badge: "better" or "worse" where the interval leaves 0 out.
        in_sample: The figure of `settings` on all folds, which they were chosen on.
        overfit: `in_sample` minus `nested`: by how much that one flatters.
    """

    settings: Settings
    baseline: Settings
    folds: tuple[NestedFold, ...]
    nested: float
    nested_sd: float
    baseline_mean: float
    gain: float
    interval: Interval | None
    badge: Badge
    in_sample: float
    overfit: float


def report_nested(
    parts: Sequence[FoldPart],
    chosen: Mapping[int, tuple[Settings, float]],
    final: Settings,
    baseline: Settings,
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> NestedReport:
    """Hold every fold out once.

    Args:
        parts: The folds.
        chosen: Fold → the settings chosen on the others, and their figure there.
        final: Chosen on all folds.
        baseline: To compare with.
        resamples: Of the bootstrap; 0 for no interval.
        seed: Of the bootstrap.
    """
    folds = tuple(_held_out(part, *chosen[part.fold], baseline) for part in parts)
    scored = [one for one in folds if not np.isnan(one.held_out)]
    nested = _mean([one.held_out for one in scored])
    baseline_mean = _mean([one.baseline for one in scored])
    in_sample = _mean([value for part in parts if not np.isnan(value := part.macro(final))])
    settings = {fold: pair[0] for fold, pair in chosen.items()}
    gains = resampled_gains(parts, settings, baseline, resamples, seed)
    interval = None if gains is None else percentile_interval(gains)
    return NestedReport(
        settings=final,
        baseline=baseline,
        folds=folds,
        nested=nested,
        nested_sd=float(np.std([one.held_out for one in scored], ddof=1))
        if len(scored) > 1
        else float("nan"),
        baseline_mean=baseline_mean,
        gain=nested - baseline_mean,
        interval=interval,
        badge=badge_of_interval(interval),
        in_sample=in_sample,
        overfit=in_sample - nested,
    )


def resampled_gains(
    parts: Sequence[FoldPart],
    chosen: Mapping[int, Settings],
    baseline: Settings,
    resamples: int,
    seed: int = 0,
) -> Floats | None:
    """The gain in each of B draws of recordings within folds, float64 [B].

    A draw's gain is the mean over the folds in which it leaves a class to score; None where
    every fold is a single recording.
    """
    gains = []
    for part in parts:
        resampler = Resampler(part.tuner.matrix, resamples, seed + part.fold)
        ours = resampler.samples(chosen[part.fold])
        theirs = resampler.samples(baseline)
        if ours is not None and theirs is not None:
            gains.append(ours - theirs)
    if not gains:
        return None
    stacked = np.stack(gains)
    defined = ~np.isnan(stacked)
    with np.errstate(invalid="ignore"):
        result: Floats = np.where(defined, stacked, 0.0).sum(axis=0) / defined.sum(axis=0)
    return result


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _held_out(part: FoldPart, settings: Settings, chosen_at: float, base: Settings) -> NestedFold:
    return NestedFold(
        part.fold,
        settings,
        chosen_at,
        part.macro(settings),
        part.macro(base),
        part.scored_classes,
    )
