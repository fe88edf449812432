"""The parts that voices and surroundings are made of. Every array is mono at 32 kHz."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from birdscope.core.windows import SAMPLE_RATE_HZ

Wave = npt.NDArray[np.float32]
FRAME = 320
"""Samples of a frame in which activity is judged: 10 ms."""
_ACTIVE_RANGE_DB = 25.0
_NOISE_PERIOD = 16 * SAMPLE_RATE_HZ
_DRIFT_STEP = 64


def glide(points_hz: Sequence[float], duration_s: float, rng: np.random.Generator) -> Wave:
    """A pitch curve in Hz through evenly spaced points, with the small unsteadiness of a throat.

    Returns:
        float32 [samples].
    """
    count = max(32, round(duration_s * SAMPLE_RATE_HZ))
    place = np.linspace(0, len(points_hz) - 1, count)
    knots = max(3, round(duration_s * 60))
    wobble = np.interp(
        np.linspace(0, knots - 1, count), np.arange(knots), rng.normal(0, 0.004, knots)
    )
    curve = np.interp(place, np.arange(len(points_hz)), points_hz) * (1 + wobble)
    return curve.astype(np.float32)


def tone(pitch_hz: Wave, harmonics: Sequence[float] = (1.0,)) -> Wave:
    """A sound of that pitch; `harmonics` are the amplitudes of its multiples, aliases left out."""
    turns = np.cumsum(pitch_hz, dtype=np.float64) / SAMPLE_RATE_HZ
    phase = ((turns % 1.0) * (2 * np.pi)).astype(np.float32)
    wave = np.zeros(len(pitch_hz), np.float32)
    top_hz = float(pitch_hz.max())
    for number, amplitude in enumerate(harmonics, start=1):
        if number * top_hz < 0.47 * SAMPLE_RATE_HZ:
            wave += np.float32(amplitude) * np.sin(np.float32(number) * phase)
    return wave


def fade(wave: Wave, attack_s: float, release_s: float) -> Wave:
    """The wave with a raised-cosine beginning and end."""
    shaped = wave.copy()
    attack = min(len(wave) // 2, round(attack_s * SAMPLE_RATE_HZ))
    release = min(len(wave) // 2, round(release_s * SAMPLE_RATE_HZ))
    if attack:
        shaped[:attack] *= _ramp(attack)
    if release:
        shaped[-release:] *= _ramp(release)[::-1]
    return shaped


def _ramp(count: int) -> Wave:
    return (0.5 - 0.5 * np.cos(np.linspace(0, np.pi, count))).astype(np.float32)


def silence(duration_s: float) -> Wave:
    """Zeros."""
    return np.zeros(max(1, round(duration_s * SAMPLE_RATE_HZ)), np.float32)


def noise(
    duration_s: float, low_hz: float, high_hz: float, rng: np.random.Generator, *, tilt: float = 0.0
) -> Wave:
    """Noise of RMS 1 in a band; amplitude falls as f ** -tilt (0.5 is pink).

    Drawn as a spectrum, so its end fits its beginning; past 16 s it repeats.
    """
    count = max(64, round(duration_s * SAMPLE_RATE_HZ))
    size = fast_length(min(count, _NOISE_PERIOD))
    frequency_hz = np.linspace(0, SAMPLE_RATE_HZ / 2, size // 2 + 1, dtype=np.float32)
    first, last = np.searchsorted(frequency_hz, (low_hz * 0.87, high_hz * 1.15))
    inside = frequency_hz[first:last]
    weight: Wave = band_weight(inside, low_hz, high_hz)
    if tilt:
        weight = weight * np.power(np.maximum(inside, 20.0), np.float32(-tilt))
    spectrum = np.zeros(len(frequency_hz), np.complex64)
    drawn = rng.standard_normal(2 * len(inside), dtype=np.float32)
    spectrum[first:last] = drawn.view(np.complex64) * weight
    wave: Wave = np.asarray(np.fft.irfft(spectrum, size), np.float32)
    return np.resize(wave / np.float32(rms(wave) or 1.0), count)


def band_weight(frequency_hz: Wave, low_hz: float, high_hz: float) -> Wave:
    """1 inside the band, falling smoothly over a fifth of an octave outside."""
    safe = np.maximum(frequency_hz, 1.0)
    below = np.clip(1 + 5 * np.log2(safe / max(low_hz, 1.0)), 0, 1)
    above = np.clip(1 - 5 * np.log2(safe / high_hz), 0, 1)
    return np.asarray(below * above, np.float32)


def fast_length(count: int) -> int:
    """The next length that the FFT likes: a small multiple of a power of two."""
    power = 1 << max(0, (count - 1).bit_length() - 4)
    return -(-count // power) * power


def drift(duration_s: float, rate_hz: float, spread: float, rng: np.random.Generator) -> Wave:
    """A slow random gain around 1, log-normal with that spread, changing at about `rate_hz`."""
    count = max(1, round(duration_s * SAMPLE_RATE_HZ))
    knots = max(4, round(duration_s * rate_hz) + 2)
    level = np.exp(rng.normal(0, spread, knots) - spread**2 / 2)
    steps = -(-count // _DRIFT_STEP)
    curve = np.interp(np.linspace(0, knots - 1, steps), np.arange(knots), level)
    return np.repeat(curve.astype(np.float32), _DRIFT_STEP)[:count]


def rms(wave: Wave) -> float:
    """Root mean square."""
    return float(np.sqrt(np.dot(wave, wave) / len(wave))) if len(wave) else 0.0


def active_frames(wave: Wave) -> npt.NDArray[np.bool_]:
    """Which 10 ms frames sound: within 25 dB of the 98th percentile of their levels."""
    whole = len(wave) // FRAME * FRAME
    level = np.sqrt(np.mean(np.square(wave[:whole].reshape(-1, FRAME)), axis=1)) + 1e-12
    return np.asarray(level > np.percentile(level, 98) * 10 ** (-_ACTIVE_RANGE_DB / 20))


def active_rms(wave: Wave) -> float:
    """Root mean square over the active frames only."""
    whole = len(wave) // FRAME * FRAME
    frames = wave[:whole].reshape(-1, FRAME)
    return rms(frames[active_frames(wave)].ravel())


def add(target: Wave, wave: Wave, start: int) -> None:
    """Mix `wave` into `target` from sample `start` on, in place; what sticks out is lost."""
    stop = min(len(target), start + len(wave))
    if stop > start:
        target[start:stop] += wave[: stop - start]
