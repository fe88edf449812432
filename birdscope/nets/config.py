"""A net in words: free of torch, so that files that name one can be read without it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from birdscope.core.config import Config

Architecture = Literal["sed", "timm_sed", "birdclef_model"]
Pooling = Literal["attention", "max", "mean", "sliding"]
Init = Literal["xavier", "kaiming"]


class SedConfig(Config):
    """A net in words, enough to build it again.

    Attributes:
        architecture: "sed" (general), or one of the two public ones.
        backbone: A timm name.
        in_channels: Channels the backbone takes; a one-channel mel is repeated to it.
        n_mels: Mel bands the net is for (the size of bn0 in the public ones).
        pooling: Over frequency, of "sed": "mean", or "gem" (generalised mean, learned).
        hidden: Width of the Linear layer before the head; None means the backbone's.
        dropout: Before and after the Linear layer.
        drop_path: Stochastic depth of the backbone.
        init: Start of Linear layer and head: "xavier" as in the public code, "kaiming"
            fan_out as in the 6th place.
        pretrained: Start the backbone from timm's published weights where they can be had.
    """

    architecture: Architecture = "sed"
    backbone: str = "eca_nfnet_l0"
    in_channels: int = Field(default=3, ge=1)
    n_mels: int = Field(default=128, ge=1)
    pooling: Literal["mean", "gem"] = "mean"
    hidden: int | None = Field(default=None, ge=1)
    dropout: float = Field(default=0.5, ge=0, lt=1)
    drop_path: float = Field(default=0.0, ge=0, lt=1)
    init: Init = "xavier"
    pretrained: bool = False
