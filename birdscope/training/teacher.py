"""A trained ensemble that says what it hears in a student's own training samples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from birdscope.core.errors import CheckpointError
from birdscope.features.front_end import MelFrontEnd
from birdscope.inference.class_map import map_classes
from birdscope.nets.base import SedOutput
from birdscope.nets.checkpoints import load_checkpoint
from birdscope.nets.loading import load_network


class Teacher(nn.Module):
    """The mean probabilities of checkpoints, in the student's classes.

    It hears the same mixtures as the student, without masks, and never learns.

    Attributes:
        known: bool [C], classes that some checkpoint knows; the others get probability 0.

    Args:
        paths: Checkpoints of ours, at least one.
        classes: The student's, in order.

    Raises:
        CheckpointError: if one can't be read, doesn't say what it was made with, or knows
            none of the classes.
    """

    known: Tensor

    def __init__(self, paths: Sequence[Path], classes: Sequence[str]) -> None:
        super().__init__()
        self.front_ends, self.networks = nn.ModuleList(), nn.ModuleList()
        columns = torch.stack([self._add(path, classes) for path in paths])
        self.register_buffer("columns", columns)
        self.register_buffer("known", (columns >= 0).any(dim=0))
        self.requires_grad_(False).eval()

    def _add(self, path: Path, classes: Sequence[str]) -> Tensor:
        """Load a checkpoint; the output for each of the student's classes, -1 for none."""
        checkpoint = load_checkpoint(path)
        meta = checkpoint.meta
        if meta.model is None or meta.front_end is None or meta.classes is None:
            raise CheckpointError(
                "doesn't say its model, front end and classes, so it can't teach",
                path=path,
                remedy="use checkpoints trained by birdscope, with their .toml beside them",
            )
        self.networks.append(load_network(checkpoint, meta.model))
        self.front_ends.append(MelFrontEnd(meta.front_end))
        own = map_classes(path, len(meta.classes), meta.classes, classes)
        return torch.from_numpy(own.outputs)

    @torch.no_grad()
    def forward(self, waveforms: Tensor) -> SedOutput:
        """Logits of the mean probabilities: [B, C], and [B, 1, C] of the maxima over time."""
        columns: Tensor = self.columns  # type: ignore[assignment]
        clip, strongest = (
            torch.zeros(len(waveforms), columns.shape[1], device=waveforms.device) for _ in "12"
        )
        parts = zip(self.networks, self.front_ends, columns, strict=True)
        for network, front_end, outputs in parts:
            said: SedOutput = network(front_end(waveforms))
            clip += _in_columns(said.clip_logits, outputs)
            strongest += _in_columns(said.segment_logits.amax(dim=1), outputs)
        count = (columns >= 0).sum(dim=0).clamp(min=1)
        return SedOutput(_logits(clip / count), _logits(strongest / count)[:, None])

    def train(self, mode: bool = True) -> Teacher:
        """Always in evaluation mode."""
        super().train(False)
        return self


def _in_columns(logits: Tensor, outputs: Tensor) -> Tensor:
    """Probabilities [B, outputs] in the student's columns [B, C]; 0 where there is none."""
    probabilities = torch.sigmoid(logits.float())[:, outputs.clamp(min=0)]
    return torch.where(outputs >= 0, probabilities, 0.0)


def _logits(probabilities: Tensor) -> Tensor:
    return torch.logit(probabilities, eps=1e-6)
