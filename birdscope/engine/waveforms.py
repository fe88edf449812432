"""Decoded sound, kept in the model lane so that the next window needs no second decode."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.core.windows import WINDOW_S

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

BLOCK_WINDOWS = 24
MARGIN_WINDOWS = 3
KEPT_BYTES = 256_000_000

Decode = Callable[[Path, float, float], "npt.NDArray[np.float32]"]


class Waveforms:
    """The most recently used stretches of sound, by file and block.

    A recording is cut into blocks of two minutes with a margin on either side, wide enough
    for every member's context: predicting inside a block gives what the whole file would,
    and an hour of sound is never in memory at once. A soundscape of a minute is one block.

    Args:
        decode: `(path, start_s, duration_s)` → float32 [samples] at 32 kHz.
        kept_bytes: What may stay in memory.
    """

    def __init__(self, decode: Decode, kept_bytes: int = KEPT_BYTES) -> None:
        self._decode = decode
        self._kept_bytes = kept_bytes
        self._blocks: OrderedDict[tuple[object, ...], npt.NDArray[np.float32]] = OrderedDict()

    def around(
        self, path: Path, index: int, n_windows: int
    ) -> tuple[npt.NDArray[np.float32], int, int]:
        """Sound around a window: (waveform [samples], the window's index in it, its windows).

        Raises:
            AudioError: the file can't be decoded.
        """
        first, last = block_bounds(index, n_windows)
        stamp = path.stat() if path.exists() else None
        key = (path, first, last, stamp and (stamp.st_mtime_ns, stamp.st_size))
        waveform = self._blocks.pop(key, None)
        if waveform is None:
            # Up to half a window of sound past the last window is part of its context.
            tail_s = WINDOW_S if last == n_windows else 0
            waveform = self._decode(path, first * WINDOW_S, (last - first) * WINDOW_S + tail_s)
        self._blocks[key] = waveform
        self._forget()
        return waveform, index - first, last - first

    def _forget(self) -> None:
        while len(self._blocks) > 1 and self._bytes() > self._kept_bytes:
            self._blocks.popitem(last=False)

    def _bytes(self) -> int:
        return sum(waveform.nbytes for waveform in self._blocks.values())


def block_bounds(index: int, n_windows: int) -> tuple[int, int]:
    """First and last + 1 window of the block, margins included, that window `index` is in."""
    first = index - index % BLOCK_WINDOWS
    last = first + BLOCK_WINDOWS
    return max(0, first - MARGIN_WINDOWS), min(n_windows, last + MARGIN_WINDOWS)
