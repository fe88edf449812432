"""Steps that can't change any class's ROC-AUC, and why: the area only heeds a class's order.

A map that raises every row of a class by the same rule, strictly, keeps the order, but only if
nothing comes after it that mixes rows, checkpoints or members. So a power on the final score
does nothing, while one before smoothing or before the blend does, and so does a low-rank power,
whose rule differs from file to file.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from birdscope.core.settings import (
    AnyStep,
    FilePeak,
    Gaussian,
    Kernel,
    LowConfidenceShift,
    LowRankPower,
    MinMax,
    NeighbourMean,
    Power,
    Settings,
    Smooth,
)
from birdscope.metrics.tune_matrix import TuneMatrix
from birdscope.postprocess.stack import blend_weights

_ORDER = ("checkpoint", "member", "ensemble")
# Powers outside make numbers equal that were not: rounding, or too small for a float64.
_SMALLEST_EXPONENT = 1e-3
_SMALLEST_LOG = -650.0


def find_no_ops(settings: Settings, matrix: TuneMatrix) -> dict[int, str]:
    """Index of a step → why leaving it out changes no class's ROC-AUC on this matrix.

    Nothing is said of a step that may change one, but for rounding: a root may make numbers
    equal that differ in their last bits only. A step that is not named may still happen to
    change nothing.
    """
    weights = blend_weights(matrix.scores, settings)
    used = [member for member, weight in weights.items() if weight > 0]
    reasons = {}
    for number, step in enumerate(settings.steps):
        reason = _idle(step, matrix, used) or _monotone(number, settings, matrix, used)
        if reason:
            reasons[number] = reason
    return reasons


def _idle(step: AnyStep, matrix: TuneMatrix, used: Sequence[str]) -> str:
    """Why a step leaves every number as it is; empty where it doesn't."""
    if not step.enabled:
        return "it is switched off"
    if step.members is not None and not set(step.members) & set(used):
        return "the members it touches have no weight in the blend"
    return _identity(step, matrix)


def _identity(step: AnyStep, matrix: TuneMatrix) -> str:
    """Why the arithmetic of a step gives back what it got; empty where it doesn't."""
    match step:
        case Power(exponent=1.0) | LowRankPower(exponent=1.0):
            return "an exponent of 1 changes nothing"
        case LowRankPower(top_k=top_k) if top_k >= len(matrix.classes):
            return f"there are only {len(matrix.classes)} classes: none is past the top {top_k}"
        case Smooth(weight=0.0):
            return "a weight of 0 takes nothing from the neighbours"
        case NeighbourMean(width=1):
            return "a width of 1 is the row itself"
        case Gaussian(sigma=sigma) if int(4.0 * sigma + 0.5) == 0:
            return "so narrow a Gaussian is the row itself"
        case Kernel(taps=taps) if not any(_sides(taps)):
            return "only the middle tap has a weight"
        case LowConfidenceShift(delta=delta, threshold=threshold) if not (delta and threshold):
            return "with a delta or a threshold of 0 nothing is taken off"
        case Smooth() | Kernel() | Gaussian() | NeighbourMean():
            if int(np.diff(matrix.rows.offsets).max()) == 1:
                return "every recording has one window, so there are no neighbours"
    return ""


def _sides(taps: Sequence[float]) -> list[float]:
    middle = len(taps) // 2
    return [*taps[:middle], *taps[middle + 1 :]]


def _monotone(number: int, settings: Settings, matrix: TuneMatrix, used: Sequence[str]) -> str:
    """Why a step keeps the order of every class; empty where it may not."""
    step = settings.steps[number]
    if not _keeps_order(step) or not _reaches_the_end(number, settings, matrix, used):
        return ""
    if isinstance(step, MinMax):
        return "it stretches every row of a class alike, and nothing that mixes rows follows"
    exponent = float(getattr(step, "exponent", 1.0))
    if exponent < _SMALLEST_EXPONENT or _least_log(settings, matrix) < _SMALLEST_LOG:
        return ""
    return "a power on the final score keeps every class's order"


def _keeps_order(step: AnyStep) -> bool:
    """Whether a step is one strictly rising map for all rows of a class."""
    return isinstance(step, Power | MinMax) or (isinstance(step, LowRankPower) and step.top_k == 0)


def _reaches_the_end(
    number: int, settings: Settings, matrix: TuneMatrix, used: Sequence[str]
) -> bool:
    """Whether nothing after a step mixes rows, checkpoints or members."""
    step = settings.steps[number]
    if matrix.unit == "file" and settings.file_pooling != "max":
        return False
    if step.at != "ensemble" and len(used) > 1:
        return False
    if step.at == "checkpoint" and len(matrix.layers[used[0]]) > 1:
        return False
    if matrix.has_gaps:
        return False
    here = _ORDER.index(step.at)
    later = [
        other
        for place, other in enumerate(settings.steps)
        if _ORDER.index(other.at) > here or (other.at == step.at and place > number)
    ]
    return all(_idle(other, matrix, used) or _keeps_order(other) for other in later)


def _least_log(settings: Settings, matrix: TuneMatrix) -> float:
    """A bound below the logarithm of every positive number on the way."""
    least = math.log(matrix.least_positive)
    for step in sorted(settings.steps, key=lambda one: _ORDER.index(one.at)):
        if not step.enabled:
            continue
        match step:
            case Power(exponent=exponent) | LowRankPower(exponent=exponent):
                least *= max(1.0, exponent)
            case FilePeak():
                least *= 2
            case LowConfidenceShift() | MinMax():
                least = least - 40.0
            case Smooth() | Kernel() | Gaussian() | NeighbourMean():
                least -= 20.0
    # The blend's weights and the means of checkpoints.
    return least - 20.0
