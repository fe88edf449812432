"""What the interface is told of live input."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.audio.live_levels import Levels
from birdscope.engine.live_messages import LiveState

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

QUIET = Levels()


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """Where live input is.

    Attributes:
        state: off → starting → listening ⇄ waiting (no input, tried again and again);
            restarted after its process was lost, until it listens again; failed.
        device: The input, once it is open.
        rate_hz: Its own rate.
        text: What is wrong, in words.
        remedy: What to do.
        heard_s: Seconds since the beginning.
        levels: How loud it is.
        overflows: How often samples were lost between the device and us.
        recording: The file being written; None while none is.
        recorded_s: Its length.
        windows: Windows that have scores.
        skipped: Windows that had to be left out, since the nets were away or too slow.
        waiting: Windows that wait for the nets.
    """

    state: LiveState = "off"
    device: str = ""
    rate_hz: int = 0
    text: str = ""
    remedy: str = ""
    heard_s: float = 0.0
    levels: Levels = QUIET
    overflows: int = 0
    recording: Path | None = None
    recorded_s: float = 0.0
    windows: int = 0
    skipped: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class LiveWindow:
    """A window of live sound with its scores.

    Attributes:
        number: Which since the beginning.
        values: float32 [K, C].
        ended_at: `time.monotonic()` at which its last sample reached the device.
        seconds: Time that the nets took.
    """

    number: int
    values: npt.NDArray[np.float32]
    ended_at: float
    seconds: float
