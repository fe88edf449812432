"""What is asked of the study lane about tuning, and what it answers; plain, picklable data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from birdscope.core.scores import ScoredCheckpoint
    from birdscope.core.settings import Settings
    from birdscope.metrics.evaluate import Unit
    from birdscope.metrics.tune_results import Badge, Measured

TruthKind = Literal["soundscapes", "out of fold", "verdicts", "file"]


@dataclass(frozen=True, slots=True)
class FindSources:
    """Which scores and labels there are to tune with.

    Attributes:
        dataset: Root of the dataset.
        session: Folder of the session: its scores and verdicts are looked through.
        scores: Further folders of scores to look at, such as a training run's.
    """

    dataset: Path
    session: Path
    scores: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class TuningSource:
    """One pair of scores and labels.

    Attributes:
        kind: Where the labels come from.
        title: What the pair is, for a list to choose from.
        scores: The folder of scores.
        labels: The file of labels; None where the kind says where they are.
        problem: Why it can't be used, with what to do; empty where it can.
    """

    kind: TruthKind
    title: str
    scores: Path
    labels: Path | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class OpenTuning:
    """Load scores and labels; every later question is about them.

    Attributes:
        kind: Where the labels come from.
        scores: Folder of scores: of `birdscope predict`, of a training run's out-of-fold
            predictions, or the live ones of a session.
        dataset: Root of the dataset.
        session: Folder of the session, for its verdicts.
        labels: A file of labels; None takes the one that the kind means.
        weights: Member → blend weight of the ensemble; None takes those kept with the scores.
        settings: The ensemble's own stack; None takes the one kept with the scores.
    """

    kind: TruthKind
    scores: Path
    dataset: Path
    session: Path | None = None
    labels: Path | None = None
    weights: Mapping[str, float] | None = None
    settings: Settings | None = None


@dataclass(frozen=True, slots=True)
class TuningOpened:
    """What there is to tune with.

    Attributes:
        source: What the labels are, in a word or two.
        unit: What a row is, a window or a file.
        members: Member names in the ensemble's order.
        checkpoints: The K layers.
        weights: Member → blend weight where settings name none.
        classes: Labels of the C columns.
        label_names: Label → common name, where there is one.
        scored_classes: Labels that can be scored, in column order.
        positives: Label → positive rows.
        rows: Rows that are scored.
        recordings: Recordings they come from.
        folds: The folds' numbers; empty without folds.
        counted: Plain sentences: what is counted where, and what was left out.
        default_settings: The ensemble's own stack.
        baselines: Settings that are always there, the notebook's first.
    """

    source: str
    unit: Unit
    members: tuple[str, ...]
    checkpoints: tuple[ScoredCheckpoint, ...]
    weights: Mapping[str, float]
    classes: tuple[str, ...]
    label_names: Mapping[str, str]
    scored_classes: tuple[str, ...]
    positives: Mapping[str, int]
    rows: int
    recordings: int
    folds: tuple[int, ...]
    counted: tuple[str, ...]
    default_settings: Settings
    baselines: tuple[Settings, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """How good settings are; see `MeasuredSettings`."""

    settings: Settings


@dataclass(frozen=True, slots=True)
class MeasuredSettings:
    """A row of the settings table, with what the stack editor says beside its steps.

    Attributes:
        measured: The figures.
        no_ops: Index of a step → why it can't change any class's ROC-AUC here.
    """

    measured: Measured
    no_ops: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class WantStages:
    """The figure after each step, in the order of the arithmetic: a tuple of `StageScore`."""

    settings: Settings


@dataclass(frozen=True, slots=True)
class WantInterval:
    """The difference to a baseline with its interval, progressively: `IntervalSoFar`."""

    settings: Settings
    baseline: Settings
    resamples: int = 1000


@dataclass(frozen=True, slots=True)
class WantCurves:
    """ROC and precision-recall of a class: `Curves`."""

    settings: Settings
    label: str


@dataclass(frozen=True, slots=True)
class WantDeltas:
    """Every scored class against a baseline: a tuple of `ClassDelta`, in column order."""

    settings: Settings
    baseline: Settings


@dataclass(frozen=True, slots=True)
class WantCosts:
    """The rows that cost a class most area: a tuple of `RowCost`, the dearest first."""

    settings: Settings
    label: str
    limit: int = 200


@dataclass(frozen=True, slots=True)
class FitBlend:
    """Blend weights by non-negative least squares inside folds: `BlendFitted`."""

    settings: Settings
    baseline: Settings


@dataclass(frozen=True, slots=True)
class BlendFitted:
    """Weights of a blend, and what they are worth on folds they were not fitted on.

    Attributes:
        weights: Member → weight fitted on all folds; sum 1.
        nested: Mean macro ROC-AUC over the folds, each under weights of the others.
        gain: `nested` minus the baseline's over the same folds.
        badge: "better" or "worse" where the gain's 95 % interval leaves 0 out.
        in_sample: The figure of `weights` on all folds.
        overfit: `in_sample` minus `nested`.
    """

    weights: Mapping[str, float]
    nested: float
    gain: float
    badge: Badge
    in_sample: float
    overfit: float
