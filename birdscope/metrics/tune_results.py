"""What tuning finds out: plain frozen data that can cross a process boundary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Badge = Literal["better", "worse", "within noise"]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FoldScore:
    """One fold's figure.

    Attributes:
        fold: Its number.
        macro: Macro ROC-AUC over the classes that can be scored in it; NaN where none can.
        scored_classes: How many those are.
    """

    fold: int
    macro: float
    scored_classes: int


@dataclass(frozen=True, slots=True)
class Measured:
    """How good some settings are.

    Attributes:
        macro_roc_auc: Pooled over all rows: the mean over the scored classes; NaN where none.
        per_class: float64 [C], ROC-AUC; NaN for a class without a positive or a negative.
        scored_classes: How many classes were scored.
        per_fold: A figure for each fold; empty without folds.
        fold_mean: Mean of the folds' figures; NaN without folds.
        fold_sd: Their standard deviation (n - 1); NaN with fewer than two.
        macro_ap: Macro average precision over the same classes, pooled.
        seconds: What computing it took.
    """

    macro_roc_auc: float
    per_class: Floats
    scored_classes: int
    per_fold: tuple[FoldScore, ...]
    fold_mean: float
    fold_sd: float
    macro_ap: float
    seconds: float


@dataclass(frozen=True, slots=True)
class StageScore:
    """The figure after one step, with the steps after it left out.

    Attributes:
        title: What was done, such as "blend" or "smooth · member".
        step: Index of the step in the settings; None for the raw mean and the blend.
        macro_roc_auc: Macro ROC-AUC after it.
        change: What it added to the figure before it; 0 for the first.
    """

    title: str
    step: int | None
    macro_roc_auc: float
    change: float


@dataclass(frozen=True, slots=True)
class Curves:
    """ROC and precision-recall of one class, thinned for drawing.

    Attributes:
        label: The class.
        false_positive_rate: float64 [P], ascending from 0 to 1.
        true_positive_rate: float64 [P], its partner.
        recall: float64 [Q], ascending.
        precision: float64 [Q], its partner.
        roc_auc: NaN where the class can't be scored.
        average_precision: Likewise.
        positives: Positive rows.
        negatives: Negative rows.
    """

    label: str
    false_positive_rate: Floats
    true_positive_rate: Floats
    recall: Floats
    precision: Floats
    roc_auc: float
    average_precision: float
    positives: int
    negatives: int


@dataclass(frozen=True, slots=True)
class ClassDelta:
    """A class under two settings.

    Attributes:
        label: The class.
        roc_auc: Under the settings.
        baseline: Under the baseline.
        change: The first minus the second.
        positives: Positive rows it rests on.
    """

    label: str
    roc_auc: float
    baseline: float
    change: float
    positives: int


@dataclass(frozen=True, slots=True)
class RowCost:
    """A row that costs a class area under its curve.

    Attributes:
        row_id: Row id of a window, or key of a recording.
        recording: Key of the recording.
        index: Which window of it; None for a whole recording.
        start_s: Where the window begins; 0 for a whole recording.
        positive: Whether the class is labelled as heard.
        score: Its final probability.
        share: Of a positive: negatives ranked above it. Of a negative: positives ranked below
            it. Ties count half.
        auc_loss: `share` over the number of its own kind. Summed over the positives, or over
            the negatives, this is 1 - AUC.
    """

    row_id: str
    recording: str
    index: int | None
    start_s: float
    positive: bool
    score: float
    share: float
    auc_loss: float


@dataclass(frozen=True, slots=True)
class IntervalSoFar:
    """The difference to the baseline, as far as the resamples go.

    Attributes:
        difference: Macro ROC-AUC minus the baseline's, on all recordings.
        low: Lower end of the 95 % interval; NaN where it can't be had.
        high: Upper end, likewise.
        resamples: How many it rests on so far.
        of: How many there will be.
        badge: "better" or "worse" where the interval leaves 0 out.
        reason: Why there is no interval (one recording, no scored class); empty where there is.
    """

    difference: float
    low: float
    high: float
    resamples: int
    of: int
    badge: Badge
    reason: str = ""
