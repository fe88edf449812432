"""What is asked of the study lane about audition, and what it answers; plain, picklable data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from birdscope.core.settings import Settings
    from birdscope.core.verdicts import QueueKind


@dataclass(frozen=True, slots=True)
class ScoresWanted:
    """Which scores a question is about.

    Attributes:
        dataset: Root of the dataset.
        session: Folder of the session: its verdicts, and the scores kept in it.
        scores: Folder of scores, of `birdscope predict` or live ones; None takes those of
            `ensemble` in the session, of whole recordings where there are, else live ones.
        ensemble: Fingerprint of the ensemble; empty takes the newest scores of the session.
        settings: The post-processing; None takes what is kept with the scores.
        weights: Member → blend weight where the settings name none; None takes those kept with
            the scores.
    """

    dataset: Path
    session: Path
    scores: Path | None = None
    ensemble: str = ""
    settings: Settings | None = None
    weights: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class QueueWanted:
    """The windows to listen to for one species.

    Attributes:
        source: The scores to choose from.
        label: The species.
        kind: How they are ranked; see `birdscope.metrics.queues`.
        limit: How many at most.
        seed: Of what is drawn by chance: the same seed draws the same windows.
        threshold: What `uncertainty` is measured from.
        recording: Only recordings whose key holds this text (upper and lower case alike).
        hours: Only recordings begun from the first hour to before the second, 0 to 24; over
            midnight where the first is greater. One whose name tells no time is left out.
        skip_judged: Leave out windows that have a verdict about the species.
        annotator: Whose verdicts count as judged; empty is anybody's.
        labels: The truth for `auc_loss`; None takes the dataset's own file of labels.
    """

    source: ScoresWanted
    label: str
    kind: QueueKind = "score"
    limit: int = 200
    seed: int = 0
    threshold: float = 0.5
    recording: str = ""
    hours: tuple[int, int] | None = None
    skip_judged: bool = True
    annotator: str = ""
    labels: Path | None = None


@dataclass(frozen=True, slots=True)
class QueueItem:
    """A window in a queue.

    Attributes:
        recording: Key of the recording.
        path: Its sound file.
        index: Which window, from 0.
        start_s: Where it begins, in seconds.
        end_s: Where it ends, in seconds.
        score: The ensemble's probability after post-processing; NaN for a clip without one.
        members: Member → its own probability, before the blend.
        sampling_probability: Chance to be drawn; None where the queue doesn't draw.
        cost: What the window takes from the class's ROC-AUC, 0 to 1; None for other kinds.
        hour: Hour of the day at which the recording begins; None where its name doesn't tell.
        truth: Whether the labels say that the species is there; None where they don't tell.
        spread: How far the opinions lie apart, highest minus lowest; None for kinds other than
            `disagreement`.
    """

    recording: str
    path: Path
    index: int
    start_s: float
    end_s: float
    score: float
    members: Mapping[str, float] = field(default_factory=dict)
    sampling_probability: float | None = None
    cost: float | None = None
    hour: int | None = None
    truth: bool | None = None
    spread: float | None = None


@dataclass(frozen=True, slots=True)
class QueueFound:
    """A queue.

    Attributes:
        items: The windows, the most interesting first.
        total: Windows that pass the filters; `items` are the first of them.
        judged: Windows left out because they are judged.
        recordings: Recordings with scores.
        of_recordings: Recordings there are; fewer have scores while a prediction runs.
        source: What was scored, such as "train_soundscapes"; "live scores" where only Scope has.
        ensemble: Fingerprint of the ensemble that the scores are of; empty where unknown.
        note: What should be known of this queue, in a sentence; empty where nothing.
        problem: Why the queue is empty, with what to do; empty where it is not.
    """

    items: tuple[QueueItem, ...]
    total: int
    judged: int
    recordings: int
    of_recordings: int
    source: str = ""
    ensemble: str = ""
    note: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class JudgeWanted:
    """What the verdicts about one species say of its scores.

    Attributes:
        source: The scores: verdicts are set against what these say now; where a window has
            none, against the score it was judged with.
        label: The species.
        annotator: Whose verdicts; empty is everybody's, the latest of a window counts.
        seed: Of the bootstrap.
    """

    source: ScoresWanted
    label: str
    annotator: str = ""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class PrecisionAt:
    """Of the k best judged windows, how many hold the species.

    Attributes:
        k: How many windows: the best by score that have a yes or no.
        hits: How many of them hold the species.
        precision: hits / k.
        low: Lower end of the 95 % Wilson interval.
        high: Upper end.
        gaps: Better windows of the scores that are not judged; 0 makes it the true
            precision@k of the whole dataset.
    """

    k: int
    hits: int
    precision: float
    low: float
    high: float
    gaps: int


@dataclass(frozen=True, slots=True)
class ThresholdAt:
    """The score from which on detections have a wanted precision.

    Attributes:
        precision: The precision wanted.
        score: The score; None where no score reaches it.
        low: Lower end of the 95 % interval; None where it can't be told.
        high: Upper end; None where it can't be told.
        reason: Why there is no score; empty where there is.
    """

    precision: float
    score: float | None
    low: float | None
    high: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class JudgeSummary:
    """What the verdicts about one species say.

    Attributes:
        label: The species.
        yes: Windows that hold it.
        no: Windows that don't, those corrected to another species among them.
        maybe: Windows nobody is sure of; they count for nothing below.
        precision: At rising k; the last is of all judged windows. Empty without any.
        enough: Whether a calibration could be fitted.
        reason: Why not, and how many verdicts of which kind are missing; empty if enough.
        curve: Pairs (score, P(species is there | score)), rising scores.
        thresholds: For 90, 95 and 99 % precision.
        notes: Plain sentences on what the figures rest on, such as a biased choice of windows.
    """

    label: str
    yes: int
    no: int
    maybe: int
    precision: tuple[PrecisionAt, ...]
    enough: bool
    reason: str
    curve: tuple[tuple[float, float], ...]
    thresholds: tuple[ThresholdAt, ...]
    notes: tuple[str, ...]
