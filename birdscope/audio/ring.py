"""A ring of frames between a thread and PortAudio's callback, without locks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Ring:
    """First in, first out, for one writing and one reading thread.

    Each side only ever advances its own counter, after the samples are in place, so neither
    waits for the other.

    Args:
        frames: How many frames fit.
        channels: Samples per frame.
    """

    def __init__(self, frames: int, channels: int):
        import numpy as np

        self._data = np.zeros((frames, channels), np.float32)
        self._written = 0
        self._read = 0

    @property
    def size(self) -> int:
        """How many frames fit."""
        return len(self._data)

    @property
    def available(self) -> int:
        """Frames that can be read now."""
        return self._written - self._read

    @property
    def written(self) -> int:
        """Frames written since the beginning."""
        return self._written

    def write(self, block: npt.NDArray[np.float32]) -> int:
        """Take as many frames of [n, channels] as fit; how many."""
        count = min(len(block), len(self._data) - self.available)
        self._copy_in(block[:count])
        return count

    def overwrite(self, block: npt.NDArray[np.float32]) -> None:
        """Take all frames; the oldest give way. For rings read only by `latest`."""
        self._copy_in(block[-len(self._data) :])

    def read_into(self, out: npt.NDArray[np.float32]) -> int:
        """Move frames to the front of `out` [n, channels]; how many there were."""
        count = min(len(out), self.available)
        size = len(self._data)
        at = self._read % size
        head = min(count, size - at)
        out[:head] = self._data[at : at + head]
        out[head:count] = self._data[: count - head]
        self._read += count
        return count

    def latest(self, frames: int) -> npt.NDArray[np.float32]:
        """A copy of the last frames written, [n, channels]; fewer before so many came."""
        end = self._written
        return self.between(end - min(frames, end, len(self._data)), end)

    def between(self, begin: int, end: int) -> npt.NDArray[np.float32]:
        """A copy of frames by their number since the beginning, [n, channels].

        The caller sees to it that they are in the ring: neither overwritten nor to come.
        """
        import numpy as np

        copy: npt.NDArray[np.float32] = self._data[np.arange(begin, end) % len(self._data)]
        return copy

    def _copy_in(self, block: npt.NDArray[np.float32]) -> None:
        size = len(self._data)
        at = self._written % size
        head = min(len(block), size - at)
        self._data[at : at + head] = block[:head]
        self._data[: len(block) - head] = block[head:]
        self._written += len(block)
