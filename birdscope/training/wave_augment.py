"""Augmentations of whole waveforms; each sample's own generator decides everything."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from birdscope.core.errors import ConfigError
from birdscope.core.windows import SAMPLE_RATE_HZ
from birdscope.training.config_augment import AugmentConfig, Range
from birdscope.training.noise import Wave
from birdscope.training.seeding import seeded_globals


def augment_wave(wave: Wave, config: AugmentConfig, rng: np.random.Generator) -> Wave:
    """Pitch, place, filter, level, noise, direction: each for its share of samples.

    Nothing is drawn for what is switched off, so that a recipe that doesn't use it keeps its
    samples.

    Args:
        wave: [S] at 32 kHz.
        config: Shares and ranges.
        rng: Decides everything, what the libraries draw included.

    Returns:
        [S], another array where anything was changed.
    """
    for kind in ("pitch", "shift"):
        if _chosen(getattr(config, kind), rng):
            wave = _by_library(wave, kind, _range_of(kind, config), rng)
    if _chosen(config.filter, rng):
        wave = random_filter(wave, config.filter_bands, config.filter_db, rng)
    if _chosen(config.gain, rng):
        wave = _by_library(wave, "gain", config.gain_db, rng)
    if _chosen(config.noise, rng):
        ranges = (*config.noise_snr_db, *config.noise_decay)
        wave = _by_library(wave, "noise", ranges, rng)
    if _chosen(config.time_flip, rng):
        wave = np.ascontiguousarray(wave[::-1])
    return wave


def random_filter(wave: Wave, bands: int, gain_db: Range, rng: np.random.Generator) -> Wave:
    """Give each of some frequency bands another gain, with soft edges between them.

    The gain in dB is drawn for the middle of each band and goes in straight lines, over mel,
    from one to the next. Source: random filtering of the 2025 solutions, as FilterAugment
    (Nam et al. 2022) does it with lines.

    Args:
        wave: [S] at 32 kHz.
        bands: How many, equally wide in mel.
        gain_db: Lowest and highest gain.
        rng: Decides the gains.

    Returns:
        [S].
    """
    spectrum = np.fft.rfft(wave)
    mel = _mel(np.fft.rfftfreq(len(wave), 1 / SAMPLE_RATE_HZ))
    middles = (np.arange(bands) + 0.5) / bands * mel[-1]
    curve_db = np.interp(mel, middles, rng.uniform(*gain_db, bands))
    filtered = np.fft.irfft(spectrum * 10 ** (curve_db / 20), len(wave))
    return filtered.astype(np.float32)


def _mel(frequency_hz: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    return 2595 * np.log10(1 + np.asarray(frequency_hz, np.float64) / 700)


def _chosen(share: float, rng: np.random.Generator) -> bool:
    return share > 0 and rng.random() < share


def _range_of(kind: str, config: AugmentConfig) -> Range:
    return config.pitch_semitones if kind == "pitch" else config.shift_share


def _by_library(
    wave: Wave, kind: str, parameters: tuple[float, ...], rng: np.random.Generator
) -> Wave:
    """Let torch-audiomentations change a waveform, its draws decided by `rng`."""
    transform = _transform(kind, parameters)
    with seeded_globals(int(rng.integers(2**32))), torch.no_grad():
        made = transform(torch.from_numpy(wave.copy())[None, None], sample_rate=SAMPLE_RATE_HZ)
    changed: Wave = made.samples[0, 0].numpy()
    return changed


@lru_cache(maxsize=32)
def _transform(kind: str, parameters: tuple[float, ...]) -> Any:
    """A transform of the library, which is only loaded when one is asked for.

    Raises:
        ConfigError: if no ratio that the library can shift the pitch by is in the range.
    """
    import torch_audiomentations as library

    common = {"p": 1.0, "sample_rate": SAMPLE_RATE_HZ, "output_type": "dict"}
    if kind == "gain":
        return library.Gain(*parameters, **common)
    if kind == "shift":
        return library.Shift(*parameters, **common)
    if kind == "noise":
        return library.AddColoredNoise(*parameters, **common)
    try:
        return library.PitchShift(*parameters, **common)
    except ValueError as error:
        raise ConfigError(
            f"no pitch shift is known between {parameters[0]} and {parameters[1]} semitones",
            remedy="widen augment.pitch_semitones, to -0.5 and 0.5 at least",
        ) from error
