"""The arithmetic of 5 s windows: how many, when, and what their rows are called."""

from __future__ import annotations

import math
from dataclasses import dataclass

SAMPLE_RATE_HZ = 32_000
WINDOW_S = 5
SOUNDSCAPE_S = 60


@dataclass(frozen=True, slots=True)
class Window:
    """One row of scores: a span of one recording.

    Attributes:
        recording: Key of the recording (its path relative to the dataset, with slashes).
        index: Position in the recording, from 0.
        start_s: Where it begins, in seconds.
        end_s: Where it ends, in seconds.
    """

    recording: str
    index: int
    start_s: float
    end_s: float

    @property
    def row_id(self) -> str:
        """`<stem>_<end second>`, as in sample_submission.csv."""
        return row_id(stem_of(self.recording), self.index)


def window_count(duration_s: float) -> int:
    """Windows of a recording: max(1, floor(d / 5 + 0.5)).

    59.9 s gives 12, 61 s gives 12, 3 s gives 1; what a last window lacks is zeros.
    """
    return max(1, math.floor(duration_s / WINDOW_S + 0.5))


def row_id(stem: str, index: int) -> str:
    """The row name of window `index` (from 0) of the recording `stem`."""
    return f"{stem}_{(index + 1) * WINDOW_S}"


def stem_of(key: str) -> str:
    """File name without folder and ending: 'test_soundscapes/a_1.ogg' → 'a_1'."""
    name = key.rsplit("/", 1)[-1]
    return name.rsplit(".", 1)[0] if "." in name else name


def windows_of(recording: str, duration_s: float) -> list[Window]:
    """All windows of a recording, in time order."""
    return [
        Window(recording, index, index * WINDOW_S, (index + 1) * WINDOW_S)
        for index in range(window_count(duration_s))
    ]
