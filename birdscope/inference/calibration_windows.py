"""Which windows 8-bit nets are calibrated on: drawn by chance, spread over recordings.

Comes in: recordings. Goes out: `CalibrationSet`, its id made of the sound of the windows and of
all that decides what nets come of it; and their mels.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
import numpy.typing as npt
import torch

from birdscope.core.errors import DatasetError
from birdscope.core.events import Emit, Event, Stop
from birdscope.core.types import Recording
from birdscope.inference.decoding import decode, expected_windows
from birdscope.inference.members import LoadedCheckpoint
from birdscope.inference.preparing import Group, Prepared, grouped

# Raised whenever the same windows would give other nets.
SCHEME = 1


@dataclass(frozen=True)
class CalibrationSet:
    """Windows to calibrate on.

    Attributes:
        id: Of their sound, NNCF's version and the way of quantising: 16 hexadecimal digits.
        windows: Recording → numbers of its windows, rising, with the windows it has in all.
        seed: They were drawn with.
    """

    id: str
    windows: tuple[tuple[Recording, tuple[int, ...], int], ...]
    seed: int

    @property
    def count(self) -> int:
        """Windows in all."""
        return sum(len(numbers) for _, numbers, _ in self.windows)


def draw_windows(
    recordings: Sequence[Recording],
    *,
    limit: int,
    windows: int,
    seed: int,
    emit: Emit,
    stop: Stop | None = None,
) -> CalibrationSet:
    """Draw windows by chance, as many of each recording as of any other where it has them.

    Args:
        recordings: To draw from.
        limit: Recordings at most.
        windows: Windows in all, or fewer where there aren't so many.
        seed: Of the draw.
        emit: Hears progress.
        stop: Heeded between recordings.

    Raises:
        DatasetError: if no recording can be read.
        Cancelled: if stopped.
    """
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(recordings))[: min(limit, windows)]
    chosen = [recordings[number] for number in sorted(order.tolist())]
    digest = hashlib.sha256(json.dumps([SCHEME, version("nncf")]).encode())
    found: list[tuple[Recording, tuple[int, ...], int]] = []
    left = windows
    for done, one in enumerate(chosen):
        emit(Event("progress", f"drawing windows: {one.name}", done, len(chosen), "recording"))
        if stop is not None:
            stop.check()
        total = expected_windows(one)
        share = -(-left // (len(chosen) - done))
        numbers = generator.permutation(total)[:share]
        try:
            with one.path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            continue
        drawn = tuple(sorted(numbers.tolist()))
        digest.update(json.dumps([content, drawn]).encode())
        found.append((one, drawn, total))
        left -= len(drawn)
    if not found:
        raise DatasetError("no recording can be read", remedy="birdscope scan --data DIR says why")
    return CalibrationSet(digest.hexdigest()[:16], tuple(found), seed)


def mels_of(
    chosen: CalibrationSet,
    loaded: Sequence[LoadedCheckpoint],
    emit: Emit,
    stop: Stop | None = None,
) -> Mapping[int, list[npt.NDArray[np.float32]]]:
    """The mels of the windows, as each checkpoint sees them.

    Args:
        chosen: The windows.
        loaded: The checkpoints; those that listen alike share their mels.
        emit: Hears progress, and a warning for each recording that can't be decoded.
        stop: Heeded between recordings.

    Returns:
        Number of a checkpoint → mels [1, channels, mels, frames].

    Raises:
        DatasetError: if no recording can be decoded.
        Cancelled: if stopped.
    """
    groups = grouped(loaded, torch.device("cpu"))
    kept: list[list[npt.NDArray[np.float32]]] = [[] for _ in groups]
    total = len(chosen.windows)
    for done, (recording, numbers, n_windows) in enumerate(chosen.windows):
        emit(Event("progress", f"listening: {recording.name}", done, total, "recording"))
        if stop is not None:
            stop.check()
        decoded = decode(recording)
        if decoded.waveform is None:
            emit(Event("warning", f"{recording.name} is left out: {decoded.message}"))
            continue
        for number in numbers:
            _add_mels(kept, groups, Prepared(decoded.waveform, number, number + 1, n_windows))
    if not kept[0]:
        raise DatasetError("no recording can be read", remedy="birdscope scan --data DIR says why")
    return {layer: mels for group, mels in zip(groups, kept, strict=True) for layer in group.layers}


def _add_mels(
    kept: list[list[npt.NDArray[np.float32]]], groups: Sequence[Group], window: Prepared
) -> None:
    """Of one window, in each group; sliding windows are several."""
    for mels, batch in zip(kept, window.batches(groups, 1), strict=True):
        made = window.mel(batch, torch.device("cpu")).numpy()
        mels += [made[row : row + 1] for row in range(len(made))]
