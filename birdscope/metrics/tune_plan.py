"""Settings reduced to what they do, so that two ways of writing the same are the same."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from birdscope.core.errors import ConfigError
from birdscope.core.scores import Scores
from birdscope.core.settings import AnyStep, Settings, Stage
from birdscope.postprocess.stack import blend_weights, check_members

# A step without its place: its kind and its parameters in their order.
Act = tuple[str, tuple[object, ...]]


@dataclass(frozen=True)
class Plan:
    """What is done, in the order of the arithmetic; hashable, so that results can be kept.

    Attributes:
        checkpoint: Of each member: acts on each of its checkpoints.
        member: Of each member: acts on its mean.
        ensemble: Acts on the blend.
        weights: (number of the member, weight as given) of those above 0.
        pooling: How windows become a file's score; empty where rows are windows.
    """

    checkpoint: tuple[tuple[Act, ...], ...]
    member: tuple[tuple[Act, ...], ...]
    ensemble: tuple[Act, ...]
    weights: tuple[tuple[int, float], ...]
    pooling: str

    @property
    def looks_at_all_rows(self) -> bool:
        """Whether a step needs the recordings without labels too."""
        groups = (*self.checkpoint, *self.member, self.ensemble)
        return any(kind == "min_max" for acts in groups for kind, _ in acts)


def plan_of(scores: Scores, settings: Settings, *, pooled: bool) -> Plan:
    """What settings do to an ensemble's scores.

    Args:
        scores: Whose members and weights count.
        settings: As a person wrote them.
        pooled: Whether scored rows are whole files.

    Raises:
        ConfigError: if they name a member that is not there, or leave no weight above 0.
    """
    check_members(scores, settings)
    shares = blend_weights(scores, settings)
    if sum(shares.values()) <= 0:
        raise ConfigError(
            "no member has a weight above 0", remedy="give at least one member a weight"
        )
    members = scores.members
    return Plan(
        tuple(_acts(settings, "checkpoint", member) for member in members),
        tuple(_acts(settings, "member", member) for member in members),
        _acts(settings, "ensemble", None),
        tuple(
            (number, shares[member]) for number, member in enumerate(members) if shares[member] > 0
        ),
        settings.file_pooling if pooled else "",
    )


def _acts(settings: Settings, stage: Stage, member: str | None) -> tuple[Act, ...]:
    return tuple(
        act_of(step)
        for step in settings.steps
        if step.enabled and step.at == stage and (step.members is None or member in step.members)
    )


@lru_cache(maxsize=1024)
def act_of(step: AnyStep) -> Act:
    """A step without its place."""
    parameters = step.model_dump(exclude={"kind", "at", "members", "enabled"})
    return step.kind, tuple(parameters.values())
