"""What the verdicts about one species say: precision of the best, calibration, thresholds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from birdscope.core.verdicts import Verdict
from birdscope.engine.audition_messages import JudgeSummary, JudgeWanted, PrecisionAt, ThresholdAt
from birdscope.engine.audition_scores import OpenScores
from birdscope.metrics.calibration import NEEDED_EACH, Calibration, calibrate
from birdscope.metrics.columns import Column
from birdscope.metrics.precision import precision_at
from birdscope.metrics.queues import fair_weights

_FAIR = "stratified"
_BY_SCORE = ("score", "uncertainty", _FAIR, "")
_LADDER = (1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 500, 1000)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A window with a yes or no.

    Attributes:
        verdict: What was said.
        there: Whether the species is there.
        score: What the scores say now; else the score it was judged with.
        row: Its row in the scores; None where they don't have it.
    """

    verdict: Verdict
    there: bool
    score: float
    row: int | None


def summarise(
    wanted: JudgeWanted,
    verdicts: list[Verdict],
    opened: OpenScores | None,
    column: Column | None,
) -> JudgeSummary:
    """Sum up the verdicts about `wanted.label`.

    Args:
        wanted: The question.
        verdicts: Those that count; of several annotators the latest of a window does.
        opened: The scores; None where there are none of the species.
        column: The species' probabilities in them.
    """
    latest = {one.window: one for one in verdicts}
    notes = _annotators(verdicts, latest)
    judged = [
        _Judged(one, there, *_score(one, opened, column))
        for one in latest.values()
        if (there := one.says(wanted.label)) is not None
    ]
    yes = sum(one.there for one in judged)
    shown = [one for one in judged if _was_chosen(one.verdict)]
    if len(shown) < len(judged):
        notes.append(
            f"{_windows(len(judged) - len(shown))} of training clips or from imported labels count "
            "above, not below: nothing tells how they were chosen"
        )
    scored = sorted((one for one in shown if not np.isnan(one.score)), key=lambda one: -one.score)
    if len(scored) < len(shown):
        notes.append(f"{_windows(len(shown) - len(scored))} without a score left out below")
    old = sum(one.row is None for one in scored)
    if old:
        notes.append(f"{_windows(old)} with the score they were judged with: not in these scores")
    calibration = _calibration(wanted, scored, column, notes)
    return JudgeSummary(
        label=wanted.label,
        yes=yes,
        no=len(judged) - yes,
        maybe=len(latest) - len(judged),
        precision=_precision(scored, column),
        enough=calibration.enough,
        reason=calibration.reason,
        curve=calibration.curve(),
        thresholds=tuple(
            ThresholdAt(one.precision, one.score, one.low, one.high, one.reason)
            for one in calibration.thresholds.values()
        ),
        notes=tuple(notes),
    )


def _was_chosen(one: Verdict) -> bool:
    """Whether a queue of soundscapes, or a hand in Scope, chose the window.

    A file of labels often names only what is there: figures from it would be far too good.
    """
    return one.queue != "clips" and bool(one.queue or not one.origin)


def _annotators(verdicts: list[Verdict], latest: dict[tuple[str, int], Verdict]) -> list[str]:
    names = sorted({one.annotator for one in verdicts})
    if len(names) < 2:
        return []
    twice = len(verdicts) - len(latest)
    text = f"verdicts of {', '.join(names)}"
    return [f"{text}; of {_windows(twice)} judged twice the latest counts" if twice else text]


def _score(
    one: Verdict, opened: OpenScores | None, column: Column | None
) -> tuple[float, int | None]:
    """The score of a verdict's window and its row."""
    row = opened.row_of(one.recording, one.index) if opened is not None else None
    if row is not None and column is not None and not np.isnan(column.final[row]):
        return float(column.final[row]), row
    by_hand = one.score is not None and not one.origin
    return (float(one.score) if by_hand and one.score is not None else float("nan")), None


def _precision(scored: list[_Judged], column: Column | None) -> tuple[PrecisionAt, ...]:
    """At the rungs of a ladder, and for all judged windows."""
    right = [one.there for one in scored]
    rungs = [k for k in _LADDER if k < len(scored)] + ([len(scored)] if scored else [])
    found = []
    for k in rungs:
        one = precision_at(right, k)
        gaps = _gaps(scored[:k], column)
        found.append(PrecisionAt(k, one.hits, one.value, one.low, one.high, gaps))
    return tuple(found)


def _gaps(best: list[_Judged], column: Column | None) -> int:
    """Windows of the scores above the last of these that are not among them."""
    if column is None:
        return 0
    edge = best[-1].score
    above = int((column.final > edge).sum())
    return max(0, above - sum(one.row is not None and one.score > edge for one in best))


def _calibration(
    wanted: JudgeWanted, scored: list[_Judged], column: Column | None, notes: list[str]
) -> Calibration:
    """From the fair sample where it suffices, else from windows chosen by score alone."""
    fair = [one for one in scored if one.verdict.queue == _FAIR and one.row is not None]
    hits = sum(one.there for one in fair)
    if column is not None and NEEDED_EACH <= hits <= len(fair) - NEEDED_EACH:
        weights = fair_weights(column.final, np.array([one.row for one in fair], dtype=np.int64))
        notes.append(
            f"calibrated on the {len(fair)} windows drawn by chance, each weighted by how many it "
            "stands for"
        )
        return _fitted(wanted, fair, weights)
    by_score = [one for one in scored if one.verdict.queue in _BY_SCORE]
    others = len(scored) - len(by_score)
    if others:
        notes.append(
            f"{_windows(others)} not used for the calibration: chosen by disagreement or AUC loss, "
            "not by score"
        )
    calibration = _fitted(wanted, by_score, None)
    if calibration.enough:
        notes.append(
            "from ranked windows (fair: random by score), right only where the curve is logistic"
        )
    return calibration


def _fitted(
    wanted: JudgeWanted, judged: list[_Judged], weights: npt.NDArray[np.float64] | None
) -> Calibration:
    return calibrate(
        [one.score for one in judged],
        [one.there for one in judged],
        weights,
        recordings=[one.verdict.recording for one in judged],
        seed=wanted.seed,
    )


def _windows(count: int) -> str:
    return f"{count:,} window" if count == 1 else f"{count:,} windows"
