"""A downloaded file as a clip of the dataset: one channel, 32 kHz, Ogg Vorbis, equally loud."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from birdscope.audio import decode
from birdscope.audio.loudness import loudness_gain
from birdscope.core.windows import SAMPLE_RATE_HZ
from birdscope.dataset.cleaning.quality import Quality, measure_quality

_PEAK = 0.99
_REWRITES = 4


@dataclass(frozen=True)
class Checks:
    """What a clip has to be like once it is decoded.

    Attributes:
        min_length_s: Shorter ones are left out.
        min_snr_db: Noisier ones are left out; None takes any. (See
            `birdscope.dataset.cleaning.quality.signal_to_noise_db`.)
        max_clipped_share: Ones with a larger share of clipped samples are left out.
        loudness_lufs: What every clip is brought to, as far as its peak allows.
    """

    min_length_s: float = 5.0
    min_snr_db: float | None = 10.0
    max_clipped_share: float = 0.01
    loudness_lufs: float = -23.0


def convert(source: Path, target: Path, checks: Checks) -> tuple[Quality, str]:
    """Decode, check and write a clip.

    Args:
        source: Any sound file.
        target: The .ogg file; written whole or not at all.
        checks: What the clip has to be like.

    Returns:
        What was measured of the source, and why nothing was written, as a short stable name;
        empty where the clip is there. No written sample exceeds ±0.99 once decoded.

    Raises:
        AudioError: the source can't be decoded to its end.
    """
    waveform = decode.read(source, sample_rate_hz=SAMPLE_RATE_HZ, channel="mean")
    quality = measure_quality(waveform, SAMPLE_RATE_HZ)
    reason = _refusal(quality, checks)
    if not reason:
        gain = loudness_gain(waveform, SAMPLE_RATE_HZ, checks.loudness_lufs, _PEAK)
        _write(target, (waveform * np.float32(gain)).astype(np.float32))
    return quality, reason


def _refusal(quality: Quality, checks: Checks) -> str:
    if quality.duration_s < checks.min_length_s:
        return "too short"
    if quality.silent_share == 1.0:
        return "silent"
    if checks.min_snr_db is not None and quality.snr_db < checks.min_snr_db:
        return "signal to noise"
    if quality.clipped_share > checks.max_clipped_share:
        return "clipped"
    return ""


def _write(target: Path, waveform: npt.NDArray[np.float32]) -> None:
    """Write, and again more quietly while the coded sound overshoots."""
    for _ in range(_REWRITES):
        decode.write_ogg(target, waveform, SAMPLE_RATE_HZ)
        peak = float(np.abs(decode.read(target)).max(initial=0.0))
        if peak <= _PEAK:
            return
        waveform = waveform * np.float32(0.99 * _PEAK / peak)
