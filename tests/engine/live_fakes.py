"""Inputs that play made sound: by a test's own clock, or by the real one in the process."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import AudioDeviceError

RATE_HZ = 32_000


def numbered(windows: int) -> npt.NDArray[np.float32]:
    """Sound whose samples in window w are w / 100, as tests.engine.fakes wants it."""
    return np.repeat(np.arange(windows, dtype=np.float32) / 100, 5 * RATE_HZ)


class FakeSource:
    """An input that brings what a test puts into it.

    Attributes:
        now: Its clock in seconds, which `bring` winds on.
        there: Whether it can be opened.
    """

    def __init__(self, device_name: str = "fake") -> None:
        self.device_name = device_name
        self.device_rate_hz = 48_000
        self.overflows = 0
        self.lost_s = 0.0
        self.silent_s = 0.0
        self.there = True
        self.now = 100.0
        self.starts = 0
        self.recording = False
        self._waiting: list[npt.NDArray[np.float32]] = []
        self._began = 0.0

    def start(self) -> None:
        self.starts += 1
        if not self.there:
            raise AudioDeviceError("there is no sound input device", remedy="connect one")
        self.recording, self.silent_s = True, 0.0
        self._began = self.now
        self._waiting.clear()

    def stop(self) -> None:
        self.recording = False

    def bring(self, samples: npt.NDArray[np.float32]) -> None:
        self._waiting.append(samples.astype(np.float32))
        self.now += len(samples) / RATE_HZ

    def take(self) -> npt.NDArray[np.float32]:
        taken = np.concatenate([np.zeros(0, np.float32), *self._waiting])
        self._waiting.clear()
        return taken

    def captured_at(self, sample: int) -> float:
        return self._began + sample / RATE_HZ


class FastSource(FakeSource):
    """Plays numbered windows ten times as fast as they would sound, by the real clock."""

    speed = 10.0

    def start(self) -> None:
        super().start()
        self._sound = numbered(60)
        self._given = 0
        self._began = time.monotonic()

    def take(self) -> npt.NDArray[np.float32]:
        due = int((time.monotonic() - self._began) * RATE_HZ * self.speed)
        end = min(due, len(self._sound))
        block = self._sound[self._given : end]
        self._given = end
        return block

    def captured_at(self, sample: int) -> float:
        return self._began + sample / RATE_HZ / self.speed


def open_source(device: str) -> FakeSource:
    """The source that the process is given; a device's name is a mark that it is gone."""
    source = FastSource(device or "the system's default")
    source.there = not device or not Path(device).exists()
    return source
