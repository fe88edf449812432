"""Losses on multi-label logits, vectorised, with per-entry weights for masked labels."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from birdscope.nets.base import SedOutput
from birdscope.training.auc_loss import soft_auc_hinge, soft_auc_logistic
from birdscope.training.config_loss import LossConfig, LossKind


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
    """The loss of each entry by "bce", "focal" or "bce_focal", [B, C] → [B, C]."""
    if config.kind == "bce":
        return bce(logits, targets)
    focal_part = focal(logits, targets, alpha=config.focal_alpha, gamma=config.focal_gamma)
    if config.kind == "focal":
        return focal_part
    return (bce(logits, targets) + focal_part) / 2


def weighted_mean(values: Tensor, weights: Tensor) -> Tensor:
    """Σ w·x / Σ w over all entries; 0 (with a gradient of 0) where every weight is 0."""
    return (values * weights).sum() / weights.sum().clamp(min=1e-8)


def cross_entropy(
    logits: Tensor, targets: Tensor, weights: Tensor, *, smoothing: float = 0.0
) -> Tensor:
    """Cross-entropy over classes with soft targets, averaged over samples that have any.

    A sample's targets are scaled to sum 1; masked classes take no part in its softmax; a
    sample without a positive says nothing.

    Args:
        logits: [B, C].
        targets: [B, C] in 0-1.
        weights: [B, C]; 0 masks an entry; the largest of a sample is the sample's.
        smoothing: Share of the target spread over all classes that aren't masked.

    Returns:
        A scalar.
    """
    known = weights > 0
    absent = torch.finfo(logits.dtype).min / 2  # not −∞: that of a row all masked has no gradient
    logs = F.log_softmax(logits.masked_fill(~known, absent), dim=1).masked_fill(~known, 0.0)
    mass = targets * known
    total = mass.sum(dim=1, keepdim=True)
    wanted = mass / total.clamp(min=1e-8)
    if smoothing > 0:
        count = known.sum(dim=1, keepdim=True).clamp(min=1)
        wanted = wanted * (1 - smoothing) + known * (smoothing / count)
    of_sample = weights.amax(dim=1) * (total[:, 0] > 0)
    return weighted_mean(-(wanted * logs).sum(dim=1), of_sample)


def sed_loss(
    output: SedOutput,
    targets: Tensor,
    weights: Tensor,
    config: LossConfig,
    *,
    pseudo: Tensor | None = None,
    class_weights: Tensor | None = None,
) -> Tensor:
    """Loss on clip logits plus `segment_weight` times that on max-over-segments logits.

    With `pseudo_kind`, pseudo-labelled samples have a loss of their own, and each part
    counts by its share of the samples.

    Args:
        output: clip_logits [B, C], segment_logits [B, T, C].
        targets: [B, C] in 0-1.
        weights: [B, C]; 0 masks an entry.
        config: Kinds, label smoothing, weight of the segment part.
        pseudo: bool [B], which samples hold pseudo labels; None: none does.
        class_weights: [C], of the soft AUC (hinge); None weighs classes alike.

    Returns:
        A scalar. Means over entries or pairs are multiplied by the number of classes: a sum
        over classes averaged over samples, so that the gradient doesn't fade with many.
    """
    parts = [(config.kind, weights, 1.0)]
    if config.pseudo_kind is not None and pseudo is not None:
        rows = pseudo.to(weights.dtype)[:, None]
        share = float(rows.mean())
        parts = [
            (config.kind, weights * (1 - rows), 1 - share),
            (config.pseudo_kind, weights * rows, share),
        ]
    strongest = output.segment_logits.amax(dim=1) if config.segment_weight > 0 else None
    loss = output.clip_logits.new_zeros(())
    for kind, own, share in parts:
        if share == 0:
            continue
        value = _of_kind(kind, output.clip_logits, targets, own, config, class_weights)
        if strongest is not None:
            segment = _of_kind(kind, strongest, targets, own, config, class_weights)
            value = value + config.segment_weight * segment
        loss = loss + share * value
    return loss


def _of_kind(
    kind: LossKind,
    logits: Tensor,
    targets: Tensor,
    weights: Tensor,
    config: LossConfig,
    class_weights: Tensor | None,
) -> Tensor:
    """One kind of loss of a batch, as a sum over classes."""
    classes = targets.shape[1]
    if kind == "ce":
        return cross_entropy(logits, targets, weights, smoothing=config.label_smoothing)
    if kind == "soft_auc_logistic":
        return classes * soft_auc_logistic(logits, targets, weights, margin=config.auc_margin)
    if kind == "soft_auc":
        return classes * soft_auc_hinge(
            logits,
            targets,
            weights,
            margin=config.auc_margin,
            by_difference=config.auc_difference,
            temperature=config.auc_temperature,
            class_weights=class_weights,
        )
    smooth = config.label_smoothing
    targets = targets * (1 - smooth) + smooth / 2
    values = elementwise(logits, targets, config.model_copy(update={"kind": kind}))
    return weighted_mean(values, weights) * classes
