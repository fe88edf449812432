"""A recipe that trains in a second, and ways to compare what it trained."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from birdscope.nets.checkpoints import load_checkpoint
from birdscope.training.recipe import Recipe


def tiny_recipe(**changes) -> Recipe:
    """Three epochs of a tiny net on short clips; tables are changed key by key."""
    body = {
        "name": "tiny",
        "folds": 2,
        "front_end": {"n_mels": 32, "n_fft": 1024, "hop_length": 1600},
        "model": {"backbone": "test_resnet", "in_channels": 1, "hidden": 16},
        "data": {"first_s": 6.0, "min_clips_per_class": 0},
        "augment": {"noises": 3},
        "optim": {"epochs": 3, "batch_size": 8, "ema": 0.9},
    }
    for key, value in changes.items():
        body[key] = {**body[key], **value} if isinstance(value, dict) and key in body else value
    return Recipe.model_validate(body)


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a checkpoint."""
    return dict(load_checkpoint(path).state_dict)


def same_weights(one: Path, two: Path) -> bool:
    """Whether two checkpoints are equal bit for bit."""
    a, b = weights_of(one), weights_of(two)
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def metrics_of(folder: Path) -> list[dict[str, float]]:
    """The lines of a run's metrics.jsonl."""
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
