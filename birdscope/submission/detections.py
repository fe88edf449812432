"""Scores → detections: which species in which stretch of which recording, above a threshold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import UsageError
from birdscope.core.scores import ScoreRows
from birdscope.core.windows import WINDOW_S


@dataclass(frozen=True, slots=True)
class Detection:
    """A species in a stretch of a recording.

    Attributes:
        recording: Key of the recording.
        start_s: Beginning, in seconds from the start of the recording.
        end_s: End, in seconds.
        label: Class label.
        score: Probability, the highest where windows were joined.
    """

    recording: str
    start_s: float
    end_s: float
    label: str
    score: float


def find_detections(
    probabilities: npt.NDArray[np.floating],
    rows: ScoreRows,
    classes: tuple[str, ...],
    threshold: float | Mapping[str, float],
    *,
    join: bool = False,
) -> list[Detection]:
    """Windows whose probability reaches the threshold, in order of recording, time and class.

    Args:
        probabilities: [R, C] in 0–1; NaN is never a detection.
        rows: The R windows.
        classes: Labels of the C columns.
        threshold: One for all, or one a label (a label without one is left out).
        join: Make one detection of neighbouring windows with the same species.

    Raises:
        UsageError: if a threshold is outside 0–1.
    """
    limits = _limits(classes, threshold)
    with np.errstate(invalid="ignore"):
        hit_rows, hit_columns = np.nonzero(probabilities >= limits)
    owner = np.searchsorted(rows.offsets, hit_rows, side="right") - 1
    found = [
        Detection(
            rows.recordings[recording],
            float(rows.start_s[row]),
            float(rows.start_s[row]) + WINDOW_S,
            classes[column],
            float(probabilities[row, column]),
        )
        for recording, row, column in zip(owner, hit_rows, hit_columns, strict=True)
    ]
    return sorted(_joined(found), key=_time_order) if join else found


def _limits(
    classes: tuple[str, ...], threshold: float | Mapping[str, float]
) -> npt.NDArray[np.float64]:
    given = threshold if isinstance(threshold, Mapping) else dict.fromkeys(classes, threshold)
    for label, limit in given.items():
        if not 0 <= limit <= 1:
            raise UsageError(f"threshold {limit} of {label} is not between 0 and 1")
    return np.array([given.get(label, np.inf) for label in classes])


def _time_order(detection: Detection) -> tuple[str, float, str]:
    return detection.recording, detection.start_s, detection.label


def _joined(detections: list[Detection]) -> Iterator[Detection]:
    """Neighbouring windows of one species and recording as one stretch."""
    by_species = sorted(detections, key=lambda one: (one.recording, one.label, one.start_s))
    for _, group in groupby(by_species, key=lambda one: (one.recording, one.label)):
        current: Detection | None = None
        for one in group:
            if current is not None and one.start_s <= current.end_s:
                score = max(current.score, one.score)
                current = Detection(one.recording, current.start_s, one.end_s, one.label, score)
                continue
            if current is not None:
                yield current
            current = one
        if current is not None:
            yield current
