"""How the study lane answers questions about tuning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from birdscope.core.errors import Cancelled, EngineError
from birdscope.core.scores import Scores
from birdscope.core.settings import Settings
from birdscope.engine import tune_messages as messages
from birdscope.engine.tune_sources import Loaded, find_sources, load
from birdscope.metrics.tune_matrix import TuneMatrix
from birdscope.metrics.tune_results import (
    ClassDelta,
    Curves,
    IntervalSoFar,
    RowCost,
    StageScore,
)
from birdscope.metrics.tune_truth import NO_FOLD, POSITIVE, TuneTruth
from birdscope.metrics.tuner import Tuner
from birdscope.postprocess.baselines import baselines
from birdscope.postprocess.stack import blend_weights

if TYPE_CHECKING:
    from birdscope.engine.study import Study


@dataclass(frozen=True)
class Tuning:
    """What is open.

    Attributes:
        scores: Every checkpoint raw, all rows.
        truth: The labels.
        tuner: Measures settings on them.
    """

    scores: Scores
    truth: TuneTruth
    tuner: Tuner


def open_tuning(study: Study, wanted: messages.OpenTuning) -> messages.TuningOpened:
    """Load scores and labels, and forget what was open.

    Raises:
        BirdscopeError: they can't be read or don't fit together; what was open stays.
    """
    loaded = load(study, wanted)
    matrix = TuneMatrix.build(loaded.scores, loaded.truth)
    if study.tuning is not None:
        study.tuning.tuner.close()
    study.tuning = Tuning(loaded.scores, loaded.truth, Tuner(matrix))
    return _opened(loaded, matrix)


def measure(study: Study, wanted: messages.Measure) -> messages.MeasuredSettings:
    """How good settings are."""
    tuner = _tuner(study)
    measured = tuner.measure(wanted.settings)
    return messages.MeasuredSettings(measured, tuner.no_ops(wanted.settings))


def stages(study: Study, wanted: messages.WantStages) -> Iterator[tuple[StageScore, ...] | None]:
    """The figure after each step, all at once; gives way after every one of them."""
    tuner, found = _tuner(study), []
    for stage in tuner.stages(wanted.settings):
        _check_open(study, tuner)
        found.append(stage)
        yield None
    yield tuple(found)


def interval(study: Study, wanted: messages.WantInterval) -> Iterator[IntervalSoFar | None]:
    """The difference to a baseline, firmer and firmer."""
    tuner = _tuner(study)
    for part in tuner.resample(wanted.settings, wanted.baseline, wanted.resamples):
        _check_open(study, tuner)
        yield part


def curves(study: Study, wanted: messages.WantCurves) -> Curves:
    """ROC and precision-recall of a class."""
    return _tuner(study).curves(wanted.settings, wanted.label)


def deltas(study: Study, wanted: messages.WantDeltas) -> tuple[ClassDelta, ...]:
    """Every scored class against a baseline."""
    return _tuner(study).deltas(wanted.settings, wanted.baseline)


def costs(study: Study, wanted: messages.WantCosts) -> tuple[RowCost, ...]:
    """The rows that cost a class most area."""
    return _tuner(study).costs(wanted.settings, wanted.label, wanted.limit)


def fit_blend(study: Study, wanted: messages.FitBlend) -> messages.BlendFitted:
    """Blend weights fitted inside folds.

    Raises:
        BirdscopeError: there are no folds, or one member.
    """
    # scipy's optimiser, for this question only.
    from birdscope.metrics.blend_fit import fit_blend as fit

    tuning = _tuning(study)
    found = fit(tuning.scores, tuning.truth, wanted.settings, wanted.baseline)
    nested = found.nested
    return messages.BlendFitted(
        dict(found.weights),
        nested.nested,
        nested.gain,
        nested.badge,
        nested.in_sample,
        nested.overfit,
    )


HANDLERS: dict[type, Callable[[Study, Any], object]] = {
    messages.FindSources: find_sources,
    messages.OpenTuning: open_tuning,
    messages.Measure: measure,
    messages.WantStages: stages,
    messages.WantInterval: interval,
    messages.WantCurves: curves,
    messages.WantDeltas: deltas,
    messages.WantCosts: costs,
    messages.FitBlend: fit_blend,
}


def _tuning(study: Study) -> Tuning:
    if study.tuning is None:
        raise EngineError("nothing is open to tune", remedy="choose scores and labels first")
    return study.tuning


def _tuner(study: Study) -> Tuner:
    return _tuning(study).tuner


def _check_open(study: Study, tuner: Tuner) -> None:
    """Give up an answer about what is no longer open."""
    if study.tuning is None or study.tuning.tuner is not tuner:
        raise Cancelled("something else was opened")


def _opened(loaded: Loaded, matrix: TuneMatrix) -> messages.TuningOpened:
    scores, names = loaded.scores, loaded.catalog.taxonomy
    positives = (matrix.labels == POSITIVE).sum(axis=1).tolist()
    return messages.TuningOpened(
        source=loaded.truth.source,
        unit=matrix.unit,
        members=scores.members,
        checkpoints=scores.checkpoints,
        weights=blend_weights(scores, Settings()),
        classes=scores.classes,
        label_names={
            label: names.get(label).common_name
            for label in scores.classes
            if names.get(label).common_name
        },
        scored_classes=tuple(scores.classes[column] for column in matrix.scored),
        positives=dict(zip(scores.classes, positives, strict=True)),
        rows=len(matrix.place),
        recordings=len(matrix.rows.recordings),
        folds=tuple(fold for fold, _, _ in matrix.fold_spans if fold != NO_FOLD),
        counted=(*loaded.truth.counted, *_left_out(matrix)),
        default_settings=loaded.settings,
        baselines=baselines(scores.members),
    )


def _left_out(matrix: TuneMatrix) -> tuple[str, ...]:
    """What is labelled and not scored."""
    counts = (
        (matrix.missing_rows, "labelled rows are of recordings without scores"),
        (matrix.unpredicted_rows, "labelled rows could not be predicted (yet)"),
    )
    return tuple(f"left out: {count:,} {why}" for count, why in counts if count)
