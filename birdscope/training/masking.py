"""SpecAugment: bands of time and of mel, and rectangles, set to a sample's mean."""

from __future__ import annotations

import torch
from torch import Tensor

from birdscope.training.config_augment import AugmentConfig


def spec_augment(mel: Tensor, config: AugmentConfig, generator: torch.Generator) -> Tensor:
    """Mask random stretches of each sample, [B, channels, mels, frames] → the same shape.

    Lengths are uniform from 0 to the configured share, places uniform. Source: Park et al.
    2019, without time warping; rectangles (XY masking) as in the 2024 and 2025 solutions.

    Args:
        mel: What the front end gave.
        config: How many masks, how long at most.
        generator: A CPU generator, so that every device draws the same masks.
    """
    batch, _, bands, frames = mel.shape
    hidden = torch.zeros(batch, 1, 1, 1, dtype=torch.bool, device=mel.device)
    for _ in range(config.time_masks):
        mask = _stretch(batch, frames, config.time_mask_share, generator)
        hidden = hidden | mask.to(mel.device)[:, None, None, :]
    for _ in range(config.mel_masks):
        mask = _stretch(batch, bands, config.mel_mask_share, generator)
        hidden = hidden | mask.to(mel.device)[:, None, :, None]
    for _ in range(config.xy_masks):
        time = _stretch(batch, frames, config.xy_mask_share, generator)
        band = _stretch(batch, bands, config.xy_mask_share, generator)
        rectangle = band[:, None, :, None] & time[:, None, None, :]
        hidden = hidden | rectangle.to(mel.device)
    return torch.where(hidden, mel.mean(dim=(1, 2, 3), keepdim=True), mel)


def _stretch(batch: int, size: int, share: float, generator: torch.Generator) -> Tensor:
    """One random stretch for each sample, bool [B, size]."""
    length = (torch.rand(batch, 1, generator=generator) * (share * size + 1)).floor()
    start = (torch.rand(batch, 1, generator=generator) * (size - length + 1)).floor()
    place = torch.arange(size)
    return (place >= start) & (place < start + length)
