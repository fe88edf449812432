"""Scores against labels: align rows, post-process, measure; say what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import ScoresError
from birdscope.core.scores import Scores
from birdscope.core.settings import Settings
from birdscope.metrics.average_precision import macro_average_precision
from birdscope.metrics.bootstrap import Interval, macro_auc_interval
from birdscope.metrics.roc_auc import macro_roc_auc
from birdscope.postprocess.recordings import recording_of_row
from birdscope.postprocess.stack import apply_settings, file_scores

Unit = Literal["window", "file"]


class LabelledRows(Protocol):
    """What `dataset.labels.Labels` gives: a matrix of labels with the names of its rows."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Labels of the columns."""

    @property
    def row_ids(self) -> tuple[str, ...]:
        """Row ids of windows, or keys of recordings (file level)."""

    @property
    def values(self) -> npt.NDArray[Any]:
        """[rows, classes], positive above 0.5."""


@dataclass(frozen=True)
class Evaluation:
    """How good scores are under some settings, and on what.

    Attributes:
        settings: Name of the settings.
        macro_roc_auc: Over the scored classes; NaN where none could be scored.
        scored_classes: Classes with at least one positive and one negative row.
        macro_ap: Macro average precision over the same classes.
        per_class: Label → ROC-AUC; None for a class that could not be scored.
        per_class_ap: Label → average precision, likewise.
        positives: Label → positive rows scored.
        interval: Of the macro ROC-AUC, by bootstrap over recordings; None where not asked for
            or not to be had.
        unit: What a row is.
        rows: Rows scored.
        recordings: Recordings they come from.
        missing_rows: Labelled rows that the scores don't have.
        unpredicted_rows: Labelled rows whose recording could not be predicted (yet).
        unlabelled_rows: Rows of the scores without a label: unknown, so not scored.
    """

    settings: str
    macro_roc_auc: float
    scored_classes: int
    macro_ap: float
    per_class: Mapping[str, float | None]
    per_class_ap: Mapping[str, float | None]
    positives: Mapping[str, int]
    interval: Interval | None
    unit: Unit
    rows: int
    recordings: int
    missing_rows: tuple[str, ...]
    unpredicted_rows: tuple[str, ...]
    unlabelled_rows: int


@dataclass(frozen=True)
class AlignedRows:
    """Labelled and predicted rows side by side.

    Attributes:
        labels: bool [S, C] of the S rows that have both.
        probabilities: [S, C], after the stack.
        recordings: Number of each row's recording, int64 [S].
        missing: Labelled rows that the scores don't have.
        unpredicted: Labelled rows without a prediction.
        unlabelled: How many rows of the scores have no label.
    """

    labels: npt.NDArray[np.bool_]
    probabilities: npt.NDArray[np.floating[Any]]
    recordings: npt.NDArray[np.int64]
    missing: tuple[str, ...]
    unpredicted: tuple[str, ...]
    unlabelled: int


def evaluate(
    scores: Scores,
    labels: LabelledRows,
    settings: Settings,
    *,
    unit: Unit = "window",
    resamples: int = 0,
    seed: int = 0,
) -> Evaluation:
    """Measure scores under settings on the rows that have both a label and a prediction.

    Args:
        scores: Raw scores; all of their rows go through the stack, labelled or not.
        labels: Of windows (by row id) or of recordings (by key), in the scores' classes.
        settings: The stack; `file_pooling` makes file scores from windows.
        unit: Whether the labels are of windows or of files.
        resamples: Of the bootstrap over recordings; 0 asks for no interval.
        seed: Of the bootstrap.

    Raises:
        ScoresError: if the classes differ, or no labelled row was predicted.
        ConfigError: if the settings name a member that the scores don't have.
    """
    if tuple(labels.classes) != scores.classes:
        raise ScoresError("labels and scores have different classes")
    aligned = align_rows(scores, labels, settings, unit)
    auc = macro_roc_auc(aligned.labels, aligned.probabilities)
    precision = macro_average_precision(aligned.labels, aligned.probabilities)
    recordings, number = np.unique(aligned.recordings, return_inverse=True)
    interval = None
    if resamples:
        interval = macro_auc_interval(
            aligned.labels,
            aligned.probabilities,
            number,
            resamples=resamples,
            generator=np.random.default_rng(seed),
        )
    positives = aligned.labels.sum(axis=0).tolist()
    return Evaluation(
        settings=settings.name,
        macro_roc_auc=auc.macro,
        scored_classes=auc.scored_classes,
        macro_ap=precision.macro,
        per_class=_by_label(scores.classes, auc.per_class),
        per_class_ap=_by_label(scores.classes, precision.per_class),
        positives=dict(zip(scores.classes, positives, strict=True)),
        interval=interval,
        unit=unit,
        rows=len(aligned.labels),
        recordings=len(recordings),
        missing_rows=aligned.missing,
        unpredicted_rows=aligned.unpredicted,
        unlabelled_rows=aligned.unlabelled,
    )


def align_rows(scores: Scores, labels: LabelledRows, settings: Settings, unit: Unit) -> AlignedRows:
    """Post-process all scores, then lay the rows that have labels beside them.

    Raises:
        ScoresError: if no labelled row was predicted.
    """
    probabilities = apply_settings(scores, settings)
    rows = scores.rows
    if unit == "file":
        values = file_scores(probabilities, rows.offsets, settings.file_pooling)
        names, number = rows.recordings, np.arange(len(rows.recordings))
    else:
        values, names, number = probabilities, rows.row_ids, recording_of_row(rows.offsets)
    place = {name: row for row, name in enumerate(names)}
    at = np.array([place.get(name, -1) for name in labels.row_ids], dtype=np.int64)
    there = at >= 0
    predicted = there.copy()
    predicted[there] = ~np.isnan(values[at[there]]).any(axis=1)
    if not predicted.any():
        raise ScoresError(_why_nothing(names, labels.row_ids, bool(there.any())), remedy=_LOOK)
    label_names = np.array(labels.row_ids, dtype=object)
    return AlignedRows(
        labels=np.asarray(labels.values)[predicted] > 0.5,
        probabilities=values[at[predicted]],
        recordings=number[at[predicted]],
        missing=tuple(label_names[~there]),
        unpredicted=tuple(label_names[there & ~predicted]),
        unlabelled=len(names) - len(set(at[there].tolist())),
    )


_LOOK = "evaluate scores against the labels of the same recordings, after birdscope predict"


def _why_nothing(ours: Sequence[str], theirs: Sequence[str], any_there: bool) -> str:
    if any_there:
        return "no labelled row has been predicted yet"
    examples = f" (scores: {ours[0]}, labels: {theirs[0]})" if ours and theirs else ""
    return f"no labelled row is among the scores{examples}"


def _by_label(
    classes: Sequence[str], per_class: npt.NDArray[np.float64]
) -> dict[str, float | None]:
    """Label → value, None instead of NaN."""
    return {
        label: None if np.isnan(value) else float(value)
        for label, value in zip(classes, per_class, strict=True)
    }
