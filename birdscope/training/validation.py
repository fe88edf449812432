"""Score held-out clips after an epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from birdscope.core.events import Stop
from birdscope.metrics.roc_auc import macro_roc_auc
from birdscope.nets.base import SedOutput
from birdscope.training.mixing import Mixer, fit, repeat
from birdscope.training.noise import Wave
from birdscope.training.recipe import ValidationConfig
from birdscope.training.samples import EpochSamples, batches

_WINDOWS_OF_A_CLIP = 6


class Scorer(Protocol):
    """Anything that turns waveforms [B, S] into a SedOutput."""

    def __call__(self, waveforms: Tensor) -> SedOutput:
        """Score a batch."""


@dataclass(frozen=True)
class ValidationSet:
    """Held-out sound and what is true of it.

    Attributes:
        mixer: Where the sound comes from.
        members: Held-out clips.
        config: What they are made into.
        key: Numbers that decide mixtures.
        scored: bool [C]; classes that count (a class trained everywhere doesn't).
        batch_size: Samples at a time.
    """

    mixer: Mixer
    members: npt.NDArray[np.int64]
    config: ValidationConfig
    key: tuple[int, ...]
    scored: npt.NDArray[np.bool_]
    batch_size: int

    def evaluate(self, score: Scorer, stop: Stop | None = None) -> dict[str, float]:
        """Macro ROC-AUC over the scored classes; `val_classes` says how many there were."""
        make = self._mixtures if self.config.kind == "mixtures" else self._clips
        truth, probabilities = make(score, stop)
        result = macro_roc_auc(truth[:, self.scored], probabilities[:, self.scored])
        if result.scored_classes == 0:
            return {"val_classes": 0.0}
        return {
            "val_macro_roc_auc": float(result.macro),
            "val_classes": float(result.scored_classes),
        }

    def _mixtures(self, score: Scorer, stop: Stop | None) -> tuple[npt.NDArray[np.bool_], Wave]:
        order = np.tile(self.members, self.config.repeats)
        samples = EpochSamples(self.mixer, order, self.members, self.key)
        truth, probabilities = [], []
        for batch in batches(samples, self.batch_size, workers=0, drop_last=False):
            if stop is not None:
                stop.check()
            probabilities.append(_probabilities(score(batch.waveforms)))
            truth.append(batch.targets.numpy() >= 0.5)
        return np.concatenate(truth), np.concatenate(probabilities)

    def _clips(self, score: Scorer, stop: Stop | None) -> tuple[npt.NDArray[np.bool_], Wave]:
        """Each clip's maximum over its first windows, short clips repeated."""
        rows = []
        for number in self.members.tolist():
            if stop is not None:
                stop.check()
            rows.append(_probabilities(score(torch.from_numpy(self._windows(number)))).max(axis=0))
        return self.mixer.labels.targets[self.members] >= 0.5, np.stack(rows)

    def _windows(self, number: int) -> Wave:
        size = self.mixer.samples
        wave = self.mixer.clips.read(number, 0, _WINDOWS_OF_A_CLIP * size)
        if len(wave) < size:
            return repeat(wave, size, np.random.default_rng([*self.key, number]))[None]
        count = max(1, len(wave) // size)
        return fit(wave, count * size).reshape(count, size)


def _probabilities(output: SedOutput) -> npt.NDArray[np.float32]:
    values: npt.NDArray[np.float32] = torch.sigmoid(output.clip_logits.float()).cpu().numpy()
    return values
