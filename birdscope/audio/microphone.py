"""A microphone: a callback that only copies into a ring, and what is read from the ring."""

from __future__ import annotations

import threading
import time as clock
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

from birdscope.audio.devices import device_info, keep_track, look_again, portaudio, refused
from birdscope.audio.ring import Ring
from birdscope.core.errors import AudioDeviceError
from birdscope.core.windows import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_FULL_SCALE = 0.999
# A sound system that doesn't know how late it is may say anything.
_MOST_BEHIND_S = 2.0


@dataclass(frozen=True, slots=True)
class Level:
    """How loud it was since the last look.

    Attributes:
        peak: Largest magnitude, 1 is full scale.
        clipping: Whether samples reached full scale.
    """

    peak: float
    clipping: bool


class Microphone:
    """Records one channel until closed; the last `keep_s` seconds can be read at any time.

    Either by the clock (`latest`, `read`) or as a stream (`take`). The callback of the sound
    system copies and counts, and waits for nobody.

    Args:
        keep_s: How much is remembered.
        sample_rate_hz: Rate of what `latest` and `read` give.
        device: PortAudio device number or part of its name; None is the default.
    """

    def __init__(
        self,
        *,
        keep_s: float = 120.0,
        sample_rate_hz: int = SAMPLE_RATE_HZ,
        device: int | str | None = None,
    ):
        self.sample_rate_hz = sample_rate_hz
        self.overflows = 0
        self._keep_s = keep_s
        self._device = device
        self._lock = threading.Lock()
        self._stream: Any = None
        self._rate_hz = sample_rate_hz
        self._ring = Ring(1, 1)
        self._peak = 0.0
        self._taken = self._lost = 0
        self._resampler: Any = None
        self._anchor = (0, 0.0)
        self._heard_at = 0.0

    @property
    def recording(self) -> bool:
        """Whether sound is coming in."""
        return self._stream is not None and bool(self._stream.active)

    @property
    def recorded_s(self) -> float:
        """Seconds recorded since `start`."""
        return self._ring.written / self._rate_hz

    @property
    def device_name(self) -> str:
        """The device in use, or the one that would be; empty without one."""
        try:
            return str(device_info("input", self._device)["name"])
        except AudioDeviceError:
            return ""

    @property
    def device_rate_hz(self) -> int:
        """Rate at which the device gives samples; before `start` the one that is asked for."""
        return self._rate_hz

    @property
    def silent_s(self) -> float:
        """Seconds since the sound system last brought anything, be it silence."""
        return clock.monotonic() - self._heard_at

    @property
    def lost_s(self) -> float:
        """Seconds of sound that `take` came too late for."""
        return self._lost / self._rate_hz

    def start(self) -> None:
        """Begin to record; what was recorded before is forgotten.

        Raises:
            AudioDeviceError: there is no microphone, or it refused.
        """
        with self._lock:
            self._close()
            self._stream = self._open()
            self._rate_hz = round(self._stream.samplerate)
            self._ring = Ring(round(self._keep_s * self._rate_hz), 1)
            self._peak, self.overflows = 0.0, 0
            self._taken = self._lost = 0
            self._resampler = self._new_resampler()
            self._heard_at = clock.monotonic()
            self._anchor = (0, self._heard_at)
            self._stream.start()

    def stop(self) -> None:
        """Stop recording and give the device back; what was recorded can still be read."""
        with self._lock:
            self._close()

    def level(self) -> Level:
        """The peak since the last call, for a meter."""
        peak, self._peak = self._peak, 0.0
        return Level(peak, peak >= _FULL_SCALE)

    def latest(self, seconds: float) -> npt.NDArray[np.float32]:
        """The last seconds recorded, float32 [samples]; fewer when there are not so many."""
        return self._at_rate(self._ring.latest(round(seconds * self._rate_hz))[:, 0])

    def read(self, start_s: float, duration_s: float) -> npt.NDArray[np.float32] | None:
        """A window by the clock of `recorded_s`; None while or once it is not in the ring.

        Returns:
            float32 [round(duration_s · sample_rate_hz)].
        """
        begin = round(start_s * self._rate_hz)
        end = begin + round(duration_s * self._rate_hz)
        written = self._ring.written
        if not 0 <= begin < end <= written:
            return None
        if written - begin > self._ring.size:
            return None
        return self._at_rate(self._ring.between(begin, end)[:, 0])

    def take(self) -> npt.NDArray[np.float32]:
        """What came since the last call, float32 [samples]; the parts fit together seamlessly.

        For one reader. What was overwritten before it was taken is counted in `lost_s`.
        """
        written = self._ring.written
        begin = max(self._taken, written - self._ring.size)
        self._lost += begin - self._taken
        frames = self._ring.between(begin, written)[:, 0]
        self._taken = written
        if self._resampler is None:
            return frames
        resampled: npt.NDArray[np.float32] = self._resampler.resample_chunk(frames)
        return resampled

    def captured_at(self, sample: int) -> float:
        """When a sample that `take` gave reached the device: `time.monotonic()`.

        Args:
            sample: Its number since `start`.
        """
        frames, at = self._anchor
        return at - (frames - self._lost) / self._rate_hz + sample / self.sample_rate_hz

    def __enter__(self) -> Microphone:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _open(self) -> Any:
        """A stream at the rate asked for, or at the device's own where it refuses that."""
        try:
            device = device_info("input", self._device)
        except AudioDeviceError:
            look_again()
            device = device_info("input", self._device)
        try:
            return self._new_stream(self.sample_rate_hz)
        except AudioDeviceError:
            return self._new_stream(round(device["default_samplerate"]))

    def _new_stream(self, rate_hz: int) -> Any:
        sounddevice = portaudio()
        try:
            stream = sounddevice.InputStream(
                samplerate=rate_hz,
                channels=1,
                device=self._device,
                latency="high",
                dtype="float32",
                callback=self._callback,
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            raise refused("input", error) from error
        return keep_track(stream)

    def _close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close(ignore_errors=True)

    def _callback(
        self, block: npt.NDArray[np.float32], frames: int, time: Any, status: Any
    ) -> None:
        self._ring.overwrite(block)
        self._peak = max(self._peak, float(abs(block).max()))
        self.overflows += bool(status.input_overflow)
        self._heard_at = now = clock.monotonic()
        # what lies between the device and this call, as far as the sound system knows
        behind_s = time.currentTime - time.inputBufferAdcTime - frames / self._rate_hz
        self._anchor = (self._ring.written, now - min(max(behind_s, 0.0), _MOST_BEHIND_S))

    def _new_resampler(self) -> Any:
        if self._rate_hz == self.sample_rate_hz:
            return None
        import soxr

        return soxr.ResampleStream(self._rate_hz, self.sample_rate_hz, 1, dtype="float32")

    def _at_rate(self, samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        import numpy as np

        if self._rate_hz == self.sample_rate_hz:
            return samples
        import soxr

        resampled = soxr.resample(samples, self._rate_hz, self.sample_rate_hz)
        return np.asarray(resampled, dtype=np.float32)
