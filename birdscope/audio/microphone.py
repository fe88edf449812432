"""The last minutes of a microphone, in a ring."""

from __future__ import annotations

import threading
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
        recent = self._ring.latest(written - begin)[:, 0]
        missing = written - begin - len(recent)
        if missing > 0:
            return None
        return self._at_rate(recent[: end - begin])

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

    def _at_rate(self, samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        import numpy as np

        if self._rate_hz == self.sample_rate_hz:
            return samples
        import soxr

        resampled = soxr.resample(samples, self._rate_hz, self.sample_rate_hz)
        return np.asarray(resampled, dtype=np.float32)
