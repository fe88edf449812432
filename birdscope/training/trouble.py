"""What goes wrong in a run, told so that a person can act on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from birdscope.core import atomic
from birdscope.core.errors import TrainingError
from birdscope.training.recipe import Recipe

BAD_BATCH = "bad-batch.safetensors"
_SIGNS = ("out of memory", "can't allocate memory", "cannot allocate memory", "not enough memory")
_WORKER_SIGNS = ("killed by signal: killed", "killed by signal: bus error", "shared memory")


@contextmanager
def memory_told(recipe: Recipe, title: str, folder: Path) -> Iterator[None]:
    """Turn running out of memory, here, on a GPU or in a loader, into an error with a remedy.

    Raises:
        TrainingError: says whose memory it was and what to lower.
    """
    try:
        yield
    except MemoryError as error:
        raise _no_memory("memory", title, folder, _for_cpu(recipe)) from error
    except RuntimeError as error:
        text = str(error).lower()
        if isinstance(error, torch.OutOfMemoryError):
            raise _no_memory("GPU memory", title, folder, _for_gpu(recipe)) from error
        if any(sign in text for sign in _WORKER_SIGNS):
            remedy = f"lower optim.workers (now {recipe.optim.workers}) or data.cache_mb"
            raise _no_memory("memory in a loader", title, folder, remedy) from error
        if any(sign in text for sign in _SIGNS):
            raise _no_memory("memory", title, folder, _for_cpu(recipe)) from error
        raise


def _no_memory(whose: str, title: str, folder: Path, remedy: str) -> TrainingError:
    return TrainingError(
        f"out of {whose} in {title}",
        path=folder,
        remedy=f"{remedy}; the last finished epoch is kept",
    )


def _for_gpu(recipe: Recipe) -> str:
    half = "" if recipe.optim.precision != "32-true" else ", set optim.precision = 'bf16-mixed'"
    return f"{_smaller_batches(recipe)}{half}, or take a smaller backbone or data.context_s"


def _for_cpu(recipe: Recipe) -> str:
    return f"{_smaller_batches(recipe)}, or lower data.cache_mb (now {recipe.data.cache_mb})"


def _smaller_batches(recipe: Recipe) -> str:
    size, times = recipe.optim.batch_size, recipe.optim.accumulate
    return (
        f"lower optim.batch_size (now {size}): {max(1, size // 2)} with optim.accumulate = "
        f"{times * 2} learns from as many samples a step"
    )


def save_batch(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, object]) -> None:
    """Write a batch (waveforms, mels, targets, weights) as safetensors, whole or not at all.

    Raises:
        OSError: if the disk refuses.
    """
    plain = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    with atomic.replacing(path) as temporary:
        save_file(plain, temporary, {key: str(value) for key, value in about.items()})
