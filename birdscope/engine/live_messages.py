"""What the interface and the process that listens say to each other; plain, picklable data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from birdscope.audio.live_levels import Levels

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

LiveState = Literal["off", "starting", "listening", "waiting", "restarted", "failed"]


@dataclass(frozen=True, slots=True)
class Listen:
    """Open an input, and try again where it is not there or was lost.

    Attributes:
        token: Number of the request.
        device: One of the answer to DevicesWanted; empty is the system's default.
        folder: Where recordings are written; None where nothing may be.
        margin_s: Sound that the ensemble wants before and after a window; None while that is
            not known: windows wait.
        first_window: Number of the window that begins with the first sample.
    """

    token: int
    device: str = ""
    folder: Path | None = None
    margin_s: float | None = None
    first_window: int = 0


@dataclass(frozen=True, slots=True)
class Margin:
    """What an ensemble wants is known.

    Attributes:
        seconds: Before and after it.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class Record:
    """Write what is heard into a file, from the beginning of the present window on.

    Attributes:
        on: False ends the recording.
    """

    on: bool


@dataclass(frozen=True, slots=True)
class Quiet:
    """Listen no more: finish the recording and give the device back."""


@dataclass(frozen=True, slots=True)
class DevicesWanted:
    """Which inputs are there? Answered by names, the system's default not among them."""

    token: int


@dataclass(frozen=True, slots=True)
class PictureWanted:
    """Columns of the picture; answered by float32 [rows, columns], NaN where nothing is known.

    Attributes:
        token: Number of the question.
        first: Number of the first column since the beginning.
        columns: How many.
        column_s: Seconds of a column.
        rows: Cells in frequency.
        scale: How hertz are spread over the rows.
        low_hz: Lower edge.
        high_hz: Upper edge.
        n_fft: Samples of a window; None fits it to the columns.
        overlap: Share of a window that the next one covers.
    """

    token: int
    first: int
    columns: int
    column_s: float
    rows: int
    scale: str
    low_hz: float
    high_hz: float
    n_fft: int | None = None
    overlap: float = 0.5


@dataclass(frozen=True, slots=True)
class Begun:
    """What comes from now on belongs to a Listen; what came before does not."""

    token: int


@dataclass(frozen=True, slots=True)
class Opened:
    """An input brings sound.

    Attributes:
        device: Its name.
        rate_hz: Its own rate; what is heard has 32 kHz.
        from_s: Where the sound goes on; before it there is a gap, unless it is 0.
    """

    device: str
    rate_hz: int
    from_s: float


@dataclass(frozen=True, slots=True)
class Waits:
    """There is no input now; it is tried again and again.

    Attributes:
        text: Why.
        remedy: What to do.
    """

    text: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Heard:
    """Where the sound is, several times a second.

    Attributes:
        heard_s: Seconds since the beginning.
        levels: How loud it is.
        overflows: How often the sound system lost samples since the input was opened.
        lost_s: Seconds that this process came too late for.
        recording: The file being written; None while none is.
        recorded_s: Its length.
    """

    heard_s: float
    levels: Levels
    overflows: int = 0
    lost_s: float = 0.0
    recording: Path | None = None
    recorded_s: float = 0.0


@dataclass(frozen=True, slots=True)
class WindowHeard:
    """A window and the sound around it.

    Attributes:
        number: Which window since the beginning.
        waveform: float32 [samples] at 32 kHz.
        index: The window's place in the waveform, in windows.
        n_windows: Windows of the waveform, as far as it goes.
        ended_at: `time.monotonic()` at which its last sample reached the device.
    """

    number: int
    waveform: npt.NDArray[np.float32]
    index: int
    n_windows: int
    ended_at: float


@dataclass(frozen=True, slots=True)
class WindowMissed:
    """A window waited for an ensemble until its sound was forgotten."""

    number: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A recording is closed.

    Attributes:
        path: The file.
        duration_s: Its length.
        reason: Why it ended; empty where it was asked for.
    """

    path: Path
    duration_s: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class NotRecorded:
    """A recording can't begin or go on; what was written stays.

    Attributes:
        text: Why.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question; an exception's text where there is none."""

    token: int
    value: object = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ScoreSound:
    """For the model lane: score a window of sound that is in no file.

    Attributes:
        token: Number of the request; a newer one takes an older one's place.
        waveform: float32 [samples] at 32 kHz.
        index: The window's place in it, in windows.
        n_windows: Windows of the waveform.
    """

    token: int
    waveform: npt.NDArray[np.float32]
    index: int
    n_windows: int


@dataclass(frozen=True, slots=True)
class SoundScored:
    """Raw scores of a window.

    Attributes:
        token: The ScoreSound it answers.
        values: float32 [K, C].
        seconds: Time it took.
    """

    token: int
    values: npt.NDArray[np.float32]
    seconds: float
