"""Sliding-window inference: overlapping windows, frames averaged where windows overlap.

Source: 1st place of BirdCLEF+ 2025. Their smoothing over rows, .1 .2 .4 .2 .1, is the step
`kernel` of the post-processing stack, so that raw scores stay raw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from birdscope.core.windows import SAMPLE_RATE_HZ, WINDOW_S

_ROW = WINDOW_S * SAMPLE_RATE_HZ


@dataclass(frozen=True)
class Sliding:
    """Windows of `context_s` every `hop_s`, from a recording's beginning to its end.

    The windows lie where the whole recording says, whichever of its rows is asked for. The
    last one ends with the recording; a recording shorter than a window has one, padded with
    zeros at its end.
    """

    context_s: float
    hop_s: float

    @property
    def length(self) -> int:
        """Samples of a window."""
        return round(self.context_s * SAMPLE_RATE_HZ)

    def starts(self, n_windows: int) -> npt.NDArray[np.int64]:
        """First samples of the windows of a recording of `n_windows` rows of 5 s: int64 [N]."""
        last = max(0, n_windows * _ROW - self.length)
        hop = max(1, round(self.hop_s * SAMPLE_RATE_HZ))
        return np.unique(np.append(np.arange(0, last + 1, hop), last))

    def covering(self, first: int, last: int, n_windows: int) -> npt.NDArray[np.int64]:
        """Those of `starts` whose windows touch rows `first` to `last`."""
        starts = self.starts(n_windows)
        touches = (starts < last * _ROW) & (starts + self.length > first * _ROW)
        return starts[touches]

    def sound(
        self,
        waveform: npt.NDArray[np.float32],
        starts: npt.NDArray[np.int64],
        offset: int = 0,
    ) -> npt.NDArray[np.float32]:
        """The sound of windows, zeros where there is none: float32 [N, samples].

        Args:
            waveform: float32 [samples] at 32 kHz.
            starts: Of the windows in the recording, int64 [N].
            offset: Sample of the recording at which the waveform begins.
        """
        sound = np.zeros((len(starts), self.length), np.float32)
        for row, start in enumerate((starts - offset).tolist()):
            begin, end = max(start, 0), min(start + self.length, len(waveform))
            if begin < end:
                sound[row, begin - start : end - start] = waveform[begin:end]
        return sound

    def rows(
        self,
        frames: npt.NDArray[np.float32],
        starts: npt.NDArray[np.int64],
        first: int,
        last: int,
    ) -> npt.NDArray[np.float32]:
        """The maximum of the averaged frames in each row: float32 [last - first, C].

        A row is cut into steps as long as a frame; a step is the mean of the frames, one of
        each window, that its centre falls into.

        Args:
            frames: Probabilities of the windows' frames, [N, T, C].
            starts: Of the windows, int64 [N]; they cover the rows.
            first: Index of the first row.
            last: One past the last.
        """
        total = frames.shape[1]
        steps = max(1, round(_ROW * total / self.length))
        centres = first * _ROW + (np.arange((last - first) * steps) + 0.5) * _ROW / steps
        sums = np.zeros((len(centres), frames.shape[2]))
        counts = np.zeros((len(centres), 1))
        for values, start in zip(frames, starts.tolist(), strict=True):
            number = np.floor((centres - start) * total / self.length).astype(np.int64)
            inside = (number >= 0) & (number < total)
            sums[inside] += values[number[inside]]
            counts[inside] += 1
        curve = (sums / np.maximum(counts, 1)).reshape(last - first, steps, -1)
        strongest: npt.NDArray[np.float32] = curve.max(axis=1).astype(np.float32)
        return strongest
