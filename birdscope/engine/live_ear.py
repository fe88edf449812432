"""What listens: from an input to windows, levels, pictures and a file. No process, no clock."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from birdscope.audio.live_levels import LevelMeter, Levels
from birdscope.audio.live_tape import WINDOW_SAMPLES, LivePictures, LiveTape
from birdscope.audio.recorder import Recorder, rescue
from birdscope.core.errors import AudioDeviceError
from birdscope.core.windows import SAMPLE_RATE_HZ, SOUNDSCAPE_S
from birdscope.engine.live_messages import (
    Heard,
    Kept,
    NotRecorded,
    Opened,
    Waits,
    WindowHeard,
    WindowMissed,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

KEEP_S = SOUNDSCAPE_S + 30.0
# An input that is there brings samples many times a second, be they silence.
DEAD_S = 2.0
RETRY_S = 2.0


class Source(Protocol):
    """What the ear needs of birdscope.audio.microphone.Microphone."""

    overflows: int

    @property
    def recording(self) -> bool:
        """Whether sound is coming in."""
        ...

    @property
    def device_name(self) -> str:
        """The input."""
        ...

    @property
    def device_rate_hz(self) -> int:
        """Its own rate."""
        ...

    @property
    def silent_s(self) -> float:
        """Seconds since it last brought samples."""
        ...

    @property
    def lost_s(self) -> float:
        """Seconds that were not taken in time."""
        ...

    def start(self) -> None:
        """Begin anew."""
        ...

    def stop(self) -> None:
        """Give the device back."""
        ...

    def take(self) -> npt.NDArray[np.float32]:
        """What came since the last call, float32 [samples] at 32 kHz."""
        ...

    def captured_at(self, sample: int) -> float:
        """When a sample since `start` reached the device, by `time.monotonic()`."""
        ...


class LiveEar:
    """Listens to a source; told when to look by `tick`.

    Windows are aligned to the first sample. Where sound is missing (a device that was lost and
    came back) the window that misses it is left out and the next one begins with what comes.

    Args:
        source: The input.
        send: Takes what there is to say.
        folder: Where recordings are written; None where nothing may be.
        margin_s: Sound that is wanted around a window; None while it is not known.
        first_window: Number of the window that begins with the first sample.
        now: A clock in seconds.
    """

    def __init__(
        self,
        source: Source,
        send: Callable[[object], None],
        folder: Path | None = None,
        margin_s: float | None = 0.0,
        first_window: int = 0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.margin_s = margin_s
        self.tape = LiveTape(KEEP_S, first_window * WINDOW_SAMPLES)
        self.pictures = LivePictures(self.tape)
        self._source = source
        self._send = send
        self._now = now
        self._meter = LevelMeter()
        self._levels = Levels()
        self._open = False
        self._tried_at = -math.inf
        self._taken = 0
        self._whole_from = self.tape.end
        self._lost_s = 0.0
        self._window = first_window
        self._folder = folder
        self._records = False
        self._recorder: Recorder | None = None

    def tick(self) -> None:
        """Take what came, and say what is new; to be called several times a second."""
        if not self._open:
            self._try_to_open()
            return
        samples = self._source.take()
        if self._source.lost_s > self._lost_s:
            self._lost_s = self._source.lost_s
            self._leave_gap()
        if len(samples):
            self._taken += len(samples)
            self.tape.write(samples)
            self._levels = self._meter.take(samples)
            self._write(samples)
            self._send_windows()
            self._tell()
        if not self._source.recording or self._source.silent_s > DEAD_S:
            self._lose(f"the input was lost: {self._source.device_name or 'it brings no sound'}")

    def rescue(self) -> None:
        """Keep what a killed process left unfinished."""
        try:
            left = rescue(self._folder) if self._folder is not None else []
        except OSError as error:
            self._send(NotRecorded(f"an unfinished recording stays: {error.strerror or error}"))
            return
        for path in left:
            self._send(Kept(path, 0.0, "it was left unfinished"))

    def record(self, on: bool) -> None:
        """Begin a recording at the beginning of the present window, or end it."""
        self._end_recording("")
        self._records = on
        if on and self._open:
            self._begin_recording()
        self._tell()

    def close(self) -> None:
        """End the recording and give the device back."""
        self._records = False
        self._end_recording("")
        self._source.stop()
        self._open = False

    def _try_to_open(self) -> None:
        if self._now() - self._tried_at < RETRY_S:
            return
        self._tried_at = self._now()
        try:
            self._source.start()
        except AudioDeviceError as error:
            self._send(Waits(error.what, error.remedy or ""))
            return
        self._open, self._taken, self._lost_s = True, 0, 0.0
        self._leave_gap()
        self._send(Opened(self._source.device_name, self._source.device_rate_hz, self.tape.heard_s))
        if self._records:
            self._begin_recording()

    def _leave_gap(self) -> None:
        """Begin a window with the next sample; the one under way can't be completed."""
        if self.tape.end:
            self._window = self.tape.fill_window()
        self._whole_from = self.tape.end

    def _lose(self, text: str) -> None:
        self._open = False
        self._source.stop()
        self._tried_at = self._now()
        self._end_recording("the input was lost")
        self._send(Waits(text, "it is opened again as soon as it is there"))

    def _send_windows(self) -> None:
        self._miss_windows()
        if self.margin_s is None:
            return
        margin = math.ceil(self.margin_s * SAMPLE_RATE_HZ)
        while (self._window + 1) * WINDOW_SAMPLES + margin <= self.tape.end:
            number = self._window
            self._window += 1
            before = min(number, -(-margin // WINDOW_SAMPLES))
            begin, end = number * WINDOW_SAMPLES, (number + 1) * WINDOW_SAMPLES
            ended_at = self._source.captured_at(end - (self.tape.end - self._taken))
            self._send(
                WindowHeard(
                    number,
                    self.tape.between(begin - before * WINDOW_SAMPLES, end + margin),
                    before,
                    before + 1 + -(-margin // WINDOW_SAMPLES),
                    ended_at,
                )
            )

    def _miss_windows(self) -> None:
        """Give up windows whose sound is forgotten before anybody wanted it."""
        while self._window * WINDOW_SAMPLES < self.tape.begin:
            self._send(WindowMissed(self._window))
            self._window += 1

    def _begin_recording(self) -> None:
        if self._folder is None:
            self._records = False
            self._send(NotRecorded("can't record: nothing may be written into this session"))
            return
        begin = max(self.tape.end // WINDOW_SAMPLES * WINDOW_SAMPLES, self._whole_from)
        name = f"live_{datetime.now():%Y%m%d_%H%M%S}.wav"
        try:
            self._recorder = Recorder(_free(self._folder / name))
            self._recorder.write(self.tape.between(begin, self.tape.end))
        except OSError as error:
            self._give_up_recording(error)

    def _write(self, samples: npt.NDArray[np.float32]) -> None:
        if self._recorder is None:
            return
        try:
            self._recorder.write(samples)
            if self._recorder.full:
                self._end_recording("the file is full; another one goes on")
                self._begin_recording()
        except OSError as error:
            self._give_up_recording(error)

    def _give_up_recording(self, error: OSError) -> None:
        self._records = False
        self._send(NotRecorded(f"can't record: {error.strerror or error}"))
        self._end_recording("the disk refused")

    def _end_recording(self, reason: str) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return
        try:
            path = recorder.finish()
        except OSError as error:
            path = recorder.unfinished
            reason = f"{reason}; {error.strerror or error}".removeprefix("; ")
        self._send(Kept(path, recorder.duration_s, reason))

    def _tell(self) -> None:
        recorder = self._recorder
        self._send(
            Heard(
                self.tape.heard_s,
                self._levels,
                self._source.overflows,
                self._source.lost_s,
                recorder.path if recorder is not None else None,
                recorder.duration_s if recorder is not None else 0.0,
            )
        )


def _free(path: Path) -> Path:
    """The path, or one with a number where it is taken."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free
