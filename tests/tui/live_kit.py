"""Live input without processes: a test says what is heard."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from birdscope.audio.live_levels import Levels
from birdscope.core.errors import EngineError
from birdscope.engine.live_messages import Kept
from birdscope.engine.live_status import LiveStatus, LiveWindow
from tests.tui import conftest
from tests.tui.fake_engine import score

LATENCY_S = 0.42
NAMES = ["Field recorder: USB Audio (hw:1,0), ALSA", "pulse, ALSA"]


class FakeLive:
    """Looks like birdscope.engine.live_client.LiveInput.

    Attributes:
        started: Device and folder of each start.
        asked: Column, count of each picture.
        problem: Why there is no list of devices; empty where there is.
        stopped: How often it was stopped.
    """

    def __init__(self, classes: int = 16) -> None:
        self.status = LiveStatus()
        self.started: list[tuple[str, Path | None]] = []
        self.asked: list[tuple[int, int]] = []
        self.problem = ""
        self.stopped = 0
        self._classes = classes
        self._listeners: list[Callable[[object], None]] = []

    def tell(self, listener: Callable[[object], None]) -> Callable[[], None]:
        self._listeners.append(listener)

        def forget() -> None:
            with suppress(ValueError):
                self._listeners.remove(listener)

        return forget

    def start(self, device: str = "", folder: Path | None = None) -> None:
        self.started.append((device, folder))
        self.status = LiveStatus()
        self.show(state="starting")

    async def devices(self) -> list[str]:
        if self.problem:
            raise EngineError(self.problem)
        return NAMES

    async def picture(
        self, first: int, columns: int, column_s: float, rows: int, scale: str, *more: Any
    ) -> npt.NDArray[np.float32]:
        self.asked.append((first, columns))
        start_s = first * column_s
        end_s = (first + columns) * column_s
        return conftest.picture(Path("live"), start_s, end_s, columns, rows, scale)

    def record(self, on: bool) -> None:
        before = self.status.recording
        if on:
            self.show(recording=Path("/s/recordings/live_20260401_053000.wav"), recorded_s=3.0)
        elif before is not None:
            self.show(recording=None)
            self.publish(Kept(before, self.status.recorded_s))

    def stop(self) -> None:
        self.stopped += 1
        self.record(False)
        self.show(state="off")

    def close(self) -> None:
        self._listeners.clear()

    def open(self, **changes: Any) -> None:
        """The input brings sound."""
        self.show(state="listening", device="default", rate_hz=48_000, **changes)

    def hear(self, seconds: float, levels: Levels | None = None) -> None:
        """So many seconds are heard; the windows that ended have scores."""
        before = self.status.windows
        self.show(heard_s=seconds, levels=levels or Levels(-12.0, -27.0, -7.0))
        for number in range(before, int(seconds // 5)):
            self.score(number)

    def score(self, number: int) -> None:
        """A window has scores."""
        self.show(windows=number + 1)
        self.publish(LiveWindow(number, score(number, self._classes), 1000.0, 0.1))

    def show(self, **changes: Any) -> None:
        self.status = replace(self.status, **changes)
        self.publish(self.status)

    def publish(self, news: object) -> None:
        for listener in tuple(self._listeners):
            listener(news)


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> FakeLive:
    """A live input whose windows are painted 0.42 s after their end."""
    monkeypatch.setattr("birdscope.tui.live_feed.monotonic", lambda: 1000.0 + LATENCY_S)
    return FakeLive()
