"""Scores and labels laid out for tuning: class-major, labelled rows only, fold after fold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import ScoresError
from birdscope.core.scores import ScoredCheckpoint, ScoreRows, Scores
from birdscope.metrics.evaluate import Unit
from birdscope.metrics.tune_truth import NEGATIVE, NO_FOLD, POSITIVE, TuneTruth

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TuneMatrix:
    """What settings are measured on.

    The arithmetic of the stack works on R rows: all windows of the N recordings of which
    anything is labelled. The metric sees S scored rows: labelled windows (or recordings) in
    the order of their folds.

    Attributes:
        classes: Labels of the C columns.
        checkpoints: The K layers.
        weights: Member → blend weight where settings name none.
        values: float32 [K, C, R], raw probabilities, class-major.
        rows: Names and places of the R windows.
        unit: What a scored row is.
        place: int64 [S], the window (or recording) that each scored row is about.
        labels: int8 [C, S] as in `TuneTruth`.
        row_weights: float64 [S], or None where every row counts once.
        folds: int64 [S], ascending; None where there are no folds.
        scores: All scores, for a step that looks beyond the labelled recordings (min-max).
        truth: The labels as given.
        missing_rows: Labelled rows that the scores don't have.
        unpredicted_rows: Labelled rows that no member has predicted (yet).
    """

    classes: tuple[str, ...]
    checkpoints: tuple[ScoredCheckpoint, ...]
    weights: Mapping[str, float]
    values: npt.NDArray[np.float32]
    rows: ScoreRows
    unit: Unit
    place: Ints
    labels: npt.NDArray[np.int8]
    row_weights: npt.NDArray[np.float64] | None
    folds: Ints | None
    scores: Scores
    truth: TuneTruth
    missing_rows: int
    unpredicted_rows: int

    @classmethod
    def build(cls, scores: Scores, truth: TuneTruth, *, whole: bool = False) -> TuneMatrix:
        """Lay out what has both labels and scores.

        Args:
            scores: Every checkpoint raw.
            truth: The labels, in the scores' classes.
            whole: Keep the recordings without labels too.

        Raises:
            ScoresError: if the classes differ, or no labelled row was predicted.
        """
        if truth.classes != scores.classes:
            raise ScoresError("labels and scores have different classes")
        place, there, predicted = _places(scores, truth)
        if not predicted.any():
            raise _nothing_there(truth, scores, bool(there.any()))
        kept = np.flatnonzero(predicted)
        if truth.folds is not None:
            kept = kept[np.argsort(truth.folds[kept], kind="stable")]
        rows, taken, place = _kept_rows(scores.rows, place[kept], truth.unit, whole)
        return cls(
            classes=scores.classes,
            checkpoints=scores.checkpoints,
            weights=dict(scores.weights),
            values=_class_major(scores.values, taken),
            rows=rows,
            unit=truth.unit,
            place=place,
            labels=np.ascontiguousarray(truth.values[kept].T),
            row_weights=None if truth.row_weights is None else truth.row_weights[kept],
            folds=None if truth.folds is None else truth.folds[kept],
            scores=scores,
            truth=truth,
            missing_rows=int((~there).sum()),
            unpredicted_rows=int((there & ~predicted).sum()),
        )

    @property
    def is_whole(self) -> bool:
        """Whether every recording of the scores is here."""
        return len(self.rows.recordings) == len(self.scores.rows.recordings)

    @cached_property
    def members(self) -> tuple[str, ...]:
        """Member names in order of first appearance."""
        return self.scores.members

    @cached_property
    def layers(self) -> Mapping[str, tuple[int, ...]]:
        """Member → its layers among the K checkpoints."""
        return {
            member: tuple(
                layer for layer, one in enumerate(self.checkpoints) if one.member == member
            )
            for member in self.members
        }

    @cached_property
    def has_gaps(self) -> bool:
        """Whether any checkpoint lacks a number that another has."""
        return bool(np.isnan(self.values).any())

    @cached_property
    def in_unit_range(self) -> bool:
        """Whether every checkpoint has a number for every cell, and all are within 0–1."""
        return all(bool(layer.min() >= 0 and layer.max() <= 1) for layer in self.values)

    @cached_property
    def least_positive(self) -> float:
        """The smallest raw probability above 0; 1 where there is none."""
        layers = (np.min(layer, where=layer > 0, initial=1.0) for layer in self.values)
        return float(min(layers))

    @cached_property
    def scored(self) -> Ints:
        """Columns of the classes with a positive and a negative row."""
        has = (self.labels == POSITIVE).any(axis=1) & (self.labels == NEGATIVE).any(axis=1)
        return np.flatnonzero(has)

    @cached_property
    def in_order(self) -> bool:
        """Whether the scored rows are all windows (or recordings), one after the other."""
        size = len(self.rows) if self.unit == "window" else len(self.rows.recordings)
        return np.array_equal(self.place, np.arange(size))

    @cached_property
    def recording_of(self) -> Ints:
        """int64 [S], which of the N recordings each scored row belongs to."""
        if self.unit == "file":
            return self.place
        return np.searchsorted(self.rows.offsets, self.place, side="right") - 1

    @cached_property
    def fold_spans(self) -> tuple[tuple[int, int, int], ...]:
        """(fold, first, end) of the scored rows of each fold; one span, -1, without folds."""
        if self.folds is None:
            return ((NO_FOLD, 0, len(self.place)),)
        numbers, first = np.unique(self.folds, return_index=True)
        ends = [*first[1:].tolist(), len(self.folds)]
        return tuple(zip(numbers.tolist(), first.tolist(), ends, strict=True))


def _places(
    scores: Scores, truth: TuneTruth
) -> tuple[Ints, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Of each labelled row: where it is in the scores (-1), whether it is, and is predicted."""
    names = scores.rows.position if truth.unit == "file" else scores.rows.row_index
    place = np.array([names.get(name, -1) for name in truth.row_ids], dtype=np.int64)
    there = place >= 0
    known = _predicted(scores)
    if truth.unit == "file":
        starts = scores.rows.offsets
        totals = np.concatenate([[0], np.cumsum(known)])
        known = totals[starts[1:]] > totals[starts[:-1]]
    predicted = there.copy()
    predicted[there] = known[place[there]]
    return place, there, predicted


def _predicted(scores: Scores) -> npt.NDArray[np.bool_]:
    """Rows of which at least one checkpoint has said something."""
    known = np.zeros(len(scores.rows), dtype=np.bool_)
    for layer in scores.values:
        # A row is predicted as a whole, so its first class tells; the sum would read them all.
        known |= ~np.isnan(layer[:, 0])
    return known


def _kept_rows(
    rows: ScoreRows, place: Ints, unit: Unit, whole: bool
) -> tuple[ScoreRows, Ints, Ints]:
    """The recordings to keep in order of first use, their rows, and `place` among them."""
    of_place = place if unit == "file" else np.searchsorted(rows.offsets, place, "right") - 1
    used, first = np.unique(of_place, return_index=True)
    used = used[np.argsort(first, kind="stable")]
    if whole:
        rest = np.setdiff1d(np.flatnonzero(np.diff(rows.offsets)), used)
        used = np.concatenate([used, rest])
    lengths = np.diff(rows.offsets)[used]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    taken = np.arange(offsets[-1]) + np.repeat(rows.offsets[used] - offsets[:-1], lengths)
    number = np.full(len(rows.recordings), -1, dtype=np.int64)
    number[used] = np.arange(len(used))
    now = number[of_place]
    if unit == "window":
        now = offsets[now] + place - rows.offsets[of_place]
    kept = ScoreRows(
        tuple(rows.row_ids[row] for row in taken.tolist()),
        tuple(rows.recordings[one] for one in used.tolist()),
        offsets,
        rows.start_s[taken],
    )
    return kept, taken, now


def _class_major(values: npt.NDArray[np.float32], taken: Ints) -> npt.NDArray[np.float32]:
    layers, _, classes = values.shape
    result = np.empty((layers, classes, len(taken)), dtype=np.float32)
    for layer in range(layers):
        result[layer] = values[layer][taken].T
    return result


def _nothing_there(truth: TuneTruth, scores: Scores, any_there: bool) -> ScoresError:
    remedy = "predict the recordings that the labels are about"
    if any_there:
        return ScoresError("no labelled row has been predicted yet", remedy=remedy)
    names = scores.rows.recordings if truth.unit == "file" else scores.rows.row_ids
    examples = f" (scores: {names[0]}, labels: {truth.row_ids[0]})" if names else ""
    return ScoresError(f"no labelled row is among the scores{examples}", remedy=remedy)
