"""One stretch of sound on its way through the device: what to copy, what is heard when."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any

from birdscope.audio.feeder import Feeder
from birdscope.audio.treatment import PLAIN, Treatment

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# After its computed end the sound is let ring out; a device silent this long is gone.
_TAIL_S = 0.05
_STALLED_S = 3.0
_ANCHORS = 512


class Playing:
    """From the ring to the device, keeping account of when each block reaches the ear.

    Args:
        feeder: Decodes into the ring.
        stream: The sounddevice output stream.
        start_s: Second of the recording that the first frame is.
        treatment: Tells which second of the recording a frame is.
    """

    def __init__(self, feeder: Feeder, stream: Any, start_s: float, treatment: Treatment = PLAIN):
        self.feeder = feeder
        self.underruns = 0
        self._stream = stream
        self._rate_hz = float(stream.samplerate)
        self._start_s = start_s
        self._treatment = treatment
        self._consumed = 0
        self._gain: float | None = None
        # (stream time at which a block is heard, its first frame, its frames)
        self._anchors: deque[tuple[float, int, int]] = deque(maxlen=_ANCHORS)
        self._last_call = time.monotonic()

    def start(self) -> None:
        """Start the device; it asks for its first blocks at once."""
        self._last_call = time.monotonic()
        self._stream.start()

    def fill(self, out: npt.NDArray[np.float32], heard_at: float, late: bool, gain: float) -> None:
        """Answer the device: copy the next frames to `out` [frames, channels].

        Args:
            out: To be filled; silence where the ring is empty.
            heard_at: Stream time at which its first frame will be heard.
            late: The device says that it ran dry before.
            gain: Volume, 0–1; a change is spread over the block.
        """
        finished = self.feeder.finished
        count = self.feeder.ring.read_into(out)
        out[count:] = 0
        if count:
            self._anchors.append((self._plausible(heard_at), self._consumed, count))
            self._consumed += count
        if late or (count < len(out) and not finished):
            self.underruns += 1
        self._scale(out, gain)
        self._last_call = time.monotonic()

    def position_s(self) -> float:
        """Second of the recording that is heard now."""
        now = float(self._stream.time)
        for heard_at, first, count in reversed(list(self._anchors)):
            if heard_at <= now:
                passed = min((now - heard_at) * self._rate_hz, count)
                played_s = (first + passed) / self._rate_hz * self._treatment.speed
                return self._treatment.second_of(self._start_s, played_s)
        return self._start_s

    def is_over(self) -> bool:
        """Whether the last frame was heard."""
        if not self.feeder.finished or self.feeder.ring.available:
            return False
        if not self._anchors:
            return True
        heard_at, _, count = self._anchors[-1]
        return bool(self._stream.time >= heard_at + count / self._rate_hz + _TAIL_S)

    def is_stalled(self) -> bool:
        """Whether the device stopped asking for sound."""
        return time.monotonic() - self._last_call > _STALLED_S

    def _plausible(self, heard_at: float) -> float:
        """`heard_at`, or an estimate for devices that don't say."""
        now = float(self._stream.time)
        if now - 1.0 < heard_at < now + 10.0:
            return heard_at
        return now + float(self._stream.latency)

    def _scale(self, out: npt.NDArray[np.float32], gain: float) -> None:
        import numpy as np

        before = gain if self._gain is None else self._gain
        self._gain = gain
        if before != gain:
            out *= np.linspace(before, gain, len(out), dtype=np.float32)[:, None]
        elif gain != 1.0:
            out *= np.float32(gain)
