"""Verdicts as labels to tune against: one species of one window each, from a fair sample only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import ScoresError
from birdscope.core.verdicts import Verdict
from birdscope.metrics.tune_folds import recording_folds
from birdscope.metrics.tune_truth import NEGATIVE, POSITIVE, UNKNOWN, TuneTruth

FAIR_QUEUE = "stratified"
"""The queue that draws windows by chance, so that each has a known sampling probability."""

RowKey = tuple[str, str, float]
"""A row of the truth: recording, row id, sampling probability."""


def verdict_truth(
    verdicts: Iterable[Verdict], classes: Sequence[str], *, folds: int = 5, seed: int = 0
) -> TuneTruth:
    """Verdicts as labels; what nobody judged is unknown, and counts for nobody.

    Only windows drawn by chance count (`stratified` queues), each weighted by 1 / its sampling
    probability: a ranked queue shows what the model is sure of, or unsure of, and an AUC over
    such windows says nothing of the others. A window judged for two species under different
    probabilities gives two rows. Where annotators contradict each other the cell is unknown.

    Args:
        verdicts: The latest of each annotator for each window and label.
        classes: The scores' classes; verdicts on another label are left out.
        folds: Of recordings.
        seed: Of the folds.

    Raises:
        ScoresError: if no verdict from a fair sample is left; says why and what to do.
    """
    everything = list(verdicts)
    index = {label: column for column, label in enumerate(classes)}
    fair = [one for one in everything if _is_fair(one)]
    cells, contested = _cells(fair, index)
    if not cells:
        raise _nothing_fair(everything, fair)
    values = np.full((len(cells), len(classes)), UNKNOWN, dtype=np.int8)
    for row_number, columns in enumerate(cells.values()):
        values[row_number, list(columns)] = list(columns.values())
    recordings = np.array([recording for recording, _, _ in cells], dtype=object)
    number = np.unique(recordings, return_inverse=True)[1].astype(np.int64)
    of_rows = recording_folds(values, number, folds, seed)
    return TuneTruth(
        tuple(classes),
        tuple(name for _, name, _ in cells),
        "window",
        values,
        np.array([1.0 / probability for _, _, probability in cells]),
        of_rows,
        "verdicts",
        (
            *_counted(values, int(number.max()) + 1),
            *_left_out(everything, fair, contested, index),
        ),
    )


def _is_fair(one: Verdict) -> bool:
    probability = one.sampling_probability
    return one.queue == FAIR_QUEUE and probability is not None and 0 < probability <= 1


def _cells(
    fair: Sequence[Verdict], index: Mapping[str, int]
) -> tuple[dict[RowKey, dict[int, int]], int]:
    """Row → column → value, and how many cells are unknown because annotators disagree.

    What was said of a species itself outweighs what a correction says of it.
    """
    asked: dict[tuple[RowKey, int], set[bool]] = {}
    in_passing: dict[tuple[RowKey, int], set[bool]] = {}
    for one in fair:
        row = (one.recording, one.row_id, one.sampling_probability or 1.0)
        for label, there in one.cells:
            if label in index:
                votes = asked if label == one.label else in_passing
                votes.setdefault((row, index[label]), set()).add(there)
    found: dict[RowKey, dict[int, int]] = {}
    contested = 0
    for (row, column), said in (in_passing | asked).items():
        if len(said) > 1:
            contested += 1
        else:
            found.setdefault(row, {})[column] = POSITIVE if True in said else NEGATIVE
    return found, contested


def _nothing_fair(everything: Sequence[Verdict], fair: Sequence[Verdict]) -> ScoresError:
    remedy = (
        "in Audition choose the queue 'stratified', which draws windows by chance, judge some of "
        "it, and come back"
    )
    if not everything:
        return ScoresError("there are no verdicts in this session yet", remedy=remedy)
    if fair:
        return ScoresError(
            f"the {len(fair)} verdicts from stratified queues are 'maybe', contradicted, or on "
            "labels that the scores don't have",
            remedy=remedy,
        )
    return ScoresError(
        f"none of the {len(everything)} verdicts is on a window drawn by chance, and an AUC over "
        "windows that were chosen by their score says nothing of the others",
        remedy=remedy,
    )


def _counted(values: npt.NDArray[np.int8], recordings: int) -> tuple[str, ...]:
    scored = int(((values == POSITIVE).any(axis=0) & (values == NEGATIVE).any(axis=0)).sum())
    known = int((values != UNKNOWN).sum())
    return (
        f"a verdict labels one species of one window: {known:,} such labels, in {recordings:,} "
        "recordings; all else is unknown and counts for nobody",
        f"{scored} of {values.shape[1]} classes have a yes and a no; macro ROC-AUC is the mean "
        "over those",
        "each counts 1 / the probability with which its queue drew the window, so that the "
        "figure is about all windows that the queue could draw, not only those judged",
    )


def _left_out(
    everything: Sequence[Verdict],
    fair: Sequence[Verdict],
    contested: int,
    index: Mapping[str, int],
) -> list[str]:
    answers = Counter(one.answer for one in fair)
    counts = (
        (len(everything) - len(fair), "on windows that were ranked or imported, not drawn"),
        (answers["maybe"], "with the answer 'maybe'"),
        (sum(one.label not in index for one in fair), "on a label that these scores don't have"),
    )
    sentences = [f"left out: {_verdicts(count)} {why}" for count, why in counts if count]
    if contested:
        sentences.append(f"unknown because annotators disagree: {contested:,} labels")
    corrected = sum(one.answer == "correct" for one in fair)
    if corrected:
        sentences.append(
            f"{_verdicts(corrected)} with a correction: 'no' for the species asked, 'yes' for the "
            "one heard"
        )
    return sentences


def _verdicts(count: int) -> str:
    return f"{count:,} verdict" if count == 1 else f"{count:,} verdicts"
