"""Verdicts as labels to tune against: one species of one window each, from a fair sample only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import ScoresError
from birdscope.core.windows import row_id, stem_of
from birdscope.metrics.tune_folds import recording_folds
from birdscope.metrics.tune_truth import NEGATIVE, POSITIVE, UNKNOWN, TuneTruth

FAIR_QUEUE = "stratified"
"""The queue that draws windows by chance, so that each has a known sampling probability."""


class JudgedWindow(Protocol):
    """What this needs of a `session.verdicts.Verdict`."""

    @property
    def recording(self) -> str:
        """Key of the recording."""

    @property
    def index(self) -> int:
        """Which window of it, from 0."""

    @property
    def label(self) -> str:
        """The species that was asked for."""

    @property
    def answer(self) -> str:
        """`yes`, `no`, `maybe` or `correct` (to another species)."""

    @property
    def corrected_label(self) -> str | None:
        """The species that is heard instead, where the answer is `correct`."""

    @property
    def queue(self) -> str:
        """The kind of queue that the window came from."""

    @property
    def sampling_probability(self) -> float | None:
        """How likely that queue was to show this window; None where it ranks."""


def verdict_truth(
    verdicts: Iterable[JudgedWindow], classes: Sequence[str], *, folds: int = 5, seed: int = 0
) -> TuneTruth:
    """Verdicts as labels; what nobody judged is unknown, and counts for nobody.

    Only windows drawn by chance count (`stratified` queues), each weighted by 1 / its sampling
    probability: a ranked queue shows what the model is sure of, or unsure of, and an AUC over
    such windows says nothing of the others. A window judged for two species under different
    probabilities gives two rows.

    Args:
        verdicts: One for each window and label.
        classes: The scores' classes; verdicts on another label are left out.
        folds: Of recordings.
        seed: Of the folds.

    Raises:
        ScoresError: if no verdict from a fair sample is left; says why and what to do.
    """
    everything = list(verdicts)
    index = {label: column for column, label in enumerate(classes)}
    fair = [one for one in everything if _is_fair(one)]
    cells: dict[tuple[str, int, float], dict[int, int]] = {}
    for one in fair:
        named = _cells(one, index)
        if named:
            assert one.sampling_probability is not None
            key = (one.recording, one.index, one.sampling_probability)
            # what was said of a species itself outweighs what a correction says of it
            row = cells.setdefault(key, {})
            for column, value in named.items():
                if column not in row or column == index.get(one.label):
                    row[column] = value
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
        tuple(row_id(stem_of(recording), at) for recording, at, _ in cells),
        "window",
        values,
        np.array([1.0 / probability for _, _, probability in cells]),
        of_rows,
        "verdicts",
        _counted(everything, fair, values, index, int(number.max()) + 1),
    )


def _is_fair(one: JudgedWindow) -> bool:
    probability = one.sampling_probability
    return one.queue == FAIR_QUEUE and probability is not None and 0 < probability <= 1


def _cells(one: JudgedWindow, index: Mapping[str, int]) -> dict[int, int]:
    """Column → value of what one verdict says; empty where it says nothing."""
    said: dict[str, int] = {}
    if one.answer == "yes":
        said[one.label] = POSITIVE
    elif one.answer in ("no", "correct"):
        said[one.label] = NEGATIVE
    if one.answer == "correct" and one.corrected_label:
        said[one.corrected_label] = POSITIVE
    return {index[label]: value for label, value in said.items() if label in index}


def _nothing_fair(everything: Sequence[JudgedWindow], fair: Sequence[JudgedWindow]) -> ScoresError:
    remedy = (
        "in Audition choose the queue 'stratified', which draws windows by chance, judge some of "
        "it, and come back"
    )
    if not everything:
        return ScoresError("there are no verdicts in this session yet", remedy=remedy)
    if fair:
        return ScoresError(
            f"the {len(fair)} verdicts from stratified queues are all 'maybe' or on labels that "
            "the scores don't have",
            remedy=remedy,
        )
    return ScoresError(
        f"all {len(everything)} verdicts come from ranked queues, and an AUC over windows that "
        "were chosen by their score says nothing of the others",
        remedy=remedy,
    )


def _counted(
    everything: Sequence[JudgedWindow],
    fair: Sequence[JudgedWindow],
    values: npt.NDArray[np.int8],
    index: Mapping[str, int],
    recordings: int,
) -> tuple[str, ...]:
    scored = int(((values == POSITIVE).any(axis=0) & (values == NEGATIVE).any(axis=0)).sum())
    known = int((values != UNKNOWN).sum())
    sentences = [
        f"a verdict labels one species of one window: {known:,} such labels, in {recordings:,} "
        "recordings; all else is unknown and counts for nobody",
        f"{scored} of {values.shape[1]} classes have a yes and a no; macro ROC-AUC is the mean "
        "over those",
        "each counts 1 / the probability with which its queue drew the window, so that the "
        "figure is about all windows, not about those that happened to be judged",
    ]
    answers = Counter(one.answer for one in fair)
    corrected = sum(
        one.answer == "correct" and (one.corrected_label or "") in index for one in fair
    )
    counts = (
        (len(everything) - len(fair), "from ranked queues: chosen by score, no fair sample"),
        (answers["maybe"], "with the answer 'maybe'"),
        (sum(one.label not in index for one in fair), "on a label that these scores don't have"),
    )
    sentences += [f"left out: {_verdicts(count)} {why}" for count, why in counts if count]
    if corrected:
        sentences.append(
            f"{_verdicts(corrected)} with a correction: 'no' for the species asked, 'yes' for the "
            "one heard"
        )
    return tuple(sentences)


def _verdicts(count: int) -> str:
    return f"{count:,} verdict" if count == 1 else f"{count:,} verdicts"
