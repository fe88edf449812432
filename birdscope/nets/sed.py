"""The general SED model of any timm backbone that gives a feature map."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from birdscope.core.events import Emit, silent
from birdscope.nets.attention import AttBlockV2, hidden_features, init_layer
from birdscope.nets.backbone import FeatureMap, create_backbone
from birdscope.nets.base import SedNetwork, SedOutput
from birdscope.nets.birdclef_model import BirdCLEFModel
from birdscope.nets.config import SedConfig
from birdscope.nets.timm_sed import TimmSED

__all__ = ["GeM", "MeanOverFrequency", "SedConfig", "SedModel", "build_model"]


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
