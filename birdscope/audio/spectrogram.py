"""The picture of a sound in terminal cells. NumPy only, so that the interface may import it.

Levels are decibels relative to full scale: a sine of amplitude 1 is 0 dB in its cell.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from birdscope.audio.axes import FrequencyAxis, Scale, Tick
from birdscope.audio.files import AudioInfo, SoundReader
from birdscope.audio.spectra import Part, Pool, column_power, rows_of
from birdscope.core.errors import AudioError
from birdscope.core.events import Emit, Event, Stop, silent

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = [
    "SpectrogramSettings",
    "display_spectrogram",
    "file_spectrogram",
    "frequency_ticks",
    "hz_to_row",
    "row_to_hz",
]


class Sound(Protocol):
    """What can be read like a recording; see `SoundReader`."""

    @property
    def info(self) -> AudioInfo:
        """Its rate and length."""
        ...

    def seek(self, frame: int) -> None:
        """Make `frame` the next one read."""
        ...

    def read(self, frames: int) -> npt.NDArray[np.float32]:
        """The next frames, float32 [n, channels]."""
        ...


# Spans up to this long are decoded whole; longer ones are sampled at even distances.
WHOLE_S = 180.0
_DECODE_S = 20.0
# Of a long span each column is heard in this many places, of so many frames each.
_LOOKS = 4
_LOOK_FRAMES = 8


@dataclass(frozen=True)
class SpectrogramSettings:
    """How a picture is made.

    Attributes:
        f_min_hz: Lower edge of the picture.
        f_max_hz: Upper edge; rows above half the sample rate are at the floor.
        scale: How hertz are spread over the rows.
        n_fft: Samples of a Hann window; None takes about 32 ms, less where columns are short.
        overlap: Share of a window that the next one covers, at least; columns shorter than
            a step have a window each, whatever this says.
        floor_db: Quieter cells are raised to this.
        pool: A cell shows its loudest spot, or its mean power.
        sampled: Whether columns are heard in a few places even where the span is short.
    """

    f_min_hz: float = 0.0
    f_max_hz: float = 16_000.0
    scale: Scale = "mel"
    n_fft: int | None = None
    overlap: float = 0.5
    floor_db: float = -100.0
    pool: Pool = "max"
    sampled: bool = False

    def axis(self, rows: int) -> FrequencyAxis:
        """The vertical axis of a picture of so many rows."""
        return FrequencyAxis(rows, self.f_min_hz, self.f_max_hz, self.scale)


def display_spectrogram(
    waveform: npt.NDArray[np.float32],
    sample_rate_hz: int,
    *,
    columns: int,
    rows: int,
    f_min_hz: float = 0.0,
    f_max_hz: float = 16_000.0,
    scale: Scale = "mel",
    n_fft: int | None = None,
    floor_db: float = -100.0,
    pool: Pool = "max",
) -> npt.NDArray[np.float32]:
    """A waveform as exactly `rows` × `columns` cells, each covering an equal share of it.

    Args:
        waveform: float32 [samples], any length from 1.
        sample_rate_hz: Its rate.
        columns: Cells in time.
        rows: Cells in frequency.
        f_min_hz: See `SpectrogramSettings`, as for the rest.
        f_max_hz: Upper edge of row 0.
        scale: `mel` (HTK), `linear` or `log`.
        n_fft: Window length in samples.
        floor_db: Lowest level.
        pool: `max` or `mean`.

    Returns:
        float32 [rows, columns] in dB re full scale; row 0 holds the highest frequencies.
    """
    import numpy as np

    settings = SpectrogramSettings(f_min_hz, f_max_hz, scale, n_fft, floor_db=floor_db, pool=pool)
    size = _window_size(settings, sample_rate_hz, len(waveform) / columns)
    padded = np.pad(waveform, size)
    return _picture(
        Part(columns, len(waveform) / columns, padded, size), sample_rate_hz, rows, settings
    )


def file_spectrogram(
    path: Path | str,
    *,
    columns: int,
    rows: int,
    start_s: float = 0.0,
    end_s: float | None = None,
    settings: SpectrogramSettings | None = None,
    on_columns: Callable[[int, npt.NDArray[np.float32]], None] | None = None,
    emit: Emit = silent,
    stop: Stop | None = None,
) -> npt.NDArray[np.float32]:
    """A span of a recording as cells, at the recording's own rate; see `display_spectrogram`.

    Spans over three minutes are not decoded whole: every column is the picture of a few
    short looks at even distances, so that three hours take about a second.

    Args:
        path: The recording; its first channel is shown.
        columns: Cells in time.
        rows: Cells in frequency.
        start_s: Left edge.
        end_s: Right edge; None is the end of the recording. Cells past it are at the floor.
        settings: How the picture is made.
        on_columns: Called with the first column and float32 [rows, n] of each finished part.
        emit: Hears progress in columns.
        stop: Ends the work early.

    Returns:
        float32 [rows, columns] in dB re full scale; damaged stretches are at the floor.

    Raises:
        AudioError: the file can't be opened.
        Cancelled: `stop` was set.
    """
    with SoundReader(path) as sound:
        span = (start_s, sound.info.duration_s if end_s is None else end_s)
        return sound_spectrogram(sound, span, columns, rows, settings, on_columns, emit, stop)


def sound_spectrogram(
    sound: Sound,
    span_s: tuple[float, float],
    columns: int,
    rows: int,
    settings: SpectrogramSettings | None = None,
    on_columns: Callable[[int, npt.NDArray[np.float32]], None] | None = None,
    emit: Emit = silent,
    stop: Stop | None = None,
) -> npt.NDArray[np.float32]:
    """A span of anything that can be read like a recording; see `file_spectrogram`."""
    import numpy as np

    settings = settings or SpectrogramSettings()
    picture = np.full((rows, columns), settings.floor_db, np.float32)
    rate_hz = sound.info.sample_rate_hz
    for first, parts in _parts(sound, span_s, columns, settings):
        if stop is not None:
            stop.check()
        cells = np.maximum.reduce([_picture(part, rate_hz, rows, settings) for part in parts])
        picture[:, first : first + cells.shape[1]] = cells
        if on_columns is not None:
            on_columns(first, cells)
        emit(Event("progress", done=first + cells.shape[1], total=columns, unit="column"))
    return picture


def row_to_hz(row: float, rows: int, settings: SpectrogramSettings | None = None) -> float:
    """Frequency in the middle of a row; see `FrequencyAxis`."""
    return (settings or SpectrogramSettings()).axis(rows).row_to_hz(row + 0.5)


def hz_to_row(frequency_hz: float, rows: int, settings: SpectrogramSettings | None = None) -> float:
    """Fractional row of a frequency, 0 at the top edge; see `FrequencyAxis`."""
    return (settings or SpectrogramSettings()).axis(rows).hz_to_row(frequency_hz)


def frequency_ticks(
    rows: int, settings: SpectrogramSettings | None = None, *, min_gap: int = 4
) -> list[Tick]:
    """Round frequencies to write beside the picture; see `FrequencyAxis.ticks`."""
    return (settings or SpectrogramSettings()).axis(rows).ticks(min_gap)


def _parts(
    sound: Sound, span_s: tuple[float, float], columns: int, settings: SpectrogramSettings
) -> Iterator[tuple[int, list[Part]]]:
    """First column and parts, one after another; several parts are looks at one column."""
    rate_hz = sound.info.sample_rate_hz
    begin, per_column = span_s[0] * rate_hz, (span_s[1] - span_s[0]) * rate_hz / columns
    size = _window_size(settings, rate_hz, per_column)
    if span_s[1] - span_s[0] <= WHOLE_S and not settings.sampled:
        step = max(1, min(columns, round(_DECODE_S * rate_hz / per_column)))
        for first in range(0, columns, step):
            count = min(step, columns - first)
            padded = _slice(sound, begin + first * per_column, count * per_column, size)
            yield first, [Part(count, per_column, padded, size)]
        return
    look = _LOOK_FRAMES * size / 2
    for column in range(columns):
        middles = [
            begin + (column + (number + 0.5) / _LOOKS) * per_column for number in range(_LOOKS)
        ]
        slices = [_slice(sound, middle - look / 2, look, size) for middle in middles]
        yield column, [Part(1, look, padded, size) for padded in slices]


def _slice(sound: Sound, begin: float, length: float, margin: int) -> npt.NDArray[np.float32]:
    """First channel of a stretch and `margin` samples around it.

    Zeros stand before and after the recording and where it is damaged.
    """
    import numpy as np

    first = math.floor(begin + 0.5) - margin
    out = np.zeros(math.ceil(length) + 2 * margin, np.float32)
    inside = [min(max(edge, 0), sound.info.frames) for edge in (first, first + len(out))]
    try:
        sound.seek(inside[0])
        block = sound.read(inside[1] - inside[0])[:, 0]
    except AudioError:
        return out
    out[inside[0] - first : inside[0] - first + len(block)] = np.nan_to_num(block)
    return out


def _picture(
    part: Part, rate_hz: int, rows: int, settings: SpectrogramSettings
) -> npt.NDArray[np.float32]:
    import numpy as np

    power = column_power(part, settings.pool, settings.overlap)
    cells = rows_of(power, rate_hz / part.n_fft, settings.axis(rows), settings.pool)
    level = 10.0 * np.log10(np.maximum(cells, np.float32(1e-30)))
    return np.ascontiguousarray(np.maximum(level, np.float32(settings.floor_db)).T[::-1])


def _window_size(settings: SpectrogramSettings, rate_hz: int, samples_per_column: float) -> int:
    """The setting; else 32 ms (1024 at 32 kHz), down to 8 ms where columns are that short."""
    if settings.n_fft is not None:
        return settings.n_fft
    size = max(64, 1 << round(math.log2(0.032 * rate_hz)))
    while size > max(64.0, 4 * samples_per_column, 0.012 * rate_hz):
        size //= 2
    return size
