"""What a player must be able to do, and what it does now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from birdscope.audio.treatment import PLAIN, Treatment

State = Literal["stopped", "playing", "paused"]


class PlayerLike(Protocol):
    """What the controller needs of birdscope.audio.player.Player."""

    on_end: Callable[[], None] | None
    volume: float

    @property
    def underruns(self) -> int:
        """How often sound was missing."""

    @property
    def device_name(self) -> str:
        """What plays; empty without a device."""

    @property
    def position_s(self) -> float:
        """What is heard now."""

    @property
    def duration_s(self) -> float:
        """Length of the loaded file."""

    @property
    def state(self) -> str:
        """stopped, playing or paused."""

    def load(self, path: Path) -> None:
        """Take a file."""

    def play(self, start_s: float | None = None, end_s: float | None = None) -> None:
        """Start, at `start_s`, until `end_s`."""

    def pause(self) -> None:
        """Hold."""

    def resume(self) -> None:
        """Go on."""

    def seek(self, seconds: float) -> None:
        """Go to a position."""

    def stop(self) -> None:
        """End."""

    def treat(self, treatment: Treatment) -> None:
        """Play another way, from where the sound is."""

    def use_device(self, device: int | str | None) -> None:
        """Play on another device."""

    def close(self) -> None:
        """Give the device back."""


@dataclass(frozen=True, slots=True)
class PlaybackStatus:
    """What the player does now.

    Attributes:
        state: stopped, playing or paused.
        path: The loaded file; None before the first.
        name: How the file is called on screen.
        duration_s: Its length; 0 until known.
        volume: 0 to 1.
        device_note: Why there is no sound; empty when there is.
        treatment: Speed, band, loudness and loop in use.
        auto_advance: Whether the next recording follows at the end of one.
        underruns: How often sound was missing since the app began.
    """

    state: State = "stopped"
    path: Path | None = None
    name: str = ""
    duration_s: float = 0.0
    volume: float = 0.8
    device_note: str = ""
    treatment: Treatment = PLAIN
    auto_advance: bool = False
    underruns: int = 0
