"""From frames to one probability per 5 s window."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from birdscope.nets.base import SedNetwork
from birdscope.nets.config import Pooling


def central_frames(frames: int, share: float) -> tuple[int, int]:
    """Begin and end of the central `share` of T frames, rounded as the public code does."""
    start = frames / 2 - frames * share / 2
    return int(start), int(start + frames * share)


def central_maximum(frames: Tensor, share: float, shift: int) -> Tensor:
    """Maximum of [B, T, C] over the central frames, with delta-shift TTA: [B, C].

    0.5·centre + 0.25·shifted by −`shift` + 0.25·shifted by +`shift` frames, clipped at the
    ends. A shift of 0 takes the centre alone. Source: public weighted blend, member 2.
    """
    total = frames.shape[1]
    start, end = central_frames(total, share)
    end = max(end, start + 1)
    centre = frames[:, start:end].amax(dim=1)
    if shift == 0 or end - start <= shift:
        return centre
    earlier = frames[:, max(0, start - shift) : end - shift].amax(dim=1)
    later = frames[:, start + shift : min(total, end + shift)].amax(dim=1)
    return 0.5 * centre + 0.25 * earlier + 0.25 * later


class WindowProbabilities(nn.Module):
    """A net with its pooling: mels [B, channels, mels, frames] → probabilities [B, C].

    With "sliding" it gives every frame's, [B, T, C]: overlapping windows are averaged later.

    Args:
        network: Gives clip and segment logits.
        pooling: "attention" takes the clip logits; "max" and "mean" pool the probabilities
            of the central frames, "max" with delta-shift TTA; "sliding" leaves them apart.
        share: The window's part of the sound that the net sees: 5 s / context.
        frame_shift: Frames of the delta-shift TTA.
    """

    def __init__(
        self, network: SedNetwork, pooling: Pooling, *, share: float = 1.0, frame_shift: int = 2
    ) -> None:
        super().__init__()
        self.network = network
        self.pooling, self.share, self.frame_shift = pooling, share, frame_shift

    def forward(self, mel: Tensor) -> Tensor:
        """Probabilities of a batch, [B, C] or (sliding) [B, T, C]."""
        output = self.network(mel)
        if self.pooling == "attention":
            return torch.sigmoid(output.clip_logits)
        frames = torch.sigmoid(output.segment_logits)
        if self.pooling == "sliding":
            return frames
        if self.pooling == "max":
            return central_maximum(frames, self.share, self.frame_shift)
        start, end = central_frames(frames.shape[1], self.share)
        return frames[:, start : max(end, start + 1)].mean(dim=1)
