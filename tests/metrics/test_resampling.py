"""Resampled AUC under masks and weights is what drawing the rows again gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from birdscope.core.settings import Settings
from birdscope.metrics.bootstrap import Interval, draw_recordings, resampled_macro_auc
from birdscope.metrics.resampling import Resampler, badge_of, resampled_macro
from birdscope.metrics.tune_truth import TuneTruth
from tests.metrics.made_scores import made


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 5), st.integers(0, 2**31), st.booleans(), st.booleans())
def test_each_draw_equals_scikit_learn_on_the_drawn_rows(recordings, seed, masked, weighted):
    generator = np.random.default_rng(seed)
    number = np.repeat(np.arange(recordings), 5)
    rows = len(number)
    labels = generator.integers(-1 if masked else 0, 2, (rows, 2)).astype(np.int8)
    values = generator.integers(0, 4, (rows, 2)) / 4
    weights = generator.uniform(0.5, 3, rows) if weighted else None
    truth = TuneTruth(
        ("a", "b"), tuple(map(str, range(rows))), "window", labels, weights, None, "", ()
    )
    draws = draw_recordings(recordings, 6, generator)
    found = resampled_macro(values, truth, number, draws)
    for draw, macro in zip(draws, found, strict=True):
        of_row = draw[number] * (weights if weighted else 1.0)
        areas = []
        for column in range(2):
            y, use = labels[:, column], (labels[:, column] >= 0) & (of_row > 0)
            if len(np.unique(y[use])) == 2:
                areas.append(roc_auc_score(y[use], values[use, column], sample_weight=of_row[use]))
        assert macro == pytest.approx(np.mean(areas), abs=1e-12) if areas else np.isnan(macro)


def test_without_gaps_it_equals_the_plain_bootstrap():
    scores, truth = made()
    number = np.repeat(np.arange(10), 6)
    draws = draw_recordings(10, 50, np.random.default_rng(1))
    values = scores.values[0].astype(np.float64)
    np.testing.assert_allclose(
        resampled_macro(values, truth, number, draws),
        resampled_macro_auc(truth.values, values, number, draws),
        atol=1e-12,
    )


def test_a_setting_against_itself_differs_by_nothing():
    scores, truth = made()
    resampler = Resampler(scores, truth, 100)
    same = resampler.difference(Settings(name="a"), Settings(name="b"))
    assert (same.low, same.high) == (0.0, 0.0) and badge_of(same) == "within noise"
    good = resampler.difference(Settings(weights={"good": 1.0}), Settings(weights={"noise": 1.0}))
    assert badge_of(good) == "better" and good.low > 0
    assert badge_of(Interval(-0.2, -0.1, 0.95, 9)) == "worse" and badge_of(None) == "within noise"


def test_one_recording_or_no_resamples_give_no_interval():
    scores, truth = made(recordings=1)
    assert Resampler(scores, truth, 100).interval(Settings()) is None
    scores, truth = made()
    assert Resampler(scores, truth, 0).difference(Settings(), Settings()) is None
