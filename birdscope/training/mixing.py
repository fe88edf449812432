"""Clips → training samples: crops, mixtures, backgrounds. One random generator a sample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from birdscope.core.windows import SAMPLE_RATE_HZ
from birdscope.training.clips import ClipLabels, ClipStore
from birdscope.training.config_augment import AugmentConfig
from birdscope.training.config_data import DataConfig
from birdscope.training.noise import NoiseBank, Wave, rms, unit_rms
from birdscope.training.wave_augment import augment_wave

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
        data: Where samples of longer clips begin; None: anywhere.
    """

    def __init__(
        self,
        clips: ClipStore,
        labels: ClipLabels,
        samples: int,
        config: AugmentConfig,
        noise: NoiseBank,
        soundscapes: ClipStore | None = None,
        data: DataConfig | None = None,
    ) -> None:
        self.clips, self.labels, self.samples = clips, labels, samples
        self.config, self.noise, self.soundscapes = config, noise, soundscapes
        self.data = data or DataConfig()
        self._levels: dict[int, float] = {}
        self._energies: dict[int, npt.NDArray[np.float64]] = {}

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
            wave = self.finished(self.background(rng) * level, rng)
            return wave, np.zeros(classes, np.float32), ones
        chosen = [number]
        if len(partners) and rng.random() < config.mixup:
            chosen.append(int(partners[rng.integers(len(partners))]))
        over_background = rng.random() < config.background
        wave, shares = self._mix(chosen, over_background, rng)
        if over_background:
            wave += self.background(rng) * _amplitude(-rng.uniform(*config.background_snr_db))
        wave *= _amplitude(rng.uniform(*config.level_db))
        return self.finished(wave, rng), *self._labels(chosen, shares)

    def finished(self, wave: Wave, rng: np.random.Generator) -> Wave:
        """A sample's sound [S] after the augmentations of whole waveforms."""
        return augment_wave(wave, self.config, rng)

    def _mix(
        self, chosen: Sequence[int], scattered: bool, rng: np.random.Generator
    ) -> tuple[Wave, list[float]]:
        """Clips on top of each other, and each one's share of the amplitude.

        The loud parts of the first have level 1 if there is no other.
        """
        wave = np.zeros(self.samples, np.float32)
        factors: list[np.float32] = []
        for turn, number in enumerate(chosen):
            factors.append(self._factor(turn, factors, len(chosen), rng))
            scatter = scattered and rng.random() < self.config.scatter
            wave += self.crop(number, rng, scatter=scatter) * factors[-1]
        total = float(sum(factors))
        return wave, [float(factor) / total if total else 0.0 for factor in factors]

    def _factor(
        self, turn: int, before: Sequence[np.float32], count: int, rng: np.random.Generator
    ) -> np.float32:
        """What a clip is multiplied by: the next of `count`, after those of `before`."""
        config = self.config
        if config.mixup_kind == "level":
            return _amplitude(-rng.uniform(*config.mixup_attenuation_db) if turn else -0.0)
        if turn:
            return np.float32(1) - before[0]
        if count == 1:
            return np.float32(1)
        if config.mixup_kind == "fixed":
            return np.float32(config.mixup_weight)
        return np.float32(rng.beta(config.mixup_alpha, config.mixup_alpha))

    def _labels(
        self, chosen: Sequence[int], shares: Sequence[float]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Targets [C] and weights [C] of clips on top of each other.

        A class masked in one clip is masked unless another clip says that it calls; soft
        labels, which are a mean, need both.
        """
        targets, weights = self.labels.targets[chosen], self.labels.weights[chosen]
        masked = (weights == 0).any(axis=0)
        if self.config.mixup_labels == "soft" and len(chosen) > 1:
            parts = np.array(shares, np.float32)
            return parts @ targets, np.where(masked, 0, parts @ weights).astype(np.float32)
        known = ((targets == 1) & (weights > 0)).any(axis=0)
        weighed = np.where(masked & ~known, 0, weights.max(axis=0)).astype(np.float32)
        if self.config.mixup_labels == "sum":
            return targets.sum(axis=0).clip(0, 1), weighed
        return targets.max(axis=0), weighed

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
                start = self._start(number, length, rng)
                piece = fit(self.clips.read(number, start, self.samples), self.samples)
            elif scatter:
                piece = place(self.clips.read(number), self.samples, rng)
            else:
                piece = repeat(self.clips.read(number), self.samples, rng)
            piece = piece / np.float32(level)
            if rms(piece) >= _QUIET:
                break
        return piece

    def _start(self, number: int, length: int, rng: np.random.Generator) -> int:
        """Where a sample of a longer clip begins; see `DataConfig.crop`."""
        last = length - self.samples
        if self.data.crop == "hop":
            hop = max(1, round(self.data.hop_s * SAMPLE_RATE_HZ))
            return hop * int(rng.integers(last // hop + 1))
        if self.data.crop == "energy":
            reached = self._energy_before(number)
            return min(last, _BLOCK * int(np.searchsorted(reached, rng.random(), side="right")))
        return int(rng.integers(last + 1))

    def _energy_before(self, number: int) -> npt.NDArray[np.float64]:
        """Cumulative chance of each start, in steps of 50 ms, by the energy of its sample."""
        if number not in self._energies:
            self._energies[number] = start_chances(self.clips.read(number), self.samples).cumsum()
        return self._energies[number]

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


def start_chances(wave: Wave, samples: int) -> npt.NDArray[np.float64]:
    """How likely a sample should begin at each 50 ms of a longer clip, by its energy.

    Args:
        wave: [S], S > `samples`.
        samples: Of a sample.

    Returns:
        [starts], summing to 1; alike for silence.
    """
    count = len(wave) // _BLOCK
    energies = (
        np.square(wave[: count * _BLOCK], dtype=np.float64).reshape(count, _BLOCK).sum(axis=1)
    )
    before = np.concatenate([[0.0], energies.cumsum()])
    blocks = min(count, -(-samples // _BLOCK))
    inside = np.maximum(before[blocks:] - before[:-blocks], 0)
    total = inside.sum()
    return inside / total if total > 0 else np.full(len(inside), 1 / len(inside))


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
