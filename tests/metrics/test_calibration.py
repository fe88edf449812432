"""Calibration of scores by verdicts, and precision with its interval."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from birdscope.core.errors import ScoresError
from birdscope.metrics.calibration import RIDGE_C, calibrate, logit, newton_fit
from birdscope.metrics.precision import precision_at, wilson_interval


def sample(count, seed=0, slope=1.5, base=1.0):
    generator = np.random.default_rng(seed)
    x = generator.normal(0, 2, count)
    scores = 1 / (1 + np.exp(-x))
    there = generator.random(count) < 1 / (1 + np.exp(-(slope * x + base)))
    return scores, there


def test_the_curve_that_made_the_verdicts_is_found():
    found = calibrate(*sample(4000))
    assert found.enough
    assert found.coef == pytest.approx(1.5, abs=0.15)
    assert found.intercept == pytest.approx(1.0, abs=0.15)
    at = found.thresholds[0.9].score
    true = 1 / (1 + np.exp(-(np.log(9) - 1.0) / 1.5))
    assert at == pytest.approx(true, abs=0.03)
    assert found.probability(at) == pytest.approx(0.9, abs=1e-9)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    true = 1 / (1 + np.exp(-(np.log(9) - 1.0) / 1.5))
    inside = []
    for seed in range(60):
        one = calibrate(*sample(300, seed), resamples=200, seed=seed).thresholds[0.9]
        inside.append(one.low <= true <= one.high)
    assert np.mean(inside) >= 0.85


def test_weights_count_as_repeats_do():
    scores, there = sample(200)
    repeats = np.random.default_rng(1).integers(1, 4, 200)
    weighted = calibrate(scores, there, repeats)
    # the ridge weighs against the mean weight, so repeat the whole to its size
    repeated = calibrate(
        np.repeat(scores, repeats), np.repeat(there, repeats), np.full(repeats.sum(), 7.0)
    )
    assert weighted.coef == pytest.approx(repeated.coef, rel=0.01)
    assert weighted.coef != pytest.approx(calibrate(scores, there).coef, rel=1e-4)


def test_newton_is_scikit_learn():
    scores, there = sample(150, 5)
    x = logit(scores)
    weights = np.random.default_rng(0).integers(0, 4, (5, 150)).astype(float)
    slopes, bases = newton_fit(x, there, weights)
    for weight, slope, base in zip(weights, slopes, bases, strict=True):
        model = LogisticRegression(C=RIDGE_C, tol=1e-10, max_iter=5000)
        model.fit(x[:, None], there, sample_weight=weight)
        assert slope == pytest.approx(model.coef_[0, 0], abs=1e-4)
        assert base == pytest.approx(model.intercept_[0], abs=1e-4)


def test_cleanly_split_verdicts_have_a_finite_curve():
    scores = np.concatenate([np.linspace(0.01, 0.3, 15), np.linspace(0.6, 0.99, 15)])
    found = calibrate(scores, scores > 0.5)
    assert found.enough
    assert 0.3 < found.thresholds[0.9].score < 0.99
    assert np.isfinite([found.coef, found.intercept]).all()


@pytest.mark.parametrize(
    ("yes", "no", "words"),
    [(3, 40, "7 more yes"), (40, 9, "1 more no"), (0, 0, "10 more yes and 10 more no")],
)
def test_too_few_verdicts_say_how_many_are_missing(yes, no, words):
    scores = np.linspace(0.1, 0.9, yes + no)
    found = calibrate(scores, np.arange(yes + no) < yes)
    assert not found.enough
    assert "not enough verdicts" in found.reason
    assert words in found.reason
    assert found.thresholds == {}
    assert found.curve() == ()


def test_a_precision_that_no_judged_score_reaches_has_no_score():
    generator = np.random.default_rng(0)
    scores = generator.uniform(0.05, 0.6, 200)
    there = generator.random(200) < scores
    one = calibrate(scores, there).thresholds[0.99]
    assert one.score is None
    assert one.high is None
    assert "reaches 99%" in one.reason


def test_a_precision_that_every_judged_score_has_names_the_lowest():
    generator = np.random.default_rng(0)
    scores = generator.uniform(0.5, 0.99, 3000)
    there = generator.random(3000) < 0.87 + 0.12 * scores
    one = calibrate(scores, there).thresholds[0.9]
    assert one.score == pytest.approx(scores.min())
    assert one.low is None
    assert "judge lower ones" in one.reason


def test_scores_that_rank_the_wrong_way_round_get_no_threshold():
    scores, there = sample(200)
    found = calibrate(scores, ~there)
    assert not found.enough
    assert "not more often right" in found.reason


def test_verdicts_of_one_recording_count_as_one():
    scores, there = sample(200, 8)
    alone = calibrate(scores, there).thresholds[0.9]
    groups = [f"r{number // 20}" for number in range(200)]
    order = np.argsort(there, kind="stable")
    grouped = calibrate(scores[order], there[order], recordings=groups).thresholds[0.9]
    assert (
        grouped.low is None
        or grouped.high is None
        or (grouped.high - grouped.low > alone.high - alone.low)
    )


def test_the_same_seed_gives_the_same_figures_and_the_curve_rises():
    scores, there = sample(120)
    first, second = calibrate(scores, there, seed=3), calibrate(scores, there, seed=3)
    assert first.thresholds == second.thresholds
    x, y = np.array(first.curve()).T
    assert (np.diff(x) > 0).all()
    assert (np.diff(y) > 0).all()
    assert x[0] == pytest.approx(scores.min())


def test_scores_of_0_and_1_are_no_infinity():
    np.testing.assert_allclose(logit([0.0, 0.5, 1.0]), [-13.8155, 0, 13.8155], atol=1e-4)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    # Newcombe 1998, table I: the Wilson score method without continuity correction
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_wilson_interval_is_the_published_one(hits, trials, low, high):
    np.testing.assert_allclose(wilson_interval(hits, trials), (low, high), atol=5e-5)


def test_precision_at_k_looks_at_the_first_k():
    right = [True, True, False, True]
    one = precision_at(right, 3)
    assert (one.hits, one.value) == (2, pytest.approx(2 / 3))
    assert one.low < 2 / 3 < one.high
    for k in (0, 5):
        with pytest.raises(ScoresError, match=f"precision@{k}"):
            precision_at(right, k)
    with pytest.raises(ScoresError, match="no share"):
        wilson_interval(3, 2)
