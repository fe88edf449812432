"""Several settings beside each other on the same labels, each against one baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from birdscope.core.events import Emit, Event, Stop, silent
from birdscope.core.scores import Scores
from birdscope.core.settings import Settings
from birdscope.metrics.bootstrap import Interval
from birdscope.metrics.resampling import Resampler, badge_of_interval
from birdscope.metrics.tune_matrix import TuneMatrix
from birdscope.metrics.tune_results import Badge, Measured
from birdscope.metrics.tune_truth import TuneTruth
from birdscope.metrics.tuner import Tuner


@dataclass(frozen=True)
class ComparedSettings:
    """A row of the table.

    Attributes:
        settings: What was measured.
        measured: The figures, pooled and by fold.
        interval: 95 %, of the pooled macro ROC-AUC; None where it can't be had.
        difference: The macro ROC-AUC minus the baseline's; 0 for the baseline.
        difference_interval: Of the difference, over the same resamples; None for the baseline
            and where it can't be had.
        badge: "better" or "worse" where that interval leaves 0 out; empty for the baseline.
    """

    settings: Settings
    measured: Measured
    interval: Interval | None
    difference: float
    difference_interval: Interval | None
    badge: Badge | None


@dataclass(frozen=True)
class Comparison:
    """A table of settings.

    Attributes:
        rows: The baseline first.
        truth: The labels, with what is counted in them.
        scored_rows: Rows that have a label and a score.
        recordings: Recordings they come from.
        missing_rows: Labelled rows that the scores don't have.
        unpredicted_rows: Labelled rows that no member has predicted (yet).
    """

    rows: tuple[ComparedSettings, ...]
    truth: TuneTruth
    scored_rows: int
    recordings: int
    missing_rows: int
    unpredicted_rows: int


def compare_settings(
    scores: Scores,
    truth: TuneTruth,
    settings: Sequence[Settings],
    baseline: Settings,
    *,
    resamples: int = 1000,
    seed: int = 0,
    emit: Emit = silent,
    stop: Stop | None = None,
) -> Comparison:
    """Measure settings on the same rows and resamples.

    Args:
        scores: Every checkpoint raw.
        truth: The labels.
        settings: What to measure; the baseline need not be among them.
        baseline: What differences are taken to.
        resamples: Of the bootstrap over recordings; 0 for no intervals.
        seed: Of the bootstrap.
        emit: Told of each setting.
        stop: Asked between settings.

    Raises:
        ScoresError: if no labelled row was predicted.
        ConfigError: if settings name a member that the scores don't have.
        Cancelled: if stopped.
    """
    matrix = TuneMatrix.build(scores, truth)
    tuner = Tuner(matrix)
    resampler = Resampler(matrix, resamples, seed)
    everything = [baseline, *(one for one in settings if one != baseline)]
    base = tuner.measure(baseline)
    rows = []
    for done, one in enumerate(everything, start=1):
        if stop is not None:
            stop.check()
        measured = tuner.measure(one)
        is_base = one is baseline
        difference = None if is_base else resampler.difference(one, baseline)
        rows.append(
            ComparedSettings(
                one,
                measured,
                resampler.interval(one),
                measured.macro_roc_auc - base.macro_roc_auc,
                difference,
                None if is_base else badge_of_interval(difference),
            )
        )
        emit(Event("progress", one.name, done, len(everything), "settings"))
    return Comparison(
        tuple(rows),
        truth,
        len(matrix.place),
        len(matrix.rows.recordings),
        matrix.missing_rows,
        matrix.unpredicted_rows,
    )
