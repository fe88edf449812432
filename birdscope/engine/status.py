"""What the engine does now, and what is asked of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from birdscope.engine.messages import Predict, WindowScored

State = Literal["off", "starting", "idle", "warming", "ready", "busy", "failed", "restarted"]


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """What the model lane does now.

    Attributes:
        state: off → starting → idle (no ensemble) → warming → ready ⇄ busy; failed; restarted
            after its process was lost, until it is warm again.
        text: For people: what is being loaded, what went wrong.
        remedy: What to do about a failure.
        done: Of warm-up.
        total: Of warm-up; None where unknown.
        window_s: Mean seconds per window lately; 0 before the first.
        ensemble: Name of the file that is loaded or being loaded.
    """

    state: State = "off"
    text: str = ""
    remedy: str = ""
    done: float | None = None
    total: float | None = None
    window_s: float = 0.0
    ensemble: str = ""


@dataclass(frozen=True, slots=True)
class WindowsWanted:
    """Windows of a recording to score, the most urgent first.

    Attributes:
        recording: Key of the recording.
        path: Its sound file.
        n_windows: Windows it has in all.
        order: Indexes of the windows wanted.
        session_folder: Where results are kept; None keeps nothing.
        dataset: Fingerprint of the dataset.
    """

    recording: str
    path: Path
    n_windows: int
    order: tuple[int, ...]
    session_folder: Path | None = None
    dataset: str = ""


class Stream:
    """Running WindowsWanted: results as they come, and what is missing after a restart.

    Attributes:
        token: Number of the request.
        wanted: What is still missing.
        results: Results, then an error or None for the end.
    """

    def __init__(self, token: int, wanted: WindowsWanted) -> None:
        self.token = token
        self.wanted = wanted
        self.results: asyncio.Queue[WindowScored | BaseException | None] = asyncio.Queue()

    def request(self) -> Predict:
        """The message that asks for what is missing."""
        one = self.wanted
        return Predict(
            self.token,
            one.recording,
            one.path,
            one.n_windows,
            one.order,
            one.session_folder,
            one.dataset,
        )

    def took(self, result: WindowScored) -> None:
        """Pass a result on."""
        left = tuple(index for index in self.wanted.order if index != result.index)
        self.wanted = replace(self.wanted, order=left)
        self.results.put_nowait(result)

    def end(self, error: BaseException | None = None) -> None:
        """Nothing more will come."""
        self.results.put_nowait(error)
