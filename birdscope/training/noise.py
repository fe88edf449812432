"""Synthetic background noise: coloured, tilted, slowly swelling, from a random generator."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from birdscope.core.windows import SAMPLE_RATE_HZ

Wave = npt.NDArray[np.float32]
Floats = npt.NDArray[np.floating[Any]]

_LOW_HZ, _HIGH_HZ = 50.0, 16_050.0


def coloured_noise(samples: int, rng: np.random.Generator) -> Wave:
    """Noise [samples] of RMS 1 with a random spectrum, as wind, rain and insects have.

    White noise is shaped to 1/f^β with β in 0-2.2, times a random curve of 6 dB standard
    deviation over log frequency, sometimes a broad band on top; half of them swell slowly.
    """
    spectrum = np.fft.rfft(rng.standard_normal(samples, dtype=np.float32))
    frequency_hz: Floats = np.fft.rfftfreq(samples, 1 / SAMPLE_RATE_HZ)
    frequency_hz[0] = frequency_hz[1]
    shape: Floats = frequency_hz ** (-rng.uniform(0, 2.2) / 2) * _random_curve(frequency_hz, rng)
    if rng.random() < 0.4:
        shape = shape * _random_band(frequency_hz, rng)
    wave = np.fft.irfft(spectrum * shape.astype(np.float32), samples)
    if rng.random() < 0.5:
        knots = rng.uniform(0.4, 1.0, 12)
        wave *= np.interp(np.arange(samples), np.linspace(0, samples, 12), knots)
    return unit_rms(wave.astype(np.float32))


def _random_curve(frequency_hz: Floats, rng: np.random.Generator) -> Floats:
    knots_hz = np.geomspace(_LOW_HZ, _HIGH_HZ, 8)
    gain_db = np.interp(np.log(frequency_hz), np.log(knots_hz), rng.normal(0, 6, 8))
    return np.asarray(10 ** (gain_db / 20))


def _random_band(frequency_hz: Floats, rng: np.random.Generator) -> Floats:
    centre_hz = np.exp(rng.uniform(np.log(200), np.log(9000)))
    bump = np.exp(-(np.log(frequency_hz / centre_hz) ** 2) / 0.2)
    return np.asarray(1 + rng.uniform(1, 8) * bump)


def rms(wave: Wave) -> float:
    """Root mean square; 0 for silence and for no samples."""
    return float(np.sqrt(np.dot(wave, wave) / len(wave))) if len(wave) else 0.0


def unit_rms(wave: Wave) -> Wave:
    """Scale to RMS 1; silence stays silence."""
    level = rms(wave)
    return wave / np.float32(level) if level > 0 else wave


class NoiseBank:
    """So many different noises, each made when first asked for, kept in half precision.

    Args:
        seed: The same seed gives the same noises in any order of asking.
        samples: Longest cut that can be asked for.
        size: How many different ones.
    """

    def __init__(self, seed: int, samples: int, size: int) -> None:
        self.seed, self.samples, self.size = seed, samples, size

    @cached_property
    def _noises(self) -> dict[int, npt.NDArray[np.float16]]:
        return {}

    def cut(self, samples: int, rng: np.random.Generator) -> Wave:
        """A random cut [samples] of a random noise, RMS about 1."""
        number = int(rng.integers(self.size))
        if number not in self._noises:
            maker = np.random.default_rng([self.seed, 77, number])
            self._noises[number] = coloured_noise(self.samples * 3 // 2, maker).astype(np.float16)
        noise = self._noises[number]
        start = int(rng.integers(len(noise) - samples + 1))
        # torch widens half precision with the processor's own instruction, NumPy six times slower
        wide: Wave = torch.from_numpy(noise[start : start + samples]).float().numpy()
        return wide
