"""Scores: what every checkpoint said of every window, raw, before any power or blending."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class ScoredCheckpoint:
    """One layer of a Scores: a checkpoint and the member it belongs to."""

    name: str
    member: str


@dataclass(frozen=True)
class ScoreRows:
    """The windows that scores are about; rows of one recording are contiguous, in time order.

    Attributes:
        row_ids: `<stem>_<end second>` for each of R rows.
        recordings: Keys of the N recordings, in row order.
        offsets: int64 [N + 1]; recording n owns rows offsets[n] to offsets[n + 1].
        start_s: float64 [R], beginning of each window in its recording.
    """

    row_ids: tuple[str, ...]
    recordings: tuple[str, ...]
    offsets: npt.NDArray[np.int64]
    start_s: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.row_ids)

    @cached_property
    def position(self) -> Mapping[str, int]:
        """Recording key → its number n."""
        return {key: number for number, key in enumerate(self.recordings)}

    @cached_property
    def row_index(self) -> Mapping[str, int]:
        """Row id → row."""
        return {name: row for row, name in enumerate(self.row_ids)}

    def span(self, recording: str) -> slice:
        """The rows of a recording."""
        number = self.position[recording]
        return slice(int(self.offsets[number]), int(self.offsets[number + 1]))


@dataclass(frozen=True)
class Scores:
    """Raw probabilities of an ensemble over windows.

    Attributes:
        classes: Labels of the C columns.
        checkpoints: The K layers.
        rows: The R windows.
        values: float32 [K, R, C] in 0–1; NaN means not predicted (yet, or never: unreadable).
        weights: Member → blend weight from the ensemble file.
    """

    classes: tuple[str, ...]
    checkpoints: tuple[ScoredCheckpoint, ...]
    rows: ScoreRows
    values: npt.NDArray[np.float32]
    weights: Mapping[str, float] = field(default_factory=dict)

    @property
    def members(self) -> tuple[str, ...]:
        """Member names in order of first appearance."""
        return tuple(dict.fromkeys(one.member for one in self.checkpoints))
