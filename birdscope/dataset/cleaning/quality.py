"""What a waveform says of its own recording: level, clipping, silence, signal and noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from birdscope.dataset.cleaning.spans import runs

Wave = npt.NDArray[np.float32]
_FRAME_S = 0.05
_RAIL = 0.97
_RAIL_RUN = 4
_LOUD = 0.5
_TINY = 1e-10


@dataclass(frozen=True, slots=True)
class Quality:
    """Levels of one recording.

    Attributes:
        duration_s: Its length.
        peak: Largest absolute sample.
        rms_dbfs: Level of the whole; a full sine is −3 dBFS.
        clipped_share: Share of samples at the rail, see `clipped`.
        silent_share: Share of frames of 50 ms below the silence level.
        snr_db: See `signal_to_noise_db`.
    """

    duration_s: float
    peak: float
    rms_dbfs: float
    clipped_share: float
    silent_share: float
    snr_db: float


def measure_quality(waveform: Wave, rate_hz: int, silence_dbfs: float = -80.0) -> Quality:
    """Every figure of `Quality`; all zero for no samples at all."""
    if not len(waveform):
        return Quality(0.0, 0.0, -100.0, 0.0, 1.0, 0.0)
    power = frame_power(waveform, rate_hz)
    return Quality(
        duration_s=len(waveform) / rate_hz,
        peak=float(np.abs(waveform).max()),
        rms_dbfs=float(_db(np.mean(power))),
        clipped_share=float(clipped(waveform).mean()),
        silent_share=float((_db(power) < silence_dbfs).mean()),
        snr_db=signal_to_noise_db(power),
    )


def frame_power(waveform: Wave, rate_hz: int) -> npt.NDArray[np.float64]:
    """Mean square of frames of 50 ms: float64 [frames]; the last may be shorter."""
    size = max(1, round(_FRAME_S * rate_hz))
    starts = np.arange(0, len(waveform), size)
    sums = np.add.reduceat(np.square(waveform, dtype=np.float64), starts)
    return sums / np.diff(np.append(starts, len(waveform)))


def signal_to_noise_db(power: npt.NDArray[np.float64]) -> float:
    """How far the loud moments stand above the quiet ones, in dB, at most 100.

    Noise is the 10th percentile of the frames' powers, signal what the 95th has above it.
    A sound that never pauses (a chorus of insects) has no quiet moments: its figure is low
    though it may be clean.
    """
    noise, loud = np.percentile(power, [10, 95])
    ratio = max(float(loud - noise), _TINY) / max(float(noise), _TINY)
    return float(np.clip(10 * np.log10(ratio), -100, 100))


def clipped(waveform: Wave) -> npt.NDArray[np.bool_]:
    """Which samples are cut off at the top: bool [samples].

    At least four samples in a row within 3 % of the rail, on the same side, count. The rail is
    full scale, or the recording's own peak where that is lower but loud (over −6 dBFS): what
    was clipped and then made quieter. Four in a row are more than the round top of a tone above
    about 800 Hz has at 32 kHz.
    """
    mask = np.zeros(len(waveform), bool)
    peak = float(np.abs(waveform).max(initial=0.0))
    if peak < _LOUD:
        return mask
    for side in (waveform, -waveform):
        for first, last in runs(side >= _RAIL * min(peak, 1.0)):
            mask[first:last] = last - first >= _RAIL_RUN
    return mask


def clipped_seconds(waveform: Wave, rate_hz: int, share: float) -> tuple[tuple[int, float], ...]:
    """Whole seconds with at least that share of clipped samples: (second, share)."""
    mask = clipped(waveform)
    starts = np.arange(0, len(waveform), rate_hz)
    if not len(starts) or not mask.any():
        return ()
    shares = np.add.reduceat(mask.astype(np.float64), starts) / rate_hz
    return tuple((int(second), float(shares[second])) for second in np.flatnonzero(shares >= share))


def silent_spans(
    waveform: Wave, rate_hz: int, silence_dbfs: float, shortest_s: float
) -> tuple[tuple[float, float], ...]:
    """Seconds (start, end) in which nothing was recorded."""
    quiet = runs(_db(frame_power(waveform, rate_hz)) < silence_dbfs) if len(waveform) else []
    end_s = len(waveform) / rate_hz
    spans = ((first * _FRAME_S, min(last * _FRAME_S, end_s)) for first, last in quiet)
    return tuple(one for one in spans if one[1] - one[0] >= shortest_s)


def _db(power: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return 10 * np.log10(np.maximum(np.asarray(power, np.float64), _TINY))
