"""Verdicts as labels to tune against: one species of one window each, from a fair sample only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import ScoresError
from birdscope.core.scores import ScoreRows
from birdscope.core.settings import Settings
from birdscope.core.verdicts import Verdict
from birdscope.core.windows import row_id, stem_of
from birdscope.metrics.columns import ScoreColumns
from birdscope.metrics.queues import fair_weights
from birdscope.metrics.tune_folds import recording_folds
from birdscope.metrics.tune_truth import NEGATIVE, POSITIVE, UNKNOWN, TuneTruth

FAIR_QUEUE = "stratified"
"""The queue that draws windows by chance, so that each has a known sampling probability."""

Window = tuple[str, int]
"""Recording and index."""

RowKey = tuple[str, int, str]
"""A row of the truth: a window, and the species whose queue drew it."""


@dataclass(frozen=True)
class Drawn:
    """The scores that stratified queues drew from.

    Attributes:
        columns: Every species' probabilities.
        settings: The post-processing that ranks them.
    """

    columns: ScoreColumns
    settings: Settings


def verdict_truth(
    verdicts: Iterable[Verdict],
    classes: Sequence[str],
    *,
    drawn: Drawn | None = None,
    folds: int = 5,
    seed: int = 0,
) -> TuneTruth:
    """Verdicts as labels; what nobody judged is unknown, and counts for nobody.

    Only windows drawn by chance count (`stratified` queues): a ranked queue shows what the
    model is sure of, or unsure of, and an AUC over such windows says nothing of the others.
    Each counts for as many windows as it stands for among those of a like score. A queue that
    is drawn on in batches, or judged half way, makes 1 / the chance kept with each verdict
    wrong; that is the weight only where the scores are not given or don't hold the window. A
    window judged for two species gives two rows. Where annotators contradict each other the
    cell is unknown.

    Args:
        verdicts: The latest of each annotator for each window and label.
        classes: The scores' classes; verdicts on another label are left out.
        drawn: The scores that the queues drew from.
        folds: Of recordings.
        seed: Of the folds.

    Raises:
        ScoresError: if no verdict from a fair sample is left; says why and what to do.
        ConfigError: the settings of `drawn` don't fit its members.
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
    recordings = np.array([recording for recording, *_ in cells], dtype=object)
    number = np.unique(recordings, return_inverse=True)[1].astype(np.int64)
    of_rows = recording_folds(values, number, folds, seed)
    return TuneTruth(
        tuple(classes),
        tuple(row_id(stem_of(recording), window) for recording, window, _ in cells),
        "window",
        values,
        _weights(list(cells), fair, drawn),
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
    asked: dict[tuple[Window, int], list[tuple[RowKey, bool]]] = {}
    in_passing: dict[tuple[Window, int], list[tuple[RowKey, bool]]] = {}
    for one in fair:
        for label, there in one.cells:
            if label in index:
                votes = asked if label == one.label else in_passing
                vote = ((*one.window, one.label), there)
                votes.setdefault((one.window, index[label]), []).append(vote)
    found: dict[RowKey, dict[int, int]] = {}
    contested = 0
    for (_, column), votes_of in (in_passing | asked).items():
        if len({there for _, there in votes_of}) > 1:
            contested += 1
        else:
            row, there = votes_of[0]
            found.setdefault(row, {})[column] = POSITIVE if there else NEGATIVE
    return found, contested


def _weights(
    rows: Sequence[RowKey], fair: Sequence[Verdict], drawn: Drawn | None
) -> npt.NDArray[np.float64]:
    """How many windows each row stands for, float64 [R]."""
    chances = {(*one.window, one.label): one.sampling_probability or 1.0 for one in fair}
    weights = np.array([1.0 / chances[row] for row in rows])
    if drawn is None:
        return weights
    of_species: dict[str, list[int]] = {}
    for place, (*_, label) in enumerate(rows):
        of_species.setdefault(label, []).append(place)
    for label, places in of_species.items():
        if label in drawn.columns.scores.classes:
            _weigh(drawn, label, rows, np.array(places), weights)
    return weights


def _weigh(
    drawn: Drawn,
    label: str,
    rows: Sequence[RowKey],
    places: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float64],
) -> None:
    """Write the weights of the rows that one species' queue drew, where they have a score."""
    score = drawn.columns.column(label, drawn.settings).final
    at = np.array([_row(drawn.columns.scores.rows, *rows[place][:2]) for place in places])
    scored = (at >= 0) & ~np.isnan(score[at])
    weights[places[scored]] = fair_weights(score, at[scored])


def _row(rows: ScoreRows, recording: str, window: int) -> int:
    """The row of a window in the scores; -1 where there is none."""
    if recording not in rows.position:
        return -1
    span = rows.span(recording)
    return span.start + window if window < span.stop - span.start else -1


def _nothing_fair(everything: Sequence[Verdict], fair: Sequence[Verdict]) -> ScoresError:
    remedy = (
        "in Audition choose the queue 'random by score', which draws windows by chance, judge "
        "some of it, and come back"
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
        "each counts for as many windows as it stands for among those of a like score, so that "
        "the figure is about all windows that the queue could draw, not only those judged",
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
