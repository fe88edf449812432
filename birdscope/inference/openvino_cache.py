"""Nets converted for OpenVINO, kept in the cache so that each is converted once.

A conversion traces the torch net and takes seconds to half a minute; its key holds all that
decides the result: the net's configuration, the bytes of its file, and the versions of
birdscope's conversion, torch, timm and OpenVINO. Where a net is converted already, its weights
are not read into memory.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch

from birdscope.core import paths
from birdscope.core.events import Emit, Event
from birdscope.core.int8 import converter_versions
from birdscope.inference.members import LoadedCheckpoint
from birdscope.inference.openvino_module import load_openvino
from birdscope.nets.folding import fold_for_inference

# Raised whenever the same net would be converted otherwise.
_CONVERSION = 2
MODEL = "model.xml"
_UNUSED_DAYS = 60


def converted(checkpoint: LoadedCheckpoint, emit: Emit) -> Path:
    """The converted net of a checkpoint, made where the cache lacks it.

    Two processes that want the same net at once convert it once: the second waits.

    Args:
        checkpoint: Net and pooling; the batch stays free in the result.
        emit: Hears that a conversion goes on, as it takes a while.

    Returns:
        An OpenVINO `.xml` with its `.bin` beside it, in float32.

    Raises:
        CheckpointError: if the checkpoint's file has gone meanwhile.
        OSError: if the cache can't be written.
    """
    folder = paths.cache() / "openvino"
    target = folder / key_of(checkpoint)
    if is_whole(target):
        target.touch()
        return target / MODEL
    folder.mkdir(parents=True, exist_ok=True)
    _drop_unused(folder)
    with locked(folder / f"{target.name}.lock"):
        if not is_whole(target):
            emit(Event("progress", f"converting {checkpoint.name} for OpenVINO, once"))
            _convert(checkpoint, target)
    return target / MODEL


def forget(model: Path) -> None:
    """Drop a converted net that can't be read, so that it is made again."""
    shutil.rmtree(model.parent, ignore_errors=True)


def _convert(checkpoint: LoadedCheckpoint, target: Path) -> None:
    openvino = load_openvino()

    shape, module = checkpoint.mel_shape, checkpoint.with_weights().module
    fold_for_inference(module, shape)
    # Two rows, so that tracing does not take the batch for a constant 1.
    example = torch.zeros((2, *shape))
    with torch.no_grad(), warnings.catch_warnings():
        # Frames and channels are constants of a net here; only the batch varies.
        warnings.simplefilter("ignore")
        model = openvino.convert_model(module, example_input=example)
    model.reshape([-1, *shape])
    making = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        openvino.save_model(model, making / MODEL, compress_to_fp16=False)
        shutil.rmtree(target, ignore_errors=True)
        making.rename(target)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def is_whole(folder: Path) -> bool:
    """Whether a folder holds a net: it appears by renaming, so one with both files is complete."""
    model = folder / MODEL
    return model.is_file() and model.with_suffix(".bin").is_file()


def key_of(checkpoint: LoadedCheckpoint) -> str:
    """Of all that decides how a checkpoint is converted."""
    module = checkpoint.module
    said: dict[str, Any] = {
        "conversion": _CONVERSION,
        "versions": list(converter_versions()),
        "model": checkpoint.model.model_dump(mode="json"),
        "through_half": checkpoint.through_half,
        "pooling": [module.pooling, module.share, module.frame_shift],
        "input": list(checkpoint.mel_shape),
    }
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    with checkpoint.path.open("rb") as file:
        digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:32]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the file's lock; waits for whoever has it."""
    with path.open("ab") as file:
        # A file system without locks: both convert, and the later rename wins.
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _drop_unused(folder: Path) -> None:
    oldest = time.time() - _UNUSED_DAYS * 86_400
    for entry in folder.iterdir():
        with suppress(OSError):
            if entry.stat().st_mtime < oldest:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
