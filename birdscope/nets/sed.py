"""The general SED model of any timm backbone that gives a feature map."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from birdscope.core.config import Config
from birdscope.core.events import Emit, silent
from birdscope.nets.attention import AttBlockV2, Init, hidden_features, init_layer
from birdscope.nets.backbone import FeatureMap, create_backbone
from birdscope.nets.base import SedNetwork, SedOutput
from birdscope.nets.birdclef_model import BirdCLEFModel
from birdscope.nets.timm_sed import TimmSED

Architecture = Literal["sed", "timm_sed", "birdclef_model"]


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


class GeM(nn.Module):
    """Generalised mean over frequency: [B, D, F, T] → [B, D, T], p learned from 3."""

    def __init__(self, p: float = 3.0, eps: float = 1e-6) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.tensor(p))
        self.eps = eps

    def forward(self, features: Tensor) -> Tensor:
        """Pool dimension 2."""
        return features.float().clamp(min=self.eps).pow(self.p).mean(dim=2).pow(1.0 / self.p)


class MeanOverFrequency(nn.Module):
    """Plain mean over frequency: [B, D, F, T] → [B, D, T]."""

    def forward(self, features: Tensor) -> Tensor:
        """Pool dimension 2."""
        return features.mean(dim=2)


class SedModel(SedNetwork):
    """timm backbone → frequency pooling → time smoothing → Linear/ReLU → attention head."""

    def __init__(self, config: SedConfig, n_classes: int, *, emit: Emit = silent) -> None:
        super().__init__()
        self.n_classes, self.in_channels = n_classes, config.in_channels
        self.dropout = config.dropout
        backbone = _backbone(config, emit)
        self.features = FeatureMap(config.backbone, backbone, config.in_channels)
        self.pool = GeM() if config.pooling == "gem" else MeanOverFrequency()
        hidden = config.hidden or self.features.width
        self.fc1 = nn.Linear(self.features.width, hidden)
        self.att_block = AttBlockV2(hidden, n_classes, config.init)
        init_layer(self.fc1, config.init)

    def forward(self, mel: Tensor) -> SedOutput:
        """Score mels [B, 1 or in_channels, mels, frames]."""
        features = self.pool(self.features(self.match_channels(mel)))
        output: SedOutput = self.att_block(
            hidden_features(features, self.fc1, self.dropout, self.training)
        )
        return output


def build_model(config: SedConfig, n_classes: int, *, emit: Emit = silent) -> SedNetwork:
    """Make the net that a config describes, with new weights.

    Raises:
        ConfigError: if timm has no such backbone or it gives no feature map.
    """
    if config.architecture == "sed":
        return SedModel(config, n_classes, emit=emit)
    made = TimmSED if config.architecture == "timm_sed" else BirdCLEFModel
    return made(
        _backbone(config, emit),
        in_channels=config.in_channels,
        n_mels=config.n_mels,
        n_classes=n_classes,
        hidden=config.hidden,
        dropout=config.dropout,
        init=config.init,
    )


def _backbone(config: SedConfig, emit: Emit) -> nn.Module:
    return create_backbone(
        config.backbone,
        in_channels=config.in_channels,
        drop_path=config.drop_path,
        pretrained=config.pretrained,
        emit=emit,
    )
