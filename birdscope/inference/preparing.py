"""From a waveform to the mels of its windows: all that comes before the nets.

Comes in: a recording's waveform. Goes out: `Prepared`, its batches of mels for each front end,
made in any thread while the nets compute something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from birdscope.core.windows import SAMPLE_RATE_HZ, WINDOW_S
from birdscope.features.config import FrontEnd
from birdscope.features.front_end import MelFrontEnd
from birdscope.inference.members import LoadedCheckpoint
from birdscope.inference.sliding import Sliding

_WINDOW_SAMPLES = WINDOW_S * SAMPLE_RATE_HZ
# Mels of so many windows are kept before they are asked for: some 50 MB of a large front end.
# Longer recordings get theirs batch by batch.
WINDOWS_AHEAD = 60


@dataclass(frozen=True)
class Group:
    """Checkpoints that see the same mel: their layers, nets and shared front end."""

    context_s: float
    front_end: MelFrontEnd
    layers: tuple[int, ...]
    sliding: Sliding | None = None

    @property
    def margin_s(self) -> float:
        """Sound seen on either side of a 5 s window."""
        return self.context_s if self.sliding else (self.context_s - WINDOW_S) / 2


@dataclass(frozen=True)
class Batch:
    """Windows that are computed at once, through one front end.

    Attributes:
        group: Whose front end and nets.
        first: Index of the first window.
        last: One past the last.
        starts: First samples of the sliding windows that cover them; None without sliding.
    """

    group: Group
    first: int
    last: int
    starts: npt.NDArray[np.int64] | None = None


@dataclass(frozen=True)
class Prepared:
    """A recording on its way into the nets.

    Attributes:
        waveform: float32 [samples] at 32 kHz.
        first: Index of the first window wanted.
        last: One past the last.
        n_windows: Windows of the recording.
        offset: Sample of the recording at which the waveform begins.
        mels: Number of a batch → mels [B, channels, mels, frames], where made already.
    """

    waveform: npt.NDArray[np.float32]
    first: int
    last: int
    n_windows: int
    offset: int = 0
    mels: dict[int, Tensor] = field(default_factory=dict)

    def batches(self, groups: Sequence[Group], size: int) -> Iterator[Batch]:
        """All batches of at most `size` windows, group by group."""
        for group in groups:
            for first in range(self.first, self.last, size):
                last = min(first + size, self.last)
                starts = None
                if group.sliding is not None:
                    starts = group.sliding.covering(first, last, self.n_windows)
                yield Batch(group, first, last, starts)

    def mel(self, batch: Batch, device: torch.device) -> Tensor:
        """Compute the mels of a batch.

        On a CPU always by one thread: the bits do not depend on how many there are.
        """
        group = batch.group
        if group.sliding is not None and batch.starts is not None:
            sound = group.sliding.sound(self.waveform, batch.starts, self.offset)
        else:
            sound = window_sound(
                self.waveform, batch.first, batch.last, group.context_s, self.offset
            )
        with torch.inference_mode(), _one_thread():
            mel: Tensor = group.front_end(torch.from_numpy(sound).to(device))
        return mel


def grouped(loaded: Sequence[LoadedCheckpoint], device: torch.device) -> tuple[Group, ...]:
    """Sort checkpoints by what they see, so that each mel is computed once."""
    layers: dict[tuple[float, float | None, FrontEnd], list[int]] = {}
    for layer, one in enumerate(loaded):
        layers.setdefault((one.context_s, one.hop_s, one.seen), []).append(layer)
    return tuple(
        Group(
            context_s,
            MelFrontEnd(front_end).to(device).eval(),
            tuple(members),
            Sliding(context_s, hop_s) if hop_s is not None else None,
        )
        for (context_s, hop_s, front_end), members in layers.items()
    )


def window_sound(
    waveform: npt.NDArray[np.float32],
    first: int,
    last: int,
    context_s: float = WINDOW_S,
    offset: int = 0,
) -> npt.NDArray[np.float32]:
    """The sound of windows `first` to `last` with their context: float32 [W, samples].

    Args:
        waveform: float32 [samples] at 32 kHz.
        first: Index of the first window.
        last: One past the last.
        context_s: Seconds per window, centred on its 5 s.
        offset: Sample of the recording at which the waveform begins.
    """
    length = round(context_s * SAMPLE_RATE_HZ)
    margin = (length - _WINDOW_SAMPLES) // 2
    sound = np.zeros((last - first, length), np.float32)
    for row, index in enumerate(range(first, last)):
        start = index * _WINDOW_SAMPLES - margin - offset
        begin, end = max(start, 0), min(start + length, len(waveform))
        if begin < end:
            sound[row, begin - start : end - start] = waveform[begin:end]
    return sound


@contextmanager
def _one_thread() -> Iterator[None]:
    """Have torch compute in this thread alone; its number of threads is each thread's own."""
    before = torch.get_num_threads()
    if before == 1:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
