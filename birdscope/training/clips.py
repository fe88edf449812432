"""Labelled waveforms: what each clip teaches, and its sound from memory or from its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from birdscope.audio import decode
from birdscope.core.errors import AudioError
from birdscope.core.events import Emit, Event, Stop, silent
from birdscope.core.types import Recording
from birdscope.core.windows import SAMPLE_RATE_HZ
from birdscope.training.noise import Wave
from birdscope.training.recipe import DataConfig

_INT16 = np.float32(32767.0)


@dataclass(frozen=True)
class ClipLabels:
    """What N clips teach about C classes.

    Attributes:
        targets: float32 [N, C] in 0-1: 1 the primary label, the soft target secondary ones.
        weights: float32 [N, C]; 0 masks an entry from the loss; else the clip's weight.
        primary: int64 [N], column of the primary label; -1 where it is none of the classes.
    """

    targets: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]
    primary: npt.NDArray[np.int64]


def label_clips(
    recordings: Sequence[Recording], index: Mapping[str, int], config: DataConfig
) -> ClipLabels:
    """Turn metadata into targets; see `DataConfig` for secondary labels and ratings."""
    targets = np.zeros((len(recordings), len(index)), np.float32)
    weights = np.ones_like(targets)
    primary = np.full(len(recordings), -1, np.int64)
    for row, recording in enumerate(recordings):
        if config.rating_weight and recording.rating > 0:
            weights[row] = recording.rating / 5
        for label in recording.secondary_labels:
            column = index.get(label)
            if column is None or config.secondary == "ignore":
                continue
            if config.secondary == "mask":
                weights[row, column] = 0
            else:
                targets[row, column] = config.secondary_target
        if recording.primary_label in index:
            column = index[recording.primary_label]
            primary[row], targets[row, column] = column, 1
            weights[row, column] = weights[row].max()
    return ClipLabels(targets, weights, primary)


def repeat_rare(
    members: npt.NDArray[np.int64], primary: npt.NDArray[np.int64], at_least: int
) -> npt.NDArray[np.int64]:
    """An epoch's clips: `members` once each, rarer classes again up to `at_least` clips."""
    extra: list[int] = []
    for column in np.unique(primary[members]):
        own = members[primary[members] == column]
        extra += [int(own[turn % len(own)]) for turn in range(max(0, at_least - len(own)))]
    return np.concatenate([members, np.array(extra, np.int64)])


class ClipStore:
    """The sound of recordings, at 32 kHz, in memory as far as a limit allows.

    Which clips are kept depends only on their order and length, never on the order of use,
    so that a resumed run sees the same samples. Kept clips are 16 bit; the others are cut
    from their files when asked for.

    Args:
        recordings: What to keep.
        first_s: Only the first so many seconds exist; None keeps all.
        cache_mb: Memory to use, in 10⁶ bytes.
        emit: Hears of progress and of files that can't be read.
        stop: Ends the loading early.
    """

    def __init__(
        self,
        recordings: Sequence[Recording],
        *,
        first_s: float | None = None,
        cache_mb: int = 2000,
        emit: Emit = silent,
        stop: Stop | None = None,
    ) -> None:
        self.recordings = tuple(recordings)
        self.samples = np.zeros(len(self.recordings), np.int64)
        self._kept: dict[int, npt.NDArray[np.int16]] = {}
        self._load(first_s, cache_mb * 1_000_000, emit, stop)

    def without_empty(self) -> tuple[ClipStore, tuple[str, ...]]:
        """A store without the clips that gave no sound, and why those are left out."""
        usable = np.flatnonzero(self.samples > 0)
        store = ClipStore([])
        store.recordings = tuple(self.recordings[number] for number in usable)
        store.samples = self.samples[usable]
        store._kept = {
            new: self._kept[old] for new, old in enumerate(usable.tolist()) if old in self._kept
        }
        empty = np.flatnonzero(self.samples == 0).tolist()
        return store, tuple(f"{self.recordings[number].key}: no sound in it" for number in empty)

    def _load(self, first_s: float | None, limit: int, emit: Emit, stop: Stop | None) -> None:
        used, total = 0, len(self.recordings)
        for number, recording in enumerate(self.recordings):
            if stop is not None:
                stop.check()
            try:
                duration_s = decode.probe(recording.path).duration_s
                usable_s = min(duration_s, first_s) if first_s is not None else duration_s
                self.samples[number] = round(usable_s * SAMPLE_RATE_HZ)
                if used + 2 * self.samples[number] <= limit:
                    wave, damage = decode.read_available(recording.path, duration_s=usable_s)
                    self._keep(number, wave)
                    used += 2 * len(wave)
                    if damage:
                        emit(Event("warning", f"{recording.key}: {damage}"))
            except AudioError as error:
                self.samples[number] = 0
                emit(Event("warning", f"{recording.key}: {error.what}"))
            emit(Event("progress", "reading clips", done=number + 1, total=total, unit="clip"))

    def _keep(self, number: int, wave: Wave) -> None:
        self.samples[number] = len(wave)
        self._kept[number] = np.round(np.clip(wave, -1, 1) * _INT16).astype(np.int16)

    def read(self, number: int, start: int = 0, samples: int | None = None) -> Wave:
        """Samples [start, start + samples) of a clip, fewer at its end, float32.

        A file that turns out to be damaged there gives no samples.
        """
        end = int(self.samples[number])
        end = end if samples is None else min(end, start + samples)
        if number in self._kept:
            return self._kept[number][start:end].astype(np.float32) / _INT16
        if end <= start:
            return np.zeros(0, np.float32)
        try:
            wave, _ = decode.read_available(
                self.recordings[number].path,
                start_s=start / SAMPLE_RATE_HZ,
                duration_s=(end - start) / SAMPLE_RATE_HZ,
            )
            return wave
        except AudioError:
            return np.zeros(0, np.float32)
