"""Clips → training samples: crops, mixtures, backgrounds. One random generator a sample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from birdscope.core.windows import SAMPLE_RATE_HZ
from birdscope.training.clips import ClipLabels, ClipStore
from birdscope.training.noise import NoiseBank, Wave, rms, unit_rms
from birdscope.training.recipe import AugmentConfig

Sample = tuple[Wave, npt.NDArray[np.float32], npt.NDArray[np.float32]]

_BLOCK = SAMPLE_RATE_HZ // 20
_QUIET = 0.1  # a crop this far under unit level holds no call: -20 dB


class Mixer:
    """Makes samples of `samples` length from clips, their labels and backgrounds.

    Args:
        clips: Sound of the labelled clips.
        labels: What they teach, in the same order.
        samples: Length of a sample.
        config: How samples are made; None makes plain crops.
        noise: Synthetic backgrounds.
        soundscapes: Recorded backgrounds without labels; may be None.
    """

    def __init__(
        self,
        clips: ClipStore,
        labels: ClipLabels,
        samples: int,
        config: AugmentConfig,
        noise: NoiseBank,
        soundscapes: ClipStore | None = None,
    ) -> None:
        self.clips, self.labels, self.samples = clips, labels, samples
        self.config, self.noise, self.soundscapes = config, noise, soundscapes
        self._levels: dict[int, float] = {}

    def sample(
        self,
        number: int,
        partners: npt.NDArray[np.int64],
        rng: np.random.Generator,
        *,
        allow_empty: bool = True,
    ) -> Sample:
        """One sample around clip `number`: waveform [S], targets [C], weights [C].

        Args:
            number: The clip.
            partners: Clips that may be laid over it (never held-out ones).
            rng: Decides everything else.
            allow_empty: Whether it may turn into background only.
        """
        config = self.config
        classes = self.labels.targets.shape[1]
        if allow_empty and rng.random() < config.empty:
            level = _amplitude(
                rng.uniform(*config.level_db) - rng.uniform(*config.background_snr_db)
            )
            ones = np.ones(classes, np.float32)
            return self.background(rng) * level, np.zeros(classes, np.float32), ones
        chosen = [number]
        if len(partners) and rng.random() < config.mixup:
            chosen.append(int(partners[rng.integers(len(partners))]))
        over_background = rng.random() < config.background
        wave = self._mix(chosen, over_background, rng)
        if over_background:
            wave += self.background(rng) * _amplitude(-rng.uniform(*config.background_snr_db))
        wave *= _amplitude(rng.uniform(*config.level_db))
        return wave, self.labels.targets[chosen].max(axis=0), self._weights(chosen)

    def _mix(self, chosen: Sequence[int], scattered: bool, rng: np.random.Generator) -> Wave:
        """Clips on top of each other; the loud parts of the first have level 1."""
        wave = np.zeros(self.samples, np.float32)
        for turn, number in enumerate(chosen):
            attenuation_db = rng.uniform(*self.config.mixup_attenuation_db) if turn else 0.0
            scatter = scattered and rng.random() < self.config.scatter
            wave += self.crop(number, rng, scatter=scatter) * _amplitude(-attenuation_db)
        return wave

    def _weights(self, chosen: Sequence[int]) -> npt.NDArray[np.float32]:
        """A class masked in one clip is masked unless another clip says that it calls."""
        weights = self.labels.weights[chosen]
        masked = (weights == 0).any(axis=0)
        known = ((self.labels.targets[chosen] == 1) & (weights > 0)).any(axis=0)
        return np.where(masked & ~known, 0, weights.max(axis=0)).astype(np.float32)

    def crop(self, number: int, rng: np.random.Generator, *, scatter: bool = False) -> Wave:
        """A random piece [S] of a clip, its loud parts at level 1; short clips are repeated.

        With `scatter` a short clip stands once, at a random place, in silence. A piece
        without any call in it is drawn again (up to three times).
        """
        length = int(self.clips.samples[number])
        if length == 0:
            return np.zeros(self.samples, np.float32)
        level = self._level(number)
        piece = np.zeros(self.samples, np.float32)
        for _ in range(3):
            if length > self.samples:
                start = int(rng.integers(length - self.samples + 1))
                piece = fit(self.clips.read(number, start, self.samples), self.samples)
            elif scatter:
                piece = place(self.clips.read(number), self.samples, rng)
            else:
                piece = repeat(self.clips.read(number), self.samples, rng)
            piece = piece / np.float32(level)
            if rms(piece) >= _QUIET:
                break
        return piece

    def _level(self, number: int) -> float:
        if number not in self._levels:
            self._levels[number] = loud_level(self.clips.read(number)) or 1.0
        return self._levels[number]

    def background(self, rng: np.random.Generator) -> Wave:
        """Background [S] of RMS about 1: a soundscape's or synthetic, now and then two noises."""
        if self.soundscapes is not None and rng.random() < self.config.soundscapes:
            number = int(rng.integers(len(self.soundscapes.samples)))
            room = int(self.soundscapes.samples[number]) - self.samples
            if room >= 0:
                start = int(rng.integers(room + 1))
                return unit_rms(
                    fit(self.soundscapes.read(number, start, self.samples), self.samples)
                )
        wave = self.noise.cut(self.samples, rng)
        if rng.random() < 0.3:
            wave = wave + self.noise.cut(self.samples, rng) * np.float32(rng.uniform(0.1, 1.0))
        return wave


def loud_level(wave: Wave) -> float:
    """RMS of the louder quarter of a waveform's 50 ms blocks: the level of calls, not of pauses."""
    count = len(wave) // _BLOCK
    if count < 4:
        return rms(wave)
    energies = np.square(wave[: count * _BLOCK].reshape(count, _BLOCK)).mean(axis=1)
    return float(np.sqrt(energies[energies >= np.percentile(energies, 75)].mean()))


def fit(wave: Wave, samples: int) -> Wave:
    """Cut or zero-pad at the end to `samples`."""
    if len(wave) >= samples:
        return wave[:samples]
    return np.pad(wave, (0, samples - len(wave)))


def repeat(wave: Wave, samples: int, rng: np.random.Generator) -> Wave:
    """A clip over and over, from a random place in it, [samples]."""
    if len(wave) == 0:
        return np.zeros(samples, np.float32)
    turns = samples // len(wave) + 2
    start = int(rng.integers(len(wave)))
    return np.tile(wave, turns)[start : start + samples]


def place(wave: Wave, samples: int, rng: np.random.Generator) -> Wave:
    """A clip once, at a random place in silence, up to a third of it cut off at an end."""
    piece = np.zeros(samples, np.float32)
    third = len(wave) // 3
    start = int(rng.integers(-third, max(samples - len(wave) + third, 0) + 1))
    low, high = max(start, 0), min(start + len(wave), samples)
    piece[low:high] = wave[low - start : high - start]
    return piece


def _amplitude(level_db: float) -> np.float32:
    return np.float32(10 ** (level_db / 20))
