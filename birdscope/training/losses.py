"""Losses on multi-label logits, vectorised, with per-entry weights for masked labels."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from birdscope.nets.base import SedOutput
from birdscope.training.recipe import LossConfig


def bce(logits: Tensor, targets: Tensor) -> Tensor:
    """Binary cross-entropy of each entry, [B, C] → [B, C]."""
    return F.binary_cross_entropy_with_logits(logits, targets, reduction="none")


def focal(logits: Tensor, targets: Tensor, *, alpha: float = 0.25, gamma: float = 2.0) -> Tensor:
    """Focal loss of each entry, [B, C] → [B, C]; soft targets allowed.

    p_t is the probability given to the (soft) target, and alpha weighs positives against
    1 - alpha for negatives. Source: Lin et al. 2017, eq. 5, as in the public SED code.
    """
    probability = torch.sigmoid(logits)
    p_t = probability * targets + (1 - probability) * (1 - targets)
    alpha_t = alpha * targets + (1 - alpha) * (1 - targets)
    return alpha_t * (1 - p_t) ** gamma * bce(logits, targets)


def elementwise(logits: Tensor, targets: Tensor, config: LossConfig) -> Tensor:
    """The recipe's loss of each entry, [B, C] → [B, C]."""
    if config.kind == "bce":
        return bce(logits, targets)
    focal_part = focal(logits, targets, alpha=config.focal_alpha, gamma=config.focal_gamma)
    if config.kind == "focal":
        return focal_part
    return (bce(logits, targets) + focal_part) / 2


def weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    """Σ w·x / Σ w over all entries; 0 (with a gradient of 0) where every weight is 0."""
    return (values * weights).sum() / weights.sum().clamp(min=1e-8)


def sed_loss(output: SedOutput, targets: Tensor, weights: Tensor, config: LossConfig) -> Tensor:
    """Loss on clip logits plus `segment_weight` times that on max-over-segments logits.

    Args:
        output: clip_logits [B, C], segment_logits [B, T, C].
        targets: [B, C] in 0-1.
        weights: [B, C]; 0 masks an entry.
        config: Kind, label smoothing, weight of the segment part.

    Returns:
        A scalar, the mean over entries times the number of classes: a sum over classes
        averaged over samples, so that the gradient doesn't fade with many classes.
    """
    smooth = config.label_smoothing
    targets = targets * (1 - smooth) + smooth / 2
    loss = weighted_mean(elementwise(output.clip_logits, targets, config), weights)
    if config.segment_weight > 0:
        strongest = output.segment_logits.amax(dim=1)
        segment = weighted_mean(elementwise(strongest, targets, config), weights)
        loss = loss + config.segment_weight * segment
    return loss * targets.shape[1]
