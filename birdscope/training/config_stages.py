"""Stages of a recipe in words: pseudo labels, distillation, and what each stage changes."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from birdscope.core.config import Config
from birdscope.training.config_data import Probability, Unset

TABLES = ("front_end", "model", "data", "augment", "loss", "optim", "validation", "member")
"""Tables of a recipe that a stage may change."""


class PseudoConfig(Config):
    """Labels that a teacher gives to soundscapes, and how they are used.

    Attributes:
        power: Probabilities are raised to this power; above 1 it lowers unsure ones.
        mode: "soft" takes the probabilities; "hard" is 1 from `threshold` on, else 0;
            "masked" is 1 from `high` on, 0 up to `low`, and left out of the loss between.
        threshold: Of "hard".
        high: Of "masked": from here on positive.
        low: Of "masked": up to here negative.
        keep_above: A window is used where its largest probability is above this.
        zero_below: Probabilities under this become 0.
        pooling: Of a window's probability: "clip", or the mean over "segments".
        overlap: Of one window with the next, as a share.
        share: Share of training samples that hold a pseudo-labelled window.
        use: The window is "mixed" with a labelled clip (labels by maximum), or stands "apart".
        mix_weight: Of the labelled clip in the mix; None takes augment.mixup_kind's.
        sampler: Windows are drawn alike ("uniform") or in proportion to the "sum of maxima":
            of their recording, each class's largest probability, summed.
        drop_lowest: Share of windows with the smallest sum of labels that is left out.
    """

    power: float = Field(default=1.0, gt=0)
    mode: Literal["soft", "hard", "masked"] = "soft"
    threshold: Probability = 0.4
    high: Probability = 0.7
    low: Probability = 0.3
    keep_above: Probability = 0.5
    zero_below: Probability = 0.1
    pooling: Literal["clip", "segments"] = "segments"
    overlap: float = Field(default=0.0, ge=0, lt=1)
    share: Probability = 0.5
    use: Literal["mixed", "apart"] = "mixed"
    mix_weight: Unset[float] = Field(default=0.5, gt=0, lt=1)
    sampler: Literal["uniform", "sum of maxima"] = "uniform"
    drop_lowest: float = Field(default=0.0, ge=0, lt=1)

    @model_validator(mode="after")
    def _low_under_high(self) -> PseudoConfig:
        if self.low >= self.high:
            raise ValueError("'low' must be under 'high'")
        return self


class DistillConfig(Config):
    """What a student takes from its teacher's predictions on the same samples.

    Attributes:
        kind: "softened" adds BCE between softened sigmoids to the loss; "relabel" changes
            the targets instead, as the 5th place did.
        temperature: Logits of teacher and student are divided by it.
        alpha: Share of the distillation part; the rest is the loss on labels.
        squared_temperature: Multiply the distillation part by temperature², which keeps
            its gradient as large as without softening.
        relabel_above: Of "relabel": p ← clip(p · [p > relabel_above] + p², 0, 1).
        relabel_share: Of "relabel": y ← share · p + (1 - share) · y.
    """

    kind: Literal["softened", "relabel"] = "softened"
    temperature: float = Field(default=3.0, gt=0)
    alpha: Probability = 0.7
    squared_temperature: bool = True
    relabel_above: Probability = 0.3
    relabel_share: Probability = 0.7


class StageConfig(Config):
    """One stage of a run: its data, where it starts from, and what it changes.

    Attributes:
        name: Of the stage and its folder.
        dataset: The "main" dataset, or the one for "pretraining".
        init: "scratch", "previous" (the last epoch of the stage before), "best of previous",
            or a file of weights.
        teacher: Whose predictions are used: none's, the previous stage's, or the mean over
            all previous stages'.
        pseudo: Pseudo labels of soundscapes by the teacher; absent: none.
        distill: Distillation from the teacher; absent: none.
        front_end: Instead of the recipe's.
        model: Changes of the recipe's table; so are the following.
    """

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$")
    dataset: Literal["main", "pretraining"] = "main"
    init: str = "scratch"
    teacher: Literal["none", "previous", "all previous"] = "none"
    pseudo: PseudoConfig | None = None
    distill: DistillConfig | None = None
    front_end: str | dict[str, Any] | None = None
    model: dict[str, Any] = Field(default_factory=dict)
    data: dict[str, Any] = Field(default_factory=dict)
    augment: dict[str, Any] = Field(default_factory=dict)
    loss: dict[str, Any] = Field(default_factory=dict)
    optim: dict[str, Any] = Field(default_factory=dict)
    validation: dict[str, Any] = Field(default_factory=dict)
    member: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _teacher_where_needed(self) -> StageConfig:
        if self.teacher == "none" and (self.pseudo or self.distill):
            raise ValueError("'pseudo' and 'distill' need a 'teacher'")
        return self

    @property
    def changes(self) -> dict[str, Any]:
        """The tables it changes, by name."""
        return {key: value for key in TABLES if (value := getattr(self, key))}
