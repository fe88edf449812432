"""What a score is worth: P(species is there | score), from verdicts.

A logistic regression on logit(score), fitted by scikit-learn with a weak ridge on the slope
(C = 10, so that verdicts that a score splits cleanly have a finite one). The score for a wanted
precision is the one from which on a single window is right with that probability: all windows
above it are at least as precise. Its uncertainty is a bootstrap over recordings; a resample is
fitted by Newton's method on the same objective, all resamples at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NEEDED_EACH = 10
PRECISIONS = (0.9, 0.95, 0.99)
RIDGE_C = 10.0
_EDGE = 1e-6
_STEPS = 25
_LEVEL = 0.95
_TOLD = 0.95


@dataclass(frozen=True, slots=True)
class Threshold:
    """The score from which on a window is right with the wanted probability.

    Attributes:
        precision: The probability wanted.
        score: The score; None where none of the judged scores reaches it.
        low: Lower end of the 95 % interval; None where the resamples don't tell.
        high: Upper end; None where the resamples don't tell: it may not be reached at all.
        reason: Why there is no score, or what to know of it; empty where nothing.
    """

    precision: float
    score: float | None
    low: float | None
    high: float | None
    reason: str = ""


@dataclass(frozen=True)
class Calibration:
    """P(true | score) = 1 / (1 + exp(-(coef · logit(score) + intercept))).

    Attributes:
        coef: Slope; NaN where not enough is known.
        intercept: Intercept; likewise.
        enough: Whether there is a fit.
        reason: Why not; empty where there is.
        yes: Verdicts that the species is there.
        no: Verdicts that it is not.
        lowest: Lowest judged score.
        highest: Highest judged score.
        thresholds: Precision → threshold; empty without a fit.
    """

    coef: float
    intercept: float
    enough: bool
    reason: str
    yes: int
    no: int
    lowest: float = float("nan")
    highest: float = float("nan")
    thresholds: Mapping[float, Threshold] = field(default_factory=dict)

    def probability(self, score: npt.ArrayLike) -> Floats:
        """P(true | score) of scores of any shape; NaN without a fit."""
        return _sigmoid(self.coef * logit(score) + self.intercept)

    def curve(self, points: int = 41) -> tuple[tuple[float, float], ...]:
        """Pairs (score, P) over the judged scores, evenly in logits; empty without a fit."""
        if not self.enough:
            return ()
        ends = logit([self.lowest, self.highest])
        scores = _sigmoid(np.linspace(ends[0], ends[1], points))
        return tuple(zip(scores.tolist(), self.probability(scores).tolist(), strict=True))


def calibrate(
    scores: npt.ArrayLike,
    truths: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    *,
    recordings: Sequence[str] | None = None,
    resamples: int = 400,
    seed: int = 0,
) -> Calibration:
    """Fit P(true | score) to verdicts.

    Args:
        scores: [Q], in 0–1, without NaN.
        truths: bool [Q].
        weights: [Q] above 0, how many windows each verdict stands for; None: one each.
        recordings: Key of each verdict's recording: those of one recording are not
            independent. None takes them as if they were.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.
    """
    x, y = logit(scores), np.asarray(truths, dtype=np.bool_)
    yes, no = int(y.sum()), int((~y).sum())
    if yes < NEEDED_EACH or no < NEEDED_EACH:
        return Calibration(np.nan, np.nan, False, _missing(yes, no), yes, no)
    w = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=np.float64)
    w = w / w.mean()
    coef, intercept = _fit(x, y, w)
    lowest, highest = (float(one) for one in _sigmoid(np.array([x.min(), x.max()])))
    if coef <= 0:
        reason = (
            "higher scores are not more often right here: there is no score to cut at; the "
            "verdicts, or the model on this species, need a look"
        )
        return Calibration(coef, intercept, False, reason, yes, no, lowest, highest)
    drawn = _resampled(x, y, w, recordings, resamples, seed)
    thresholds = {
        wanted: _threshold(wanted, coef, intercept, (lowest, highest), drawn)
        for wanted in PRECISIONS
    }
    return Calibration(coef, intercept, True, "", yes, no, lowest, highest, thresholds)


def logit(scores: npt.ArrayLike) -> Floats:
    """ln(p / (1 - p)), with p kept 1e-6 away from 0 and 1."""
    p = np.clip(np.asarray(scores, dtype=np.float64), _EDGE, 1 - _EDGE)
    result: Floats = np.log(p / (1 - p))
    return result


def _sigmoid(values: npt.ArrayLike) -> Floats:
    result: Floats = 1 / (1 + np.exp(-np.asarray(values, dtype=np.float64)))
    return result


def _missing(yes: int, no: int) -> str:
    lacking = " and ".join(
        f"{NEEDED_EACH - count} more {name}"
        for name, count in (("yes", yes), ("no", no))
        if count < NEEDED_EACH
    )
    return f"not enough verdicts: {lacking} ({yes} yes and {no} no; {NEEDED_EACH} of each needed)"


def _fit(x: Floats, y: Bools, w: Floats) -> tuple[float, float]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=RIDGE_C, tol=1e-8, max_iter=1000)
    model.fit(x[:, None], y, sample_weight=w)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def _resampled(
    x: Floats, y: Bools, w: Floats, recordings: Sequence[str] | None, resamples: int, seed: int
) -> tuple[Floats, Floats]:
    """Slope and intercept of each resample, float64 [B] each; NaN where it has one answer only."""
    from birdscope.metrics.bootstrap import draw_recordings

    keys = np.arange(len(x)) if recordings is None else np.asarray(recordings, dtype=object)
    number = np.unique(keys, return_inverse=True)[1]
    draws = draw_recordings(int(number.max()) + 1, resamples, np.random.default_rng(seed))
    counts = draws[:, number] * w
    one_sided = (counts[:, y].sum(axis=1) == 0) | (counts[:, ~y].sum(axis=1) == 0)
    coef, intercept = newton_fit(x, y, counts)
    return np.where(one_sided, np.nan, coef), np.where(one_sided, np.nan, intercept)


def newton_fit(x: Floats, y: Bools, weights: Floats) -> tuple[Floats, Floats]:
    """Ridge logistic regressions of y on x for B weightings at once: slopes and intercepts [B].

    The objective is scikit-learn's: slope² / 2 + C · Σ weight · log-loss.

    Args:
        x: [Q].
        y: [Q].
        weights: [B, Q].
    """
    # Centred, the slope and the intercept hardly pull at each other.
    shift = x.mean()
    centred = x - shift
    slope, base = np.zeros(len(weights)), np.zeros(len(weights))
    for _ in range(_STEPS):
        p = _sigmoid(np.clip(np.outer(slope, centred) + base[:, None], -30, 30))
        wrong = RIDGE_C * weights * (p - y)
        curve = RIDGE_C * weights * p * (1 - p)
        g_slope, g_base = wrong @ centred + slope, wrong.sum(axis=1)
        h_ss, h_sb = curve @ centred**2 + 1.0, curve @ centred
        h_bb = curve.sum(axis=1) + 1e-9
        determinant = h_ss * h_bb - h_sb**2
        step_slope = (h_bb * g_slope - h_sb * g_base) / determinant
        step_base = (h_ss * g_base - h_sb * g_slope) / determinant
        # A long step may overshoot where the answers are cleanly split.
        slope = slope - np.clip(step_slope, -2, 2)
        base = base - np.clip(step_base, -2, 2)
    return slope, base - slope * shift


def _threshold(
    wanted: float,
    coef: float,
    intercept: float,
    ends: tuple[float, float],
    drawn: tuple[Floats, Floats],
) -> Threshold:
    aim = float(logit(wanted))
    score = float(_sigmoid((aim - intercept) / coef))
    low, high = _interval(aim, *drawn)
    if score > ends[1]:
        reason = f"no judged score (the best is {ends[1]:.3f}) reaches {wanted:.0%}"
        return Threshold(wanted, None, low, None, reason)
    if score < ends[0]:
        reason = f"every judged score reaches {wanted:.0%}: judge lower ones to find where it ends"
        return Threshold(wanted, ends[0], None, high, reason)
    return Threshold(wanted, score, low, high)


def _interval(aim: float, coef: Floats, intercept: Floats) -> tuple[float | None, float | None]:
    """The 95 % interval of the threshold; a resample with no rising curve never gets there."""
    defined = ~np.isnan(coef)
    if defined.mean() < _TOLD:
        return None, None
    slope, base = coef[defined], intercept[defined]
    rising = slope > 0
    at = np.where(rising, (aim - base) / np.where(rising, slope, 1), np.inf)
    tail = (1 - _LEVEL) / 2
    low, high = np.quantile(at, [tail, 1 - tail], method="nearest")
    return _told(low), _told(high)


def _told(at: float) -> float | None:
    return float(_sigmoid(at)) if np.isfinite(at) else None
