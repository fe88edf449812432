"""Intervals of settings rest on the plain bootstrap's samples and are those of the screen."""

import numpy as np
import pytest

from birdscope.core.settings import Settings, Smooth
from birdscope.metrics.bootstrap import Interval, draw_recordings, resampled_macro_auc
from birdscope.metrics.resampling import Resampler, badge_of_interval
from birdscope.metrics.tune_matrix import TuneMatrix
from birdscope.metrics.tuner import Tuner
from birdscope.postprocess.stack import apply_settings, file_scores
from tests.metrics.made_scores import made

MINE = Settings(name="mine", steps=(Smooth(at="member", weight=0.1),))


@pytest.mark.parametrize("unit", ["window", "file"])
def test_samples_are_those_of_the_plain_bootstrap(unit):
    scores, truth = made(unit=unit)
    matrix = TuneMatrix.build(scores, truth)
    final = apply_settings(scores, MINE)
    if unit == "file":
        final = file_scores(final, scores.rows.offsets)
    place = {key: number for number, key in enumerate(matrix.rows.recordings)}
    number = np.array([place[key] for key in scores.rows.recordings])
    number = number if unit == "file" else np.repeat(number, 6)
    draws = draw_recordings(10, 1000, np.random.default_rng(4))
    np.testing.assert_allclose(
        Resampler(matrix, 60, seed=4).samples(MINE),
        resampled_macro_auc(truth.values, final, number, draws[:60]),
        atol=1e-12,
    )


def test_the_difference_is_the_one_that_the_screen_shows():
    scores, truth = made()
    matrix = TuneMatrix.build(scores, truth)
    *_, shown = (one for one in Tuner(matrix).resample(MINE, Settings(), 300) if one)
    found = Resampler(matrix, 300).difference(MINE, Settings())
    assert (found.low, found.high) == pytest.approx((shown.low, shown.high), abs=1e-9)
    assert badge_of_interval(found) == shown.badge


def test_a_setting_against_itself_differs_by_nothing():
    scores, truth = made()
    resampler = Resampler(TuneMatrix.build(scores, truth), 100)
    same = resampler.difference(Settings(name="a"), Settings(name="b"))
    assert (same.low, same.high) == (0.0, 0.0) and badge_of_interval(same) == "within noise"
    good = resampler.difference(Settings(weights={"good": 1.0}), Settings(weights={"noise": 1.0}))
    assert badge_of_interval(good) == "better" and good.low > 0
    assert badge_of_interval(Interval(-0.2, -0.1, 0.95, 9)) == "worse"
    assert badge_of_interval(None) == "within noise"


def test_one_recording_or_no_resamples_give_no_interval():
    one = TuneMatrix.build(*made(recordings=1))
    assert Resampler(one, 100).interval(Settings()) is None
    several = TuneMatrix.build(*made())
    assert Resampler(several, 0).difference(Settings(), Settings()) is None
    interval = Resampler(several, 100).interval(Settings())
    assert interval.low < interval.high and interval.resamples == 100
