"""What a fold needs to go on after an interruption, beside its checkpoints."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from birdscope.core.atomic import replacing
from birdscope.core.errors import TrainingError


@dataclass
class FoldState:
    """Everything after a finished epoch.

    Attributes:
        epoch: Epochs finished.
        model: Raw weights (not their average).
        optimiser: The optimiser's state dict.
        average: Weights of the running average, and its step; None without one.
        best_epoch: Epoch (from 1) of the best checkpoint; 0 while there is none.
        best_metrics: Its metrics.
        history: Metrics of every finished epoch, in order.
    """

    epoch: int
    model: dict[str, torch.Tensor]
    optimiser: dict[str, Any]
    average: tuple[dict[str, torch.Tensor], int] | None
    best_epoch: int
    best_metrics: dict[str, float]
    history: list[dict[str, float]]


def save_state(state: FoldState, path: Path) -> None:
    """Write atomically.

    Raises:
        TrainingError: if the disk is full or refuses.
    """
    try:
        with replacing(path) as temporary:
            torch.save(vars(state), temporary)
    except (OSError, RuntimeError) as error:
        raise TrainingError(
            f"the training state can't be written: {error}",
            path=path,
            remedy="make room on the disk and run again with --resume",
        ) from error


def load_state(path: Path) -> FoldState:
    """Read back, without running code from the file.

    Raises:
        TrainingError: if the file is damaged.
    """
    try:
        return FoldState(**torch.load(path, map_location="cpu", weights_only=True))
    except (OSError, RuntimeError, TypeError, pickle.UnpicklingError, EOFError) as error:
        raise TrainingError(
            f"the training state can't be read: {error}",
            path=path,
            remedy="delete the fold's folder; --resume then trains that fold from its beginning",
        ) from error
