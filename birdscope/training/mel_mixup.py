"""Mixup of mels within a batch."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from birdscope.training.config_augment import AugmentConfig


class MelBatch(NamedTuple):
    """Mels and what they teach.

    Attributes:
        mel: [B, channels, mels, frames].
        targets: [B, C] in 0-1.
        weights: [B, C]; 0 masks an entry.
        pseudo: bool [B], whose labels are partly a model's.
    """

    mel: Tensor
    targets: Tensor
    weights: Tensor
    pseudo: Tensor


def mix_mels(batch: MelBatch, config: AugmentConfig, generator: torch.Generator) -> MelBatch:
    """Mix a share of the samples with another of the batch: λ·own + (1 − λ)·other.

    λ is drawn from Beta(alpha, alpha) for each. "soft" targets are mixed like the mels and
    known only where both are; "hard" ones are the larger, and an entry that one of the two
    masks stays masked unless the other is sure of it. Source: Zhang et al. 2018; "hard" as
    in the mission's text.

    Args:
        batch: What the front end gave.
        config: Share, alpha, kind of labels.
        generator: A CPU generator, so that every device draws the same.
    """
    if config.mel_mixup == 0:
        return batch
    size, device = len(batch.mel), batch.mel.device
    rng = np.random.default_rng(int(torch.randint(2**62, (), generator=generator)))
    chosen = torch.from_numpy(rng.random(size) < config.mel_mixup).to(device)
    partner = torch.from_numpy(rng.permutation(size)).to(device)
    drawn = torch.from_numpy(rng.beta(config.mel_mixup_alpha, config.mel_mixup_alpha, size))
    own = torch.where(chosen, drawn.to(device, batch.mel.dtype), 1.0)
    mel = _between(batch.mel, batch.mel[partner], own[:, None, None, None])
    targets, weights = _labels(batch, partner, own[:, None], config.mel_mixup_labels)
    mixed = chosen[:, None]
    return MelBatch(
        mel,
        torch.where(mixed, targets, batch.targets),
        torch.where(mixed, weights, batch.weights),
        batch.pseudo | (chosen & batch.pseudo[partner]),
    )


def _labels(batch: MelBatch, partner: Tensor, own: Tensor, kind: str) -> tuple[Tensor, Tensor]:
    """Targets and weights [B, C] of every sample mixed with its partner."""
    targets, weights = batch.targets, batch.weights
    masked = (weights == 0) | (weights[partner] == 0)
    if kind == "soft":
        mixed = _between(weights, weights[partner], own)
        return _between(targets, targets[partner], own), mixed.masked_fill(masked, 0.0)
    sure = (targets == 1) & (weights > 0)
    masked &= ~(sure | sure[partner])
    return (
        torch.maximum(targets, targets[partner]),
        torch.maximum(weights, weights[partner]).masked_fill(masked, 0.0),
    )


def _between(own: Tensor, other: Tensor, share: Tensor) -> Tensor:
    return share * own + (1 - share) * other
