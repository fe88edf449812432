"""Playback: any recording from any second, with the position that is heard right now."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from birdscope.audio.devices import (
    audio_available,
    device_info,
    keep_track,
    look_again,
    portaudio,
    refused,
)
from birdscope.audio.feeder import Feeder
from birdscope.audio.files import AudioInfo, probe
from birdscope.audio.playing import Playing
from birdscope.audio.treatment import Treatment
from birdscope.core.errors import AudioDeviceError, AudioError, BirdscopeError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Player", "State", "audio_available"]

State = Literal["stopped", "playing", "paused"]
# 0.3 s in the device keeps the sound whole while models hold every core; pause and seek
# throw it away, so they stay quick.
LATENCY_S = 0.3
_PREBUFFER_S = 0.75


class Player:
    """Plays one recording at a time; every method returns in a few milliseconds.

    The device is opened by the first `play` and kept. All methods may be called from any
    thread.

    Args:
        on_end: Called, from another thread, when the sound reached its end or broke off
            (then `problem` says why); not after `stop`, `pause`, or a new `play`.
        device: PortAudio device number or part of its name; None is the default.
        latency_s: Sound kept in the device.
    """

    def __init__(
        self,
        *,
        on_end: Callable[[], None] | None = None,
        device: int | str | None = None,
        latency_s: float = LATENCY_S,
    ):
        self.on_end = on_end
        self._device = device
        self._latency_s = latency_s
        self._lock = threading.RLock()
        self._volume = 1.0
        self._treatment = Treatment()
        self._path: Path | None = None
        self._info: AudioInfo | None = None
        self._held_s = 0.0
        self._end_s: float | None = None
        self._state: State = "stopped"
        self._playing: Playing | None = None
        self._stream: Any = None
        self._stream_for_hz = 0
        self._underruns = 0
        self._problem: BirdscopeError | None = None

    @property
    def state(self) -> State:
        """`playing` from the call of `play` to the last sample heard."""
        return self._state

    @property
    def path(self) -> Path | None:
        """The recording loaded."""
        return self._path

    @property
    def duration_s(self) -> float:
        """Length of the recording; 0 without one."""
        return self._info.duration_s if self._info else 0.0

    @property
    def position_s(self) -> float:
        """The second of the recording that is being heard now."""
        playing = self._playing
        if self._state != "playing" or playing is None:
            return self._held_s
        return min(playing.position_s(), self.duration_s)

    @property
    def volume(self) -> float:
        """Factor on the samples, 0–1."""
        return self._volume

    @volume.setter
    def volume(self, value: float) -> None:
        self._volume = min(max(0.0, value), 1.0)

    @property
    def treatment(self) -> Treatment:
        """What is done to the recording before it is heard."""
        return self._treatment

    def treat(self, treatment: Treatment) -> None:
        """Play another way, from where the sound is; a loop is entered at its beginning.

        Raises:
            AudioDeviceError: the device refused.
        """
        with self._lock:
            before, self._treatment = self._treatment, treatment
            if self._state != "playing" or before == treatment:
                return
            at_s, loop_s = self.position_s, treatment.loop_s
            if loop_s is not None and not loop_s[0] <= at_s < loop_s[1]:
                at_s = loop_s[0]
            self._start(at_s)

    @property
    def device(self) -> int | str | None:
        """The device chosen; None is the system's default."""
        return self._device

    def use_device(self, device: int | str | None) -> None:
        """Play on another device, from where the sound is.

        Raises:
            AudioDeviceError: there is none such, or it refused.
        """
        with self._lock:
            device_info("output", device)
            playing, at_s = self._state == "playing", self.position_s
            self._halt()
            self._close_stream()
            self._device = device
            if playing:
                self._start(at_s)

    @property
    def underruns(self) -> int:
        """How often sound was missing when the device asked for it."""
        playing = self._playing
        return self._underruns + (playing.underruns if playing else 0)

    @property
    def problem(self) -> BirdscopeError | None:
        """Why the sound broke off: damaged data, a device that went away; else None."""
        return self._problem

    @property
    def device_name(self) -> str:
        """The device in use, or the one that would be; empty without one."""
        try:
            return str(device_info("output", self._device)["name"])
        except AudioDeviceError:
            return ""

    def load(self, path: Path | str) -> None:
        """Stop, and make `path` the recording to play; a loop is the other recording's.

        Raises:
            AudioError: it can't be read.
        """
        info = probe(path)
        with self._lock:
            self._halt()
            self._path, self._info = Path(path), info
            self._treatment = replace(self._treatment, loop_s=None)
            self._held_s, self._end_s, self._state = 0.0, None, "stopped"
            self._problem = None

    def play(self, start_s: float | None = None, end_s: float | None = None) -> None:
        """Play from `start_s` (None: where it stands) to `end_s` (None: to the end).

        Raises:
            AudioError: nothing is loaded.
            AudioDeviceError: there is no device, or it refused.
        """
        with self._lock:
            at_s = self.position_s if start_s is None else self._clamped(start_s)
            if start_s is None and at_s >= self.duration_s:
                at_s = 0.0
            self._end_s = None if end_s is None else self._clamped(end_s)
            self._start(at_s)

    def pause(self) -> None:
        """Silence at once; the position stays."""
        with self._lock:
            if self._state == "playing":
                self._held_s = self.position_s
                self._halt()
                self._state = "paused"

    def resume(self) -> None:
        """Go on after `pause`, to the end that `play` was given; else nothing."""
        with self._lock:
            if self._state == "paused":
                self._start(self._held_s)

    def toggle(self) -> None:
        """Pause or go on; play when stopped."""
        with self._lock:
            if self._state == "playing":
                self.pause()
            elif self._state == "paused":
                self.resume()
            else:
                self.play()

    def seek(self, position_s: float) -> None:
        """Go to a second of the recording, playing on if it plays."""
        with self._lock:
            at_s = self._clamped(position_s)
            if self._end_s is not None and at_s >= self._end_s:
                self._end_s = None
            if self._state == "playing":
                self._start(at_s)
            else:
                self._held_s = at_s

    def stop(self) -> None:
        """Silence at once; the position returns to the beginning."""
        with self._lock:
            self._halt()
            self._held_s, self._end_s, self._state = 0.0, None, "stopped"

    def close(self) -> None:
        """Stop and give the device back; the player can be used again."""
        with self._lock:
            self.stop()
            self._close_stream()

    def __enter__(self) -> Player:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _clamped(self, position_s: float) -> float:
        return min(max(0.0, position_s), self.duration_s)

    def _start(self, at_s: float) -> None:
        if self._path is None or self._info is None:
            raise AudioError("there is no recording loaded", remedy="load one first")
        self._halt()
        self._held_s, self._state, self._problem = at_s, "stopped", None
        stream = self._open_stream(self._info.sample_rate_hz)
        feeder = Feeder(
            self._path,
            at_s,
            self._end_s,
            sample_rate_hz=round(stream.samplerate),
            channels=stream.channels,
            prebuffer_s=_PREBUFFER_S,
            on_ready=lambda: self._begin(playing),
            watch=lambda: self._watch(playing),
            treatment=self._treatment,
        )
        playing = Playing(feeder, stream, at_s, self._treatment)
        self._playing, self._state = playing, "playing"
        feeder.start()

    def _halt(self) -> None:
        """Throw away what the device still holds and end the decoding thread."""
        playing, self._playing = self._playing, None
        if playing is None:
            return
        playing.feeder.cancel()
        self._underruns += playing.underruns
        try:
            self._stream.abort()
        except portaudio().PortAudioError:
            self._close_stream()

    def _open_stream(self, rate_hz: int) -> Any:
        """A stream at the file's rate, or at the device's own where it refuses that."""
        if self._stream is not None and self._stream_for_hz == rate_hz:
            return self._stream
        self._close_stream()
        try:
            device = device_info("output", self._device)
        except AudioDeviceError:
            look_again()
            device = device_info("output", self._device)
        channels = min(2, int(device["max_output_channels"]))
        try:
            self._stream = self._new_stream(rate_hz, channels)
        except AudioDeviceError:
            self._stream = self._new_stream(round(device["default_samplerate"]), channels)
        self._stream_for_hz = rate_hz
        return self._stream

    def _new_stream(self, rate_hz: int, channels: int) -> Any:
        sounddevice = portaudio()
        try:
            stream = sounddevice.OutputStream(
                samplerate=rate_hz,
                channels=channels,
                device=self._device,
                latency=self._latency_s,
                dtype="float32",
                callback=self._callback,
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            raise refused("output", error) from error
        return keep_track(stream)

    def _close_stream(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close(ignore_errors=True)

    def _callback(self, out: npt.NDArray[np.float32], frames: int, time: Any, status: Any) -> None:
        playing = self._playing
        if playing is None:
            out[:] = 0
            return
        playing.fill(out, time.outputBufferDacTime, status.output_underflow, self._volume)

    def _begin(self, playing: Playing) -> None:
        """Start the device once enough is decoded (in the decoding thread)."""
        problem = None
        with self._lock:
            if self._playing is not playing:
                return
            try:
                playing.start()
            except portaudio().PortAudioError as error:
                problem = refused("output", error)
        if problem:
            self._end(playing, problem)

    def _watch(self, playing: Playing) -> bool:
        """Look after a sound that plays (in the decoding thread); False when it is over."""
        if self._playing is not playing:
            return False
        if playing.is_over():
            self._end(playing, playing.feeder.error)
        elif playing.is_stalled():
            self._end(playing, _DEVICE_STOPPED)
        else:
            return True
        return False

    def _end(self, playing: Playing, problem: BirdscopeError | None) -> None:
        with self._lock:
            if self._playing is not playing:
                return
            self._held_s = self.position_s
            self._halt()
            self._state, self._problem = "stopped", problem
            if isinstance(problem, AudioDeviceError):
                self._close_stream()
            on_end = self.on_end
        if on_end is not None:
            on_end()


_DEVICE_STOPPED = AudioDeviceError(
    "the sound device stopped", remedy="check the device and play again"
)
