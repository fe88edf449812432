"""From a teacher's probabilities to the labels of windows, and to training samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from birdscope.training.clips import ClipStore
from birdscope.training.mixing import Mixer, Sample, fit, loud_level
from birdscope.training.noise import Wave
from birdscope.training.recipe import PseudoConfig
from birdscope.training.window_labels import Floats


def recording_weights(
    targets: Floats, recording: npt.NDArray[np.int64], sampler: str
) -> npt.NDArray[np.float64]:
    """How often each window [W] is drawn, summing to 1.

    With "sum of maxima" a recording is drawn in proportion to the sum over classes of its
    windows' largest target, and its windows alike. Source: 1st place of BirdCLEF+ 2025.
    """
    weights = np.ones(len(targets))
    if sampler == "sum of maxima":
        for number in np.unique(recording):
            own = recording == number
            weights[own] = targets[own].max(axis=0).sum() / own.sum()
    total = weights.sum()
    return weights / total if total > 0 else np.full(len(weights), 1 / max(1, len(weights)))


@dataclass(frozen=True)
class PseudoWindows:
    """Windows of soundscapes that a teacher has labelled.

    Attributes:
        sound: Of the recordings.
        recording: int64 [W], the window's recording in `sound`.
        start: int64 [W], the first sample there of a training sample that holds it.
        targets: float32 [W, C].
        weights: float32 [W, C].
        chances: float64 [W], how often each is drawn.
    """

    sound: ClipStore
    recording: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    targets: Floats
    weights: Floats
    chances: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.recording)

    def draw(self, rng: np.random.Generator) -> int:
        """A window's number."""
        return min(int(np.searchsorted(np.cumsum(self.chances), rng.random())), len(self) - 1)

    def wave(self, number: int, samples: int) -> Wave:
        """The sound [samples] of a window with its context, its loud parts at level 1."""
        row, start = int(self.recording[number]), int(self.start[number])
        wave = fit(self.sound.read(row, start, samples), samples)
        return wave / np.float32(loud_level(wave) or 1.0)


class PseudoMixer:
    """Makes samples of which a share holds a pseudo-labelled window.

    Args:
        mixer: Makes the labelled samples.
        windows: The teacher's.
        config: Whether they are mixed with a clip or stand apart, how often, how loud.
    """

    def __init__(self, mixer: Mixer, windows: PseudoWindows, config: PseudoConfig) -> None:
        self.mixer, self.windows, self.config = mixer, windows, config

    def draw(
        self, number: int, partners: npt.NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[Sample, bool]:
        """The sample of a clip, with or instead of it a window; whether there is one."""
        if len(self.windows) == 0 or rng.random() >= self.config.share:
            return self.mixer.sample(number, partners, rng), False
        window = self.windows.draw(rng)
        wave = self.windows.wave(window, self.mixer.samples)
        targets, weights = self.windows.targets[window], self.windows.weights[window]
        level = _amplitude(rng.uniform(*self.mixer.config.level_db))
        if self.config.use == "apart":
            return (self.mixer.finished(wave * level, rng), targets, weights), True
        clip = self.mixer.sample(number, partners, rng, allow_empty=False)
        own = self._clip_weight(rng)
        mixed = clip[0] * np.float32(own) + wave * level * np.float32(1 - own)
        return (mixed, np.maximum(clip[1], targets), _both(clip, targets, weights)), True

    def sample(
        self,
        number: int,
        partners: npt.NDArray[np.int64],
        rng: np.random.Generator,
        *,
        allow_empty: bool = True,
    ) -> Sample:
        """A sample of labelled clips alone, as in validation."""
        return self.mixer.sample(number, partners, rng, allow_empty=allow_empty)

    def _clip_weight(self, rng: np.random.Generator) -> float:
        if self.config.mix_weight is not None:
            return self.config.mix_weight
        augment = self.mixer.config
        if augment.mixup_kind == "fixed":
            return augment.mixup_weight
        if augment.mixup_kind == "beta":
            return float(rng.beta(augment.mixup_alpha, augment.mixup_alpha))
        below = float(_amplitude(-rng.uniform(*augment.mixup_attenuation_db)))
        return 1 / (1 + below)


def _both(clip: Sample, targets: Floats, weights: Floats) -> Floats:
    """A class left out in one of two is left out unless the other says that it calls."""
    masked = (clip[2] == 0) | (weights == 0)
    known = ((clip[1] == 1) & (clip[2] > 0)) | ((targets == 1) & (weights > 0))
    return np.where(masked & ~known, 0, np.maximum(clip[2], weights)).astype(np.float32)


def _amplitude(level_db: float) -> np.float32:
    return np.float32(10 ** (level_db / 20))
