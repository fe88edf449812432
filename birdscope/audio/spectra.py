"""Power spectra of short windows, pooled over columns and gathered into rows. NumPy only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from birdscope.audio.axes import FrequencyAxis

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Pool = Literal["max", "mean"]
# Frames transformed at once: what stays in the processor's cache is four times as fast.
_CHUNK_FRAMES = 192


@dataclass(frozen=True)
class Part:
    """Some columns of a picture and their sound, with a window's length more on each side."""

    columns: int
    samples_per_column: float
    padded: npt.NDArray[np.float32]
    n_fft: int


def column_power(part: Part, pool: Pool, overlap: float) -> npt.NDArray[np.float32]:
    """Power spectra pooled over each column: [columns, n_fft // 2 + 1]; a full sine is 1.

    Every column gets the same number of frames, at most a step of the overlap apart, so that
    the raster is exact at any zoom.
    """
    import numpy as np

    size = part.n_fft
    step = max(1, round(size * (1 - overlap)))
    frames = max(1, math.ceil(part.samples_per_column / step))
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    window *= 2.0 / window.sum()
    centres = (np.arange(part.columns * frames) + 0.5) * (part.samples_per_column / frames)
    # the sound begins one window into the padded samples
    starts = centres.astype(np.int64) + size - size // 2
    views = np.lib.stride_tricks.sliding_window_view(part.padded, size)
    chunk = max(1, _CHUNK_FRAMES // frames)
    out = np.empty((part.columns, size // 2 + 1), np.float32)
    for first in range(0, part.columns, chunk):
        chosen = starts[first * frames : (first + chunk) * frames]
        spectrum = np.fft.rfft(views[chosen] * window)
        power = (spectrum.real**2 + spectrum.imag**2).reshape(-1, frames, size // 2 + 1)
        out[first : first + chunk] = power.max(axis=1) if pool == "max" else power.mean(axis=1)
    return out


def rows_of(
    power: npt.NDArray[np.float32], bin_hz: float, axis: FrequencyAxis, pool: Pool
) -> npt.NDArray[np.float32]:
    """Bins gathered into rows, lowest first: [columns, bins] → [columns, rows].

    A row of several bins takes their maximum or mean, a narrower one the interpolation
    between its neighbours; a row above the last bin is 0.
    """
    import numpy as np

    edges = np.asarray(axis.edges_hz()) / bin_hz
    low, high = edges[:-1], edges[1:]
    bins = power.shape[1]
    centre = np.clip((low + high) / 2, 0, bins - 1)
    below = np.minimum(centre.astype(np.int64), bins - 2)
    share = (centre - below).astype(np.float32)
    out = power[:, below] * (1 - share) + power[:, below + 1] * share
    first = np.ceil(low).astype(np.int64)
    last = np.minimum(np.ceil(high).astype(np.int64), bins)
    for row in np.flatnonzero(last - first >= 2):
        several = power[:, first[row] : last[row]]
        out[:, row] = several.max(axis=1) if pool == "max" else several.mean(axis=1)
    out[:, low >= bins - 1] = 0.0
    gathered: npt.NDArray[np.float32] = out
    return gathered
