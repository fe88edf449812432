"""What every net here is: mel in, clip and segment logits out."""

from __future__ import annotations

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn


class SedOutput(NamedTuple):
    """What a sound event detection net says of a batch.

    Attributes:
        clip_logits: [B, C], attention-weighted over time; sigmoid gives probabilities.
        segment_logits: [B, T, C], per frame of the backbone (often 1/32 of the mel's).
    """

    clip_logits: Tensor
    segment_logits: Tensor


class SedNetwork(nn.Module):
    """A net that takes mels [B, channels, mels, frames] and gives a SedOutput."""

    n_classes: int
    in_channels: int

    def forward(self, mel: Tensor) -> SedOutput:
        """Score a batch of mels."""
        raise NotImplementedError

    def match_channels(self, mel: Tensor) -> Tensor:
        """Repeat a one-channel mel where the backbone wants more."""
        if mel.shape[1] == 1 and self.in_channels > 1:
            return mel.expand(-1, self.in_channels, -1, -1)
        return mel


def smooth_time(features: Tensor) -> Tensor:
    """Max- plus average-pooling of width 3 over time: [B, D, T] → [B, D, T]."""
    pooled: Tensor = F.max_pool1d(features, 3, 1, 1) + F.avg_pool1d(features, 3, 1, 1)
    return pooled
