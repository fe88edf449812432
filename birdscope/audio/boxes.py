"""What a box of time and frequency in a recording measures."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.audio.files import SoundReader
from birdscope.core.errors import AudioError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# A box longer than this is measured in its loudest part only as far as this reaches.
_LONGEST_S = 120.0
_N_FFT = 2048
# Longer spans are looked at in places only, as the spectrogram does.
_WHOLE_S = 180.0
_LOOK_S = 0.25


@dataclass(frozen=True)
class Box:
    """A selection.

    Attributes:
        start_s: Left edge.
        end_s: Right edge.
        low_hz: Lower edge.
        high_hz: Upper edge.
    """

    start_s: float
    end_s: float
    low_hz: float
    high_hz: float

    @property
    def duration_s(self) -> float:
        """Its length."""
        return self.end_s - self.start_s

    @property
    def bandwidth_hz(self) -> float:
        """Its height."""
        return self.high_hz - self.low_hz


@dataclass(frozen=True)
class Measure:
    """What was found in a box.

    Attributes:
        peak_hz: The frequency with the highest mean power in it.
        peak_db: That power, dB re a full-scale sine.
        low_hz: Below this lies 5 % of the energy in the box.
        high_hz: Above this lies 5 % of the energy in the box.
    """

    peak_hz: float
    peak_db: float
    low_hz: float
    high_hz: float


def measure_box(path: Path | str, box: Box) -> Measure:
    """The peak frequency of a box and the band that holds 90 % of its energy (as Raven's).

    Args:
        path: The recording; its first channel counts.
        box: Where to measure; of a box of more than two minutes the first two.

    Raises:
        AudioError: the file can't be read.
    """
    import numpy as np
    from scipy.signal import get_window

    with SoundReader(path) as sound:
        rate_hz = sound.info.sample_rate_hz
        sound.seek(min(round(box.start_s * rate_hz), sound.info.frames))
        wanted = round(min(box.duration_s, _LONGEST_S) * rate_hz)
        wave = sound.read(wanted)[:, 0]
    wave = np.nan_to_num(wave)
    wave = np.pad(wave, (0, max(_N_FFT - len(wave), 0)))
    window = get_window("hann", _N_FFT).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(wave, _N_FFT)[:: _N_FFT // 2]
    power = np.zeros(_N_FFT // 2 + 1)
    for first in range(0, len(frames), 256):
        power += (np.abs(np.fft.rfft(frames[first : first + 256] * window)) ** 2).sum(axis=0)
    power *= (2.0 / window.sum()) ** 2 / len(frames)
    bin_hz = rate_hz / _N_FFT
    low = min(int(np.ceil(box.low_hz / bin_hz)), len(power) - 2)
    high = min(max(int(box.high_hz / bin_hz), low), len(power) - 1)
    inside = power[low : high + 1]
    peak = low + int(inside.argmax())
    share = np.cumsum(inside) / max(float(inside.sum()), 1e-30)
    return Measure(
        peak_hz=peak * bin_hz,
        peak_db=float(10 * np.log10(max(float(power[peak]), 1e-12))),
        low_hz=(low + int(np.searchsorted(share, 0.05))) * bin_hz,
        high_hz=(low + min(int(np.searchsorted(share, 0.95)), len(inside) - 1)) * bin_hz,
    )


def file_peaks(
    path: Path | str, start_s: float, end_s: float, columns: int
) -> npt.NDArray[np.float32]:
    """The largest absolute sample in each of `columns` equal parts of a span.

    Of spans over three minutes each part is heard for its first quarter of a second only.

    Args:
        path: The recording; its first channel counts.
        start_s: Left edge.
        end_s: Right edge; parts past the recording's end, and damaged ones, are 0.
        columns: How many parts.

    Returns:
        float32 [columns].

    Raises:
        AudioError: the file can't be opened.
    """
    import numpy as np

    peaks = np.zeros(columns, np.float32)
    with SoundReader(path) as sound:
        rate_hz, frames = sound.info.sample_rate_hz, sound.info.frames
        edges = np.linspace(start_s * rate_hz, end_s * rate_hz, columns + 1).round().astype(int)
        is_long = end_s - start_s > _WHOLE_S
        for column, (first, past) in enumerate(pairwise(edges)):
            past = min(past, frames, first + round(_LOOK_S * rate_hz) if is_long else past)
            if first >= past:
                continue
            try:
                if is_long or column == 0:
                    sound.seek(int(first))
                wave = sound.read(int(past - first))[:, 0]
            except AudioError:
                return peaks
            peaks[column] = np.abs(np.nan_to_num(wave)).max(initial=0.0)
    return peaks
