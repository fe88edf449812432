"""Post-processing settings: the ordered stack of steps, as a person writes it in TOML.

The functions behind the steps live in `birdscope.postprocess`; here are only their names
and parameters, because ensemble files, sessions and screens all carry them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from birdscope.core.config import Config

Stage = Literal["checkpoint", "member", "ensemble"]


class Step(Config):
    """What every step has.

    Attributes:
        at: Where it acts: on each checkpoint's scores before they are averaged into a
            member, on each member's mean, or on the blend.
        members: The members it touches (stages checkpoint and member); None means all.
        enabled: Off keeps the step in the list without effect.
    """

    at: Stage = "ensemble"
    members: tuple[str, ...] | None = None
    enabled: bool = True

    @model_validator(mode="after")
    def _members_need_a_member_stage(self) -> Step:
        if self.members is not None and self.at == "ensemble":
            raise ValueError("'members' has no meaning at = 'ensemble': there is only the blend")
        return self


class LowRankPower(Step):
    """Classes past the file's `top_k` best (by their maximum) get P ** exponent.

    With an exponent above 1 this lowers rare, unsure classes. Source: public weighted blend.
    """

    kind: Literal["low_rank_power"] = "low_rank_power"
    top_k: int = Field(30, ge=0)
    exponent: float = Field(2.0, gt=0)


class Smooth(Step):
    """Each row takes `weight` from either neighbour: inner w, 1 - 2w, w; ends 1 - w, w."""

    kind: Literal["smooth"] = "smooth"
    weight: float = Field(0.2, ge=0, le=0.5)


class Kernel(Step):
    """A symmetric kernel over rows, edges repeated; the default is the 1st place's five taps."""

    kind: Literal["kernel"] = "kernel"
    taps: tuple[Annotated[float, Field(ge=0)], ...] = (0.1, 0.2, 0.4, 0.2, 0.1)

    @model_validator(mode="after")
    def _odd_and_positive(self) -> Kernel:
        if len(self.taps) % 2 == 0 or sum(self.taps) <= 0:
            raise ValueError("'taps' needs an odd number of weights with a positive sum")
        return self


class Gaussian(Step):
    """A Gaussian over rows, `sigma` in windows, edges repeated (scipy's mode 'nearest')."""

    kind: Literal["gaussian"] = "gaussian"
    sigma: float = Field(1.0, gt=0)


class NeighbourMean(Step):
    """The plain mean of `width` rows around each row, edges repeated."""

    kind: Literal["neighbour_mean"] = "neighbour_mean"
    width: int = Field(3, ge=1)

    @model_validator(mode="after")
    def _odd(self) -> NeighbourMean:
        if self.width % 2 == 0:
            raise ValueError("'width' must be odd")
        return self


class FilePeak(Step):
    """Every row times the class's top probability in its recording."""

    kind: Literal["file_peak"] = "file_peak"


class Power(Step):
    """P ** exponent for all classes."""

    kind: Literal["power"] = "power"
    exponent: float = Field(2.0, gt=0)


class MinMax(Step):
    """Each class stretched to 0–1 over all rows; a constant class becomes 0."""

    kind: Literal["min_max"] = "min_max"


class LowConfidenceShift(Step):
    """Classes whose maximum in the file is under `threshold` lose `delta`, clipped at 0."""

    kind: Literal["low_confidence_shift"] = "low_confidence_shift"
    threshold: float = Field(0.1, ge=0, le=1)
    delta: float = Field(0.05, ge=0, le=1)


AnyStep = Annotated[
    LowRankPower
    | Smooth
    | Kernel
    | Gaussian
    | NeighbourMean
    | FilePeak
    | Power
    | MinMax
    | LowConfidenceShift,
    Field(discriminator="kind"),
]


class Settings(Config):
    """A whole way from raw checkpoint scores to final probabilities.

    Attributes:
        name: What the user calls it.
        note: Free text.
        weights: Member → weight of the blend, scaled to sum 1; None takes the ensemble's.
        steps: Applied in order within their stage: checkpoint, then mean of a member's
            checkpoints, member, then blend, ensemble.
        file_pooling: How windows become a file-level score (labels of train_audio).
    """

    name: str = "settings"
    note: str = ""
    weights: dict[str, Annotated[float, Field(ge=0)]] | None = None
    steps: tuple[AnyStep, ...] = ()
    file_pooling: Literal["max", "mean"] = "max"

    @model_validator(mode="after")
    def _some_weight(self) -> Settings:
        if self.weights is not None and sum(self.weights.values()) <= 0:
            raise ValueError("'weights' must have a positive sum")
        return self
