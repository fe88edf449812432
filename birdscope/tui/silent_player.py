"""A player without sound: the playhead moves by the clock where there is no sound device."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from birdscope.audio.treatment import PLAIN, Treatment


class SilentPlayer:
    """Keeps time like birdscope.audio.player.Player and plays nothing.

    Args:
        probe: Gives a file's length in seconds; the default reads its header.
        now: The clock, in seconds.
    """

    def __init__(
        self,
        probe: Callable[[Path], float] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._probe = probe or _length_s
        self._now = now
        self._begun: float | None = None
        self._offset_s = 0.0
        self._end_s = 0.0
        self._paused = False
        self.duration_s = 0.0
        self.volume = 0.8
        self.underruns = 0
        self.device_name = ""
        self.treatment = PLAIN
        self.on_end: Callable[[], None] | None = None

    @property
    def state(self) -> str:
        """stopped, playing or paused; asking notices the end."""
        if self._begun is not None and self._heard_s() >= self._end_s:
            self._offset_s, self._begun = self._end_s, None
        if self._begun is not None:
            return "playing"
        return "paused" if self._paused else "stopped"

    @property
    def position_s(self) -> float:
        """Where a sound would be."""
        return min(self._heard_s(), self._end_s)

    def treat(self, treatment: Treatment) -> None:
        """Go at another speed, or round a loop; a loop is entered at its beginning."""
        at_s, running = self.position_s, self._begun is not None
        self.treatment, loop_s = treatment, treatment.loop_s
        if loop_s is not None and running and not loop_s[0] <= at_s < loop_s[1]:
            at_s = loop_s[0]
        self._offset_s = at_s
        if running:
            self._begun = self._now()

    def use_device(self, device: int | str | None) -> None:
        """There is none to choose from."""

    def load(self, path: Path) -> None:
        """Take a file; raises AudioError where it can't be read."""
        self.duration_s = self._probe(path)
        self.treatment = replace(self.treatment, loop_s=None)
        self._begun, self._offset_s, self._end_s = None, 0.0, self.duration_s
        self._paused = False

    def play(self, start_s: float | None = None, end_s: float | None = None) -> None:
        """Start the clock at `start_s`."""
        self._offset_s = self._offset_s if start_s is None else start_s
        self._end_s = self.duration_s if end_s is None else min(end_s, self.duration_s)
        self._begun, self._paused = self._now(), False

    def pause(self) -> None:
        """Hold the clock."""
        if self.state == "playing":
            self._offset_s, self._begun, self._paused = self.position_s, None, True

    def resume(self) -> None:
        """Go on after a pause."""
        if self._paused:
            self._begun, self._paused = self._now(), False

    def seek(self, seconds: float) -> None:
        """Go to a position; the end of a span no longer counts."""
        self._offset_s = min(max(0.0, seconds), self.duration_s)
        self._end_s = self.duration_s
        if self._begun is not None:
            self._begun = self._now()

    def stop(self) -> None:
        """End, and go back to the beginning."""
        self._begun, self._paused, self._offset_s = None, False, 0.0

    def close(self) -> None:
        """Nothing to give back."""
        self._begun = None

    def _heard_s(self) -> float:
        if self._begun is None:
            return self._offset_s
        passed_s = (self._now() - self._begun) * self.treatment.speed
        return self.treatment.second_of(self._offset_s, passed_s)


def _length_s(path: Path) -> float:
    from birdscope.audio.decode import probe

    return probe(path).duration_s
