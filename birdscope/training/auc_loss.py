"""Soft AUC: losses that compare the samples of a batch instead of scoring each alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import FunctionCtx
from torch.utils.checkpoint import checkpoint

MOST_PAIRS = 2_000_000
"""Pairs held at a time: 8 MB a tensor of float32; more are recomputed for the gradient."""


def soft_auc_hinge(
    logits: Tensor,
    targets: Tensor,
    weights: Tensor,
    *,
    margin: float = 1.0,
    by_difference: bool = False,
    temperature: float = 1.0,
    class_weights: Tensor | None = None,
) -> Tensor:
    """Per class, the mean of relu(margin − (p_i − p_j)) over pairs with target_i > target_j.

    Source: the mission's soft AUC, with p = sigmoid(logit / temperature).

    Args:
        logits: [B, C].
        targets: [B, C] in 0-1, soft ones too.
        weights: [B, C]; a pair weighs the product of its two; 0 masks an entry.
        margin: A pair that is so far apart costs nothing.
        by_difference: Pairs weigh target_i − target_j as well.
        temperature: Above 1 it makes probabilities differ less.
        class_weights: [C]; None weighs classes alike.

    Returns:
        A scalar, the weighted mean over classes that have a pair; 0 where none has.
    """
    rows, classes = logits.shape
    probabilities = torch.sigmoid(logits / temperature)

    def part(p: Tensor, y: Tensor, w: Tensor) -> Tensor:
        """Each class's mean, [C part]; NaN-free 0 for classes without pairs."""
        difference = y[:, None] - y[None, :]
        pairs = (difference > 0) * w[:, None] * w[None, :]
        if by_difference:
            pairs = pairs * difference
        cost = F.relu(margin - (p[:, None] - p[None, :]))
        total = pairs.sum(dim=(0, 1))
        return torch.stack([(cost * pairs).sum(dim=(0, 1)) / _safe(total), total])

    step = max(1, MOST_PAIRS // max(1, rows * rows))
    columns = [slice(start, start + step) for start in range(0, classes, step)]
    parts = [
        _bounded(part, len(columns), probabilities[:, one], targets[:, one], weights[:, one])
        for one in columns
    ]
    means, totals = torch.cat(parts, dim=1)
    counted = (totals > 0).to(means.dtype)
    if class_weights is not None:
        counted = counted * class_weights.to(means.dtype)
    mean: Tensor = (means * counted).sum() / _safe(counted.sum())
    return mean


def soft_auc_logistic(
    logits: Tensor, targets: Tensor, weights: Tensor, *, margin: float = 1.0
) -> Tensor:
    """The mean of (y⁺ − ½)(½ − y⁻)·softplus(−margin·(x⁺ − x⁻)) over all pairs of the batch.

    Positives are all entries with y > ½, negatives those with y < ½, whatever their class.
    Source: the 4th place's own code, with a stable softplus.

    Args:
        logits: [B, C].
        targets: [B, C] in 0-1.
        weights: [B, C]; a pair weighs the product of its two; 0 masks an entry.
        margin: Steepness.

    Returns:
        A scalar; 0 where there are no positives or no negatives.
    """
    positive, negative = (targets > 0.5) & (weights > 0), (targets < 0.5) & (weights > 0)
    ups, downs = logits[positive], logits[negative]
    up_weights = (targets[positive] - 0.5) * weights[positive]
    down_weights = (0.5 - targets[negative]) * weights[negative]
    if not len(ups) or not len(downs):
        return logits.sum() * 0.0

    total: Tensor = _PairedSoftplus.apply(  # type: ignore[no-untyped-call]
        ups, up_weights, downs, down_weights, margin
    )
    return total / (weights[positive].sum() * weights[negative].sum())


class _PairedSoftplus(torch.autograd.Function):
    """Σ over up × down of w⁺·w⁻·softplus(−margin·(x⁺ − x⁻)), its gradient made on the way.

    Nothing larger than `MOST_PAIRS` exists at any time, whether or not a gradient is wanted.
    """

    @staticmethod
    def forward(
        context: FunctionCtx,
        ups: Tensor,
        up_weights: Tensor,
        downs: Tensor,
        down_weights: Tensor,
        margin: float,
    ) -> Tensor:
        total = ups.new_zeros(())
        of_ups, of_downs = torch.empty_like(ups), torch.zeros_like(downs)
        size = max(1, MOST_PAIRS // len(downs))
        for start in range(0, len(ups), size):
            one = slice(start, start + size)
            short = torch.sub(downs[None, :], ups[one, None]).mul_(margin)
            total += up_weights[one] @ (F.softplus(short) @ down_weights)
            slope = short.sigmoid_().mul_(margin)
            of_ups[one] = (slope @ down_weights) * -up_weights[one]
            of_downs += (up_weights[one] @ slope) * down_weights
        context.save_for_backward(of_ups, of_downs)
        return total

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        of_ups, of_downs = context.saved_tensors
        (gradient,) = gradients
        return gradient * of_ups, None, gradient * of_downs, None, None


def _bounded(part: Callable[..., Tensor], parts: int, *inputs: Tensor) -> Tensor:
    """Compute a part; where there are several, keep only their inputs for the gradient."""
    if parts == 1:
        return part(*inputs)
    result: Tensor = checkpoint(part, *inputs, use_reentrant=False, preserve_rng_state=False)
    return result


def _safe(total: Tensor) -> Tensor:
    """A divisor: 1 in place of 0, where the dividend is 0 as well."""
    return torch.where(total > 0, total, torch.ones_like(total))
