from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from birdscope.core.errors import ScoresError
from birdscope.core.scores import ScoredCheckpoint, Scores
from birdscope.core.settings import Settings
from birdscope.inference.rows import lay_out
from birdscope.metrics.parity import auc_drift, drift
from birdscope.metrics.truth import Truth

CLASSES = ("a", "b", "c")


def scores(values: np.ndarray) -> Scores:
    keys = [f"r{n}.ogg" for n in range(values.shape[1] // 4)]
    return Scores(
        CLASSES,
        (ScoredCheckpoint("one", "m"), ScoredCheckpoint("two", "m")),
        lay_out(keys, [4] * len(keys)),
        values.astype(np.float32),
        {"m": 1.0},
    )


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(0).random((2, 40, 3)).astype(np.float32)


def truth(values: np.ndarray) -> Truth:
    labels = values.mean(axis=0) > 0.6
    return Truth(CLASSES, scores(values).rows.row_ids, labels, "window")


def test_drift_is_the_largest_difference_and_spearmans_mean(values: np.ndarray) -> None:
    other = values.copy()
    other[1, 7, 2] = values[1, 7, 2] + 0.25
    noisy = other + 0.1 * np.random.default_rng(1).standard_normal(values.shape)
    assert drift(other, values).max_difference == pytest.approx(0.25, abs=1e-6)
    found = drift(noisy, values)
    wanted = [
        spearmanr(noisy[k, :, c], values[k, :, c]).statistic for k in range(2) for c in range(3)
    ]
    assert found.rank_correlation == pytest.approx(np.mean(wanted))
    assert (found.ranked, found.rows) == (6, 40)


def test_rows_that_one_lacks_and_constant_classes_are_left_out(values: np.ndarray) -> None:
    other = values.copy()
    other[0, :4] = np.nan
    other[1, :, 0] = 0.0
    found = drift(other, values)
    assert (found.ranked, found.rows) == (5, 36)
    assert drift(values * 0, values * 0).ranked == 0
    assert np.isnan(drift(values * 0, values * 0).rank_correlation)
    with pytest.raises(ScoresError, match="no window"):
        drift(np.full_like(values, np.nan), values)
    with pytest.raises(ScoresError, match="shape"):
        drift(values[:1], values)


def test_auc_is_compared_on_the_same_resamples(values: np.ndarray) -> None:
    labels = truth(values)
    worse = values.copy()
    worse[:, ::3] = 1 - worse[:, ::3]

    def compare(ours: np.ndarray):  # type: ignore[no-untyped-def]
        return auc_drift(
            scores(ours), scores(values), labels, Settings(), resamples=200,
            generator=np.random.default_rng(0),
        )  # fmt: skip

    same = compare(values)
    assert same.difference == 0 and same.interval is not None
    assert same.interval.low == same.interval.high == 0
    found = compare(worse)
    assert found.macro_roc_auc == same.macro_roc_auc == pytest.approx(1.0)
    assert found.scored_classes == 3 and found.interval is not None
    assert found.difference < -0.1
    assert found.interval.low < found.difference < found.interval.high < 0


def test_scores_of_other_windows_are_refused(values: np.ndarray) -> None:
    with pytest.raises(ScoresError, match="different windows"):
        auc_drift(
            scores(values[:, :20]), scores(values), truth(values), Settings(),
            generator=np.random.default_rng(0),
        )  # fmt: skip
