"""How the sound is played, by command: loop, band, speed, loudness. The base of Playback."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from birdscope.audio.boxes import Box
from birdscope.audio.treatment import SPEEDS, Treatment
from birdscope.tui.band import band_text
from birdscope.tui.playback_status import PlaybackStatus, PlayerLike


class TreatedPlayback(ABC):
    """Commands that say in a few words what is done now.

    Attributes:
        status: The newest PlaybackStatus.
        selection: The box last selected in a spectrogram, and its file.
    """

    status: PlaybackStatus
    selection: tuple[Path, Box] | None = None

    @property
    def path(self) -> Path | None:
        """The loaded file."""
        return self.status.path

    def select(self, path: Path | None, box: Box | None) -> None:
        """Take another selection; a loop and a band that are on follow it."""
        self.selection = (path, box) if path is not None and box is not None else None
        treatment = self.status.treatment
        if self.selection is None or box is None or path != self.path:
            return
        if treatment.loop_s is not None:
            treatment = replace(treatment, loop_s=(box.start_s, box.end_s))
        if treatment.band_hz is not None:
            treatment = replace(treatment, band_hz=(box.low_hz, box.high_hz))
        self._treat(treatment)

    def toggle_loop(self) -> str:
        """Loop the selection, which begins to play, or all of the recording; or once again.

        Returns:
            What is done now, for people.
        """
        treatment = self.status.treatment
        if treatment.loop_s is not None:
            self._treat(replace(treatment, loop_s=None))
            return "loop off"
        if self.selection is not None:
            path, box = self.selection
            span_s, what = (box.start_s, box.end_s), "selection"
        elif self.path is not None and self.status.duration_s:
            path, span_s, what = self.path, (0.0, self.status.duration_s), "recording"
        else:
            return "nothing to loop: play a recording, or select a part of it"
        self._show(treatment=replace(treatment, loop_s=span_s))
        if path == self.path and self.status.state == "playing":
            self._treat(self.status.treatment)
        elif path == self.path:
            self._treat(self.status.treatment)
            self._do(lambda player: player.play(start_s=span_s[0]))
        else:
            self.play(path, start_s=span_s[0])
        return f"looping the {what}"

    def toggle_band(self) -> str:
        """Hear only the selection's band, or everything again; what is done now, for people."""
        treatment = self.status.treatment
        if treatment.band_hz is not None:
            self._treat(replace(treatment, band_hz=None))
            return "all frequencies"
        if self.selection is None:
            return "no band: select a box in the spectrogram first (shift+drag, or x and arrows)"
        box = self.selection[1]
        self._treat(replace(treatment, band_hz=(box.low_hz, box.high_hz)))
        return f"only {band_text(box.low_hz, box.high_hz)}"

    def change_speed(self, steps: int) -> str:
        """Faster or slower, pitch with it; 0 is the recording's own. What is done now."""
        treatment = self.status.treatment
        place = SPEEDS.index(treatment.speed) + steps if steps else SPEEDS.index(1.0)
        speed = SPEEDS[min(max(place, 0), len(SPEEDS) - 1)]
        self._treat(replace(treatment, speed=speed))
        return f"speed ×{speed:g}" + ("" if speed == 1 else ", pitch follows")

    def toggle_normalise(self) -> str:
        """Make all clips equally loud, or leave them; what is done now, for people."""
        treatment = self.status.treatment
        self._treat(replace(treatment, normalise=not treatment.normalise))
        return "as loud as recorded" if treatment.normalise else "all clips equally loud"

    def toggle_auto_advance(self) -> str:
        """Let the next recording follow, or not; what is done now, for people."""
        self._show(auto_advance=not self.status.auto_advance)
        return "the next recording follows" if self.status.auto_advance else "stops at the end"

    def use_device(self, device: int | str | None) -> None:
        """Play on another device; None is the system's default."""
        self._do(lambda player: player.use_device(device))

    async def device_name(self) -> str:
        """What plays; empty without a device."""
        return await asyncio.to_thread(lambda: self._ready().device_name)

    @property
    def clip(self) -> tuple[Path, tuple[float, float]] | None:
        """What "save clip" saves: the selection, or what is loaded; None for nothing."""
        if self.selection is not None:
            path, box = self.selection
            return path, (box.start_s, box.end_s)
        if self.path is not None and self.status.duration_s:
            return self.path, (0.0, self.status.duration_s)
        return None

    def _treat(self, treatment: Treatment) -> None:
        self._show(treatment=treatment)
        self._do(lambda player: player.treat(treatment))

    def _treat_for(self, path: Path) -> Treatment:
        """How a file is to be played: another file's loop is not its."""
        treatment, selection = self.status.treatment, self.selection
        if path == self.path or treatment.loop_s is None:
            return treatment
        if selection is None or selection[0] != path:
            treatment = replace(treatment, loop_s=None)
            self._show(treatment=treatment)
        return treatment

    @abstractmethod
    def play(
        self,
        path: Path,
        *,
        name: str = "",
        start_s: float | None = None,
        end_s: float | None = None,
    ) -> None:
        """Play a file, or a span of it."""

    @abstractmethod
    def _ready(self) -> PlayerLike:
        """The player, once it is open."""

    @abstractmethod
    def _do(self, command: Callable[[PlayerLike], None]) -> None:
        """Run a command after those before it, in a thread."""

    @abstractmethod
    def _show(self, **changes: object) -> None:
        """Change the status, and tell."""
