"""The attention head of the public SED solutions, and the layers before it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from birdscope.nets.base import SedOutput, smooth_time
from birdscope.nets.config import Init


class AttBlockV2(nn.Module):
    """Attention over time, per class.

    a = softmax(tanh(att x)) over time, logit = Σ_t a·cla(x). Source: PANNs' AttBlock as in
    the public BirdCLEF notebooks, with a linear `cla`.
    """

    def __init__(self, in_features: int, n_classes: int, init: Init = "xavier") -> None:
        super().__init__()
        self.att = nn.Conv1d(in_features, n_classes, kernel_size=1)
        self.cla = nn.Conv1d(in_features, n_classes, kernel_size=1)
        init_layer(self.att, init)
        init_layer(self.cla, init)

    def forward(self, features: Tensor) -> SedOutput:
        """Pool features [B, D, T] into clip logits [B, C]; segment logits are cla(x)."""
        attention = torch.softmax(torch.tanh(self.att(features)), dim=-1)
        segments = self.cla(features)
        return SedOutput((attention * segments).sum(dim=-1), segments.transpose(1, 2))


def hidden_features(features: Tensor, linear: nn.Linear, dropout: float, training: bool) -> Tensor:
    """Smooth over time, then Linear + ReLU between dropouts: [B, D, T] → [B, H, T]."""
    frames = smooth_time(features).transpose(1, 2)
    frames = F.dropout(frames, dropout, training)
    frames = F.dropout(F.relu(linear(frames)), dropout, training)
    return frames.transpose(1, 2)


def init_layer(layer: nn.Linear | nn.Conv1d, init: Init) -> None:
    """Set a layer's weights: xavier uniform (public code) or kaiming fan_out (6th place)."""
    if init == "xavier":
        nn.init.xavier_uniform_(layer.weight)
    else:
        nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def init_norm(norm: nn.BatchNorm2d) -> None:
    """Scale 1, shift 0."""
    nn.init.ones_(norm.weight)
    nn.init.zeros_(norm.bias)
