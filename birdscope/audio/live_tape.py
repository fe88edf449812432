"""The last seconds of a sound that does not end: its samples, and pictures of them."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from birdscope.audio.files import AudioInfo
from birdscope.audio.ring import Ring
from birdscope.audio.spectrogram import SpectrogramSettings, sound_spectrogram
from birdscope.core.windows import SAMPLE_RATE_HZ, WINDOW_S

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

WINDOW_SAMPLES = WINDOW_S * SAMPLE_RATE_HZ
_GUESSED_FRAMES = 1 << 60


class LiveTape:
    """One channel at 32 kHz, of which so many seconds are kept; for one thread.

    It can be read like a recording that began with the first sample and has no end yet. What
    is forgotten, or still to come, reads as zeros.

    Args:
        keep_s: How much is kept.
        first: Number of the first sample.
    """

    def __init__(self, keep_s: float, first: int = 0) -> None:
        self._ring = Ring(round(keep_s * SAMPLE_RATE_HZ), 1)
        self._first = first
        self._position = 0

    @property
    def end(self) -> int:
        """Samples since the beginning."""
        return self._first + self._ring.written

    @property
    def begin(self) -> int:
        """The oldest sample that is kept."""
        return self._first + max(0, self._ring.written - self._ring.size)

    @property
    def heard_s(self) -> float:
        """Seconds since the beginning."""
        return self.end / SAMPLE_RATE_HZ

    def write(self, samples: npt.NDArray[np.float32]) -> None:
        """Take what comes next, float32 [samples]."""
        for first in range(0, len(samples), self._ring.size):
            self._ring.overwrite(samples[first : first + self._ring.size, None])

    def fill_window(self) -> int:
        """Put silence up to the next border of windows; the number of the window that begins."""
        import numpy as np

        lacking = -self.end % WINDOW_SAMPLES
        self.write(np.zeros(lacking, np.float32))
        return self.end // WINDOW_SAMPLES

    def between(self, begin: int, end: int) -> npt.NDArray[np.float32]:
        """Samples by their number since the beginning, float32 [end - begin]."""
        import numpy as np

        out = np.zeros(max(end - begin, 0), np.float32)
        first, last = max(begin, self.begin), min(end, self.end)
        if first < last:
            kept = self._ring.between(first - self._first, last - self._first)
            out[first - begin : last - begin] = kept[:, 0]
        return out

    @property
    def info(self) -> AudioInfo:
        """As of a recording; its length is not known."""
        return AudioInfo(0.0, SAMPLE_RATE_HZ, 1, _GUESSED_FRAMES, "LIVE")

    def seek(self, frame: int) -> None:
        """Make `frame` the next one read."""
        self._position = frame

    def read(self, frames: int) -> npt.NDArray[np.float32]:
        """The next frames, float32 [frames, 1]."""
        begin = self._position
        self._position += frames
        return self.between(begin, self._position)[:, None]


class LivePictures:
    """Pictures of a tape, column by column: what was drawn once is not computed again.

    Args:
        tape: Of which pictures are made.
    """

    def __init__(self, tape: LiveTape) -> None:
        self._tape = tape
        self._look: tuple[float, int, SpectrogramSettings] | None = None
        self._kept: OrderedDict[int, npt.NDArray[np.float32]] = OrderedDict()

    def columns(
        self, first: int, count: int, column_s: float, rows: int, settings: SpectrogramSettings
    ) -> npt.NDArray[np.float32]:
        """Some columns of the picture that the whole sound would have.

        Args:
            first: Number of the first column since the beginning.
            count: How many.
            column_s: Seconds of a column.
            rows: Cells in frequency.
            settings: How the picture is made.

        Returns:
            float32 [rows, count] in dB re full scale, row 0 the highest frequency; NaN where
            the sound is forgotten or still to come.
        """
        import numpy as np

        look = (column_s, rows, settings)
        if look != self._look:
            self._look = look
            self._kept.clear()
        self._draw_new(first, count)
        while len(self._kept) > 2 * count:
            self._kept.popitem(last=False)
        empty = np.full(rows, np.nan, np.float32)
        parts = [self._kept.get(number, empty) for number in range(first, first + count)]
        return np.stack(parts, axis=1)

    def _draw_new(self, first: int, count: int) -> None:
        """Draw the columns whose sound is there, in one go for each stretch of them."""
        assert self._look is not None
        column_s, rows, settings = self._look
        oldest = -int(-self._tape.begin / SAMPLE_RATE_HZ // column_s)
        past = int(self._tape.heard_s / column_s + 1e-6)
        wanted = range(max(first, oldest), min(first + count, past))
        new = [number for number in wanted if number not in self._kept]
        if not new:
            return
        span_s = (new[0] * column_s, (new[-1] + 1) * column_s)
        cells = sound_spectrogram(self._tape, span_s, new[-1] + 1 - new[0], rows, settings)
        for number in new:
            self._kept[number] = cells[:, number - new[0]].copy()
