"""A thread that decodes ahead of the sound into a ring."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.audio.files import SoundReader
from birdscope.audio.ring import Ring
from birdscope.audio.treatment import PLAIN, Treatment, heard_rate_hz, treated
from birdscope.core.errors import AudioError, BirdscopeError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_AHEAD_S = 4.0
_WAIT_S = 0.02


class Feeder(threading.Thread):
    """Decodes a range of a recording at a device's rate, a few seconds ahead.

    Args:
        path: The recording.
        start_s: Where the range begins.
        end_s: Where it ends; None is the end of the recording.
        sample_rate_hz: Rate of the frames in the ring.
        channels: Channels of the frames in the ring.
        prebuffer_s: How much must be in the ring before `on_ready` is called, once.
        on_ready: Called from this thread when the sound may begin.
        watch: Called from this thread every 20 ms after `on_ready`; False ends the thread.
        treatment: What is done to the recording; a loop never finishes.

    Attributes:
        finished: All frames are in the ring, or never will be.
        error: Why decoding stopped early, if it did.
    """

    def __init__(
        self,
        path: Path,
        start_s: float,
        end_s: float | None,
        *,
        sample_rate_hz: int,
        channels: int,
        prebuffer_s: float,
        on_ready: Callable[[], None],
        watch: Callable[[], bool],
        treatment: Treatment = PLAIN,
    ):
        super().__init__(name=f"birdscope-decode-{path.name}", daemon=True)
        self.ring = Ring(round(_AHEAD_S * sample_rate_hz), channels)
        self.finished = False
        self.error: BirdscopeError | None = None
        self._path = path
        self._range = (start_s, end_s)
        self._rate_hz = sample_rate_hz
        self._channels = channels
        self._prebuffer = round(prebuffer_s * sample_rate_hz)
        self._on_ready = on_ready
        self._watch = watch
        self._treatment = treatment
        self._ready = False
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Ask the thread to end soon; it does not wait for it."""
        self._cancelled.set()

    def run(self) -> None:
        """Decode, then watch the sound until its end."""
        try:
            with SoundReader(self._path) as sound:
                for block in self._resampled(sound):
                    if not self._put(block):
                        return
        except AudioError as error:
            self.error = error
        except (RuntimeError, ValueError) as error:
            self.error = AudioError(f"can't be resampled: {error}", path=self._path)
        self.finished = True
        self._announce()
        while not self._cancelled.wait(_WAIT_S):
            if not self._watch():
                return

    def _put(self, block: npt.NDArray[np.float32]) -> bool:
        """Write a block as room comes; False once cancelled or the sound is gone."""
        while True:
            block = block[self.ring.write(block) :]
            if self.ring.available >= self._prebuffer:
                self._announce()
            if self._cancelled.is_set():
                return False
            if len(block) == 0:
                return True
            if self._cancelled.wait(_WAIT_S) or not self._watch():
                return False

    def _announce(self) -> None:
        if not self._ready and not self._cancelled.is_set():
            self._ready = True
            self._on_ready()

    def _resampled(self, sound: SoundReader) -> Iterator[npt.NDArray[np.float32]]:
        heard_hz = heard_rate_hz(sound.info.sample_rate_hz, self._treatment)
        if heard_hz == self._rate_hz:
            yield from self._native(sound)
            return
        import numpy as np
        import soxr

        stream = soxr.ResampleStream(heard_hz, self._rate_hz, self._channels, dtype="float32")
        for block in self._native(sound):
            yield stream.resample_chunk(block).reshape(-1, self._channels)
        rest = np.zeros((0, self._channels), np.float32)
        yield stream.resample_chunk(rest, last=True).reshape(-1, self._channels)

    def _native(self, sound: SoundReader) -> Iterator[npt.NDArray[np.float32]]:
        """Blocks [frames, device channels] at the file's rate."""
        for block in treated(sound, self._range, self._treatment):
            yield mix(block, self._channels)


def mix(block: npt.NDArray[np.float32], channels: int) -> npt.NDArray[np.float32]:
    """Frames of a file [n, any] as frames of a device [n, channels]: mono goes to all."""
    import numpy as np

    if block.shape[1] == channels:
        return block
    if block.shape[1] == 1:
        return np.repeat(block, channels, axis=1)
    if channels == 1:
        mean: npt.NDArray[np.float32] = block.mean(axis=1, keepdims=True, dtype=np.float32)
        return mean
    return np.ascontiguousarray(block[:, :channels])
