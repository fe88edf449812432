"""Labelled waveforms: what each clip teaches, and its sound from memory or from its file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from birdscope.audio import decode
from birdscope.core.errors import AudioError
from birdscope.core.events import Emit, Event, Stop, silent
from birdscope.core.types import Recording
from birdscope.core.windows import SAMPLE_RATE_HZ
from birdscope.dataset.cut_lists import Kept, Spans
from birdscope.training.clip_choice import against_sound, cuts_of, hears_sound
from birdscope.training.config_data import DataConfig
from birdscope.training.noise import Wave

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
    from their files when asked for. Time that a cut list leaves out doesn't exist here.

    Args:
        recordings: What to keep.
        first_s: Only the first so many seconds exist; None keeps all.
        first_cleaned_s: The same for recordings that have cuts; None is `first_s`.
        cuts: Recording key → spans to leave out, in seconds, see `dataset.cut_lists`.
        refuse: Says why a recording's sound is not good enough; None takes all.
        cache_mb: Memory to use, in 10⁶ bytes.
        emit: Hears of progress and of files that can't be read.
        stop: Ends the loading early.
    """

    def __init__(
        self,
        recordings: Sequence[Recording],
        *,
        first_s: float | None = None,
        first_cleaned_s: float | None = None,
        cuts: Mapping[str, Spans] = MappingProxyType({}),
        refuse: Callable[[Wave], str | None] | None = None,
        cache_mb: int = 2000,
        emit: Emit = silent,
        stop: Stop | None = None,
    ) -> None:
        self.recordings = tuple(recordings)
        self.samples = np.zeros(len(self.recordings), np.int64)
        self._cuts, self._refuse = cuts, refuse
        self._first_s, self._first_cleaned_s = first_s, first_cleaned_s or first_s
        self._waves: dict[int, npt.NDArray[np.int16]] = {}
        self._kept: dict[int, Kept] = {}
        self._refused: dict[int, str] = {}
        self._load(cache_mb * 1_000_000, emit, stop)

    @classmethod
    def of_dataset(
        cls,
        recordings: Sequence[Recording],
        config: DataConfig,
        root: Path,
        emit: Emit = silent,
        stop: Stop | None = None,
    ) -> ClipStore:
        """A dataset's clips as a recipe wants them, the cut list beside the dataset applied.

        Raises:
            DatasetError: if the cut list can't be understood.
            Cancelled: if `stop` was set.
        """
        hears = hears_sound(config) or config.min_s > 0
        return cls(
            recordings,
            first_s=config.first_s,
            first_cleaned_s=config.first_cleaned_s,
            cuts=cuts_of(root, config),
            refuse=partial(against_sound, config=config) if hears else None,
            cache_mb=config.cache_mb,
            emit=emit,
            stop=stop,
        )

    def without_empty(self) -> tuple[ClipStore, tuple[str, ...]]:
        """A store without the clips that gave no sound, and why those are left out."""
        usable = np.flatnonzero(self.samples > 0)
        store = ClipStore([])
        store.recordings = tuple(self.recordings[number] for number in usable)
        store.samples = self.samples[usable]
        for new, old in enumerate(usable.tolist()):
            if old in self._waves:
                store._waves[new] = self._waves[old]
            if old in self._kept:
                store._kept[new] = self._kept[old]
        return store, tuple(
            f"{self.recordings[number].key}: {self._refused.get(number, 'no sound in it')}"
            for number in np.flatnonzero(self.samples == 0).tolist()
        )

    def _load(self, limit: int, emit: Emit, stop: Stop | None) -> None:
        used, total = 0, len(self.recordings)
        for number, recording in enumerate(self.recordings):
            if stop is not None:
                stop.check()
            try:
                used += self._load_one(number, limit - used, emit)
            except AudioError as error:
                self.samples[number] = 0
                emit(Event("warning", f"{recording.key}: {error.what}"))
            emit(Event("progress", "reading clips", done=number + 1, total=total, unit="clip"))

    def _load_one(self, number: int, room: int, emit: Emit) -> int:
        """Measure a clip, and keep it if there is room; returns the bytes taken."""
        recording = self.recordings[number]
        spans = self._cuts.get(recording.key, ())
        duration_s = decode.probe(recording.path).duration_s
        first_s = self._first_cleaned_s if spans else self._first_s
        if spans:
            kept = Kept(round(duration_s * SAMPLE_RATE_HZ), spans, SAMPLE_RATE_HZ)
            self._kept[number] = kept
            duration_s = kept.samples / SAMPLE_RATE_HZ
        usable_s = min(duration_s, first_s) if first_s is not None else duration_s
        self.samples[number] = round(usable_s * SAMPLE_RATE_HZ)
        if not self.samples[number] or (self._refuse and not self._is_good(number)):
            self.samples[number] = 0
            return 0
        if 2 * int(self.samples[number]) > room:
            return 0
        wave, damage = self._decode(number, 0, int(self.samples[number]))
        self.samples[number] = len(wave)
        self._waves[number] = np.round(np.clip(wave, -1, 1) * _INT16).astype(np.int16)
        if damage:
            emit(Event("warning", f"{recording.key}: {damage}"))
        return 2 * len(wave)

    def _is_good(self, number: int) -> bool:
        """Hear what is left of a clip, all of it, and note why it is refused."""
        whole = self._kept[number].samples if number in self._kept else None
        wave, _ = self._decode(number, 0, whole)
        reason = self._refuse(wave) if self._refuse else None
        if reason is not None:
            self._refused[number] = reason
        return reason is None

    def read(self, number: int, start: int = 0, samples: int | None = None) -> Wave:
        """Samples [start, start + samples) of a clip, fewer at its end, float32.

        A file that turns out to be damaged there gives no samples.
        """
        end = int(self.samples[number])
        end = end if samples is None else min(end, start + samples)
        if number in self._waves:
            return self._waves[number][start:end].astype(np.float32) / _INT16
        if end <= start:
            return np.zeros(0, np.float32)
        try:
            return self._decode(number, start, end - start)[0]
        except AudioError:
            return np.zeros(0, np.float32)

    def _decode(self, number: int, start: int, samples: int | None) -> tuple[Wave, str | None]:
        """Samples from a clip's file without its cuts, and what is wrong with them."""
        path = self.recordings[number].path
        if number not in self._kept or samples is None:
            duration_s = samples / SAMPLE_RATE_HZ if samples is not None else None
            return decode.read_available(
                path, start_s=start / SAMPLE_RATE_HZ, duration_s=duration_s
            )
        pieces, damages = [np.zeros(0, np.float32)], []
        for begin, end in self._kept[number].pieces(start, samples):
            wave, damage = decode.read_available(
                path,
                start_s=begin / SAMPLE_RATE_HZ,
                duration_s=(end - begin) / SAMPLE_RATE_HZ,
            )
            pieces.append(wave)
            damages += [damage] if damage else []
        return np.concatenate(pieces), damages[0] if damages else None
