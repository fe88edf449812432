"""The stack: which step acts where, from every checkpoint's scores to one matrix.

checkpoint steps → mean of a member's checkpoints → member steps → blend → ensemble steps.
All arithmetic is float64: the square of a small float32 would be 0, a tie that was none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import ConfigError, nearest
from birdscope.core.scores import Scores
from birdscope.core.settings import AnyStep, Settings, Stage
from birdscope.postprocess import steps
from birdscope.postprocess.recordings import (
    Floats,
    Offsets,
    maximum_of_recordings,
    mean_of_recordings,
)

Probabilities = npt.NDArray[np.float64]


def apply_settings(scores: Scores, settings: Settings) -> Probabilities:
    """The final probabilities, float64 [R, C]; rows that were not predicted are NaN.

    Raises:
        ConfigError: if `settings` name a member that the scores don't have.
    """
    check_members(scores, settings)
    weights = blend_weights(scores, settings)
    offsets = scores.rows.offsets
    members = {
        member: apply_steps(settings, "member", mean, offsets, member)
        for member, mean in member_means(scores, settings).items()
        if weights[member] > 0
    }
    return apply_steps(settings, "ensemble", blend(members, weights), offsets)


def member_means(scores: Scores, settings: Settings | None = None) -> dict[str, Probabilities]:
    """Each member's mean over its checkpoints, float64 [R, C], after the checkpoint steps.

    Without settings the checkpoints are averaged raw. Where some checkpoints were not
    predicted (left out for lack of time) the mean is over those that were.
    """
    settings = settings or Settings()
    return {
        member: known_mean(_stepped_checkpoints(scores, settings, member))
        for member in scores.members
    }


def _stepped_checkpoints(
    scores: Scores, settings: Settings, member: str
) -> Iterator[Probabilities]:
    """A member's checkpoints after the checkpoint steps, float64 [R, C] each."""
    for layer, checkpoint in enumerate(scores.checkpoints):
        if checkpoint.member == member:
            raw: Floats = scores.values[layer].astype(np.float64)
            yield apply_steps(settings, "checkpoint", raw, scores.rows.offsets, member)


def known_mean(layers: Iterable[Probabilities]) -> Probabilities:
    """The mean over the layers that have a number, [R, C]; NaN where none has."""
    total: Floats | float = 0.0
    count: npt.NDArray[np.int64] | int = 0
    for layer in layers:
        known = ~np.isnan(layer)
        if known.all():
            total, count = total + layer, count + 1
        else:
            total, count = total + np.where(known, layer, 0.0), count + known
    with np.errstate(invalid="ignore"):
        return np.asarray(total / count)


def blend(members: Mapping[str, Floats], weights: Mapping[str, float]) -> Probabilities:
    """Σ weight · member, weights scaled to sum 1 over the given members, float64 [R, C].

    Where some members have no number, the weights are scaled over those that have one; where
    none has, the result is NaN.

    Raises:
        ConfigError: if no given member has a weight above 0.
    """
    used = {name: weights.get(name, 0.0) for name in members}
    total = sum(used.values())
    if total <= 0:
        raise ConfigError(
            "no member has a weight above 0", remedy="give at least one member a weight"
        )
    first, *others = members
    result: Probabilities = members[first].astype(np.float64) * (used[first] / total)
    for name in others:
        result += members[name] * (used[name] / total)
    return _without_gaps(result, members, used)


def _without_gaps(
    result: Probabilities, members: Mapping[str, Floats], weights: Mapping[str, float]
) -> Probabilities:
    """Fill in the rows of a blend in which only some members have a number."""
    rows = np.flatnonzero(np.isnan(result).any(axis=1))
    if not len(rows):
        return result
    total = np.zeros((len(rows), result.shape[1]))
    weight = np.zeros_like(total)
    for name, values in members.items():
        part = values[rows].astype(np.float64)
        known = ~np.isnan(part)
        total += np.where(known, part, 0.0) * weights[name]
        weight += known * weights[name]
    with np.errstate(invalid="ignore"):
        mended = total / weight
    gaps = np.isnan(result[rows])
    result[rows] = np.where(gaps, mended, result[rows])
    return result


def blend_weights(scores: Scores, settings: Settings) -> dict[str, float]:
    """Member → weight: the settings', else the ensemble's, else equal ones.

    A member that the chosen source does not name gets 0.
    """
    given = settings.weights or scores.weights or dict.fromkeys(scores.members, 1.0)
    return {member: float(given.get(member, 0.0)) for member in scores.members}


def apply_steps(
    settings: Settings,
    stage: Stage,
    probabilities: Floats,
    offsets: Offsets,
    member: str | None = None,
) -> Probabilities:
    """Run the enabled steps of one stage, in their order, float64 [R, C]."""
    result: Floats = probabilities
    for step in settings.steps:
        if step.enabled and step.at == stage and touches(step, member):
            result = apply_step(step, result, offsets)
    return result.astype(np.float64, copy=False)


def apply_step(step: AnyStep, probabilities: Floats, offsets: Offsets) -> Floats:
    """Run one step, whatever its stage: the function of its kind with its parameters."""
    parameters = step.model_dump(exclude={"kind", "at", "members", "enabled"})
    function = getattr(steps, step.kind)
    result: Floats = function(probabilities, offsets, **parameters)
    return result


def file_scores(
    probabilities: Floats, offsets: Offsets, pooling: Literal["max", "mean"] = "max"
) -> Floats:
    """One score per recording, [N, C]: the maximum or mean over its windows.

    Windows that were not predicted are passed over; a recording without any gives NaN.
    """
    pool = maximum_of_recordings if pooling == "max" else mean_of_recordings
    return pool(probabilities, offsets)


def check_members(scores: Scores, settings: Settings) -> None:
    """Refuse settings made for another ensemble.

    Raises:
        ConfigError: names the unknown member and the known ones.
    """
    named: list[Iterable[str]] = [settings.weights or ()]
    named += [step.members or () for step in settings.steps]
    for name in dict.fromkeys(name for group in named for name in group):
        if name not in scores.members:
            raise ConfigError(
                f"settings {settings.name!r} name the member {name!r}, which these scores "
                f"don't have{nearest(name, scores.members)}",
                remedy=f"use the members {', '.join(scores.members)}",
            )


def touches(step: AnyStep, member: str | None) -> bool:
    """Whether a step acts on a member (None is the blend), whatever its stage."""
    return step.members is None or member in step.members
