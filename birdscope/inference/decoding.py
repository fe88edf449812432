"""A recording on its way into the ensemble: how many rows it gets, and what it turned out to be."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from birdscope.audio.decode import AudioInfo, probe, read_available
from birdscope.audio.files import ends_early
from birdscope.core.errors import AudioError
from birdscope.core.events import Emit, Event, Stop, silent
from birdscope.core.scores import ScoreRows
from birdscope.core.types import Recording
from birdscope.core.units import clock
from birdscope.core.windows import SAMPLE_RATE_HZ, SOUNDSCAPE_S, WINDOW_S, window_count
from birdscope.inference.rows import lay_out
from birdscope.inference.store import Status

# -100 dBFS: below the noise of any 16-bit recorder.
SILENCE_PEAK = 1e-5
_HEADER_THREADS = 4


@dataclass(frozen=True)
class Decoded:
    """A recording ready for the nets.

    Attributes:
        recording: Which.
        waveform: float32 [samples] at 32 kHz; None where nothing could be decoded.
        status: Its outcome.
        message: What is odd about it, in words; empty for an ordinary one.
        duration_s: Decoded length in seconds.
    """

    recording: Recording
    waveform: npt.NDArray[np.float32] | None
    status: Status
    message: str
    duration_s: float


def plan_rows(
    recordings: Sequence[Recording], *, emit: Emit = silent, stop: Stop | None = None
) -> ScoreRows:
    """Lay out the rows of recordings from their headers; damaged ones get rows too."""
    counts = []
    with ThreadPoolExecutor(_HEADER_THREADS) as pool:
        for done, count in enumerate(pool.map(expected_windows, recordings), start=1):
            if stop:
                pool.shutdown(cancel_futures=True)
                stop.check()
            counts.append(count)
            if done % 100 == 0 or done == len(recordings):
                emit(_progress(done, len(recordings)))
    return lay_out([one.key for one in recordings], counts)


def _progress(done: int, total: int) -> Event:
    return Event("progress", "reading headers", done=done, total=total, unit="recording")


def expected_windows(recording: Recording) -> int:
    """Rows that a recording gets.

    By its length; a soundscape that is unreadable or breaks off gets at least those of the
    60 s it should have, because a submission needs them.
    """
    whole = 1 if recording.split == "train_audio" else window_count(SOUNDSCAPE_S)
    try:
        count = window_count(probe(recording.path).duration_s)
    except AudioError:
        return whole
    return max(count, whole) if count < whole and ends_early(recording.path) else count


def decode(recording: Recording) -> Decoded:
    """Read a whole recording and say what it turned out to be; never raises for a bad file."""
    try:
        info = probe(recording.path)
        waveform, warning = read_available(recording.path, sample_rate_hz=SAMPLE_RATE_HZ)
    except AudioError as error:
        return Decoded(recording, None, "unreadable", error.what, 0.0)
    if not len(waveform):
        return Decoded(recording, None, "unreadable", warning or "holds no sound", 0.0)
    duration_s = len(waveform) / SAMPLE_RATE_HZ
    findings = _findings(info, waveform, warning, duration_s)
    status: Status = findings[0][0] if findings else "ok"
    return Decoded(recording, waveform, status, "; ".join(text for _, text in findings), duration_s)


def _findings(
    info: AudioInfo,
    waveform: npt.NDArray[np.float32],
    warning: str | None,
    duration_s: float,
) -> list[tuple[Status, str]]:
    """All that is odd about a decoded recording, the gravest first."""
    found: list[tuple[Status, str]] = []
    if warning:
        found.append(("damaged", f"{warning}; what is missing counts as zeros"))
    # an hour's absolute values would be as large as the hour itself
    if max(float(waveform.max()), -float(waveform.min())) < SILENCE_PEAK:
        found.append(("silent", "there is nothing but silence"))
    if duration_s < WINDOW_S:
        found.append(("short", f"{duration_s:.1f} s long, the rest of the window is zeros"))
    if info.channels > 1:
        found.append(("stereo", f"{info.channels} channels, the first is used"))
    if window_count(duration_s) > window_count(SOUNDSCAPE_S):
        found.append(("long", f"{clock(duration_s)} long, every window is predicted"))
    return found
