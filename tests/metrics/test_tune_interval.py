"""Intervals that get firmer: paired, exact, kept, and in small steps."""

import numpy as np
import pytest

from birdscope.core.settings import LowRankPower, Settings, Smooth
from birdscope.metrics import tune_interval
from birdscope.metrics.bootstrap import draw_recordings
from birdscope.metrics.pair_counts import PairCounts
from birdscope.metrics.tune_interval import badge_of
from birdscope.metrics.tune_matrix import TuneMatrix
from birdscope.metrics.tuner import Tuner
from birdscope.metrics.weighted_auc import weighted_area
from tests.metrics.tune_cases import make_scores, make_truth

SMOOTHED = Settings(steps=(Smooth(weight=0.3),))


def tuner_of(lengths=(4,) * 15, **more):
    scores = make_scores(list(lengths), seed=2)
    return Tuner(TuneMatrix.build(scores, make_truth(scores, 2, share=0.3, **more)))


def told(parts):
    return [part for part in parts if part is not None]


@pytest.mark.parametrize(("unknown", "weights"), [(0.0, False), (0.3, False), (0.3, True)])
def test_each_resample_is_what_weighing_rows_by_their_draws_gives(unknown, weights):
    generator = np.random.default_rng(0)
    scores = np.round(generator.random((4, 60)), 1)
    labels = (generator.random((4, 60)) < 0.3).astype(np.int8)
    labels[generator.random((4, 60)) < unknown] = -1
    of_rows = generator.uniform(0.5, 3, 60) if weights else None
    number = generator.integers(0, 8, 60)
    draws = draw_recordings(8, 50, generator)
    areas = PairCounts.of(scores, labels, number, of_rows, 8).areas(draws.T)
    for line in range(4):
        for resample in range(50):
            weight = draws[resample, number] * (1 if of_rows is None else of_rows)
            rows = (labels[line] >= 0) & (weight > 0)
            expected, _ = weighted_area(labels[line, rows] == 1, scores[line, rows], weight[rows])
            assert areas[line, resample] == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_tells_after_100_250_500_and_1000_and_breathes_between():
    parts = list(tuner_of().resample(SMOOTHED, Settings()))
    assert [one.resamples for one in told(parts)] == [100, 250, 500, 1000]
    assert {one.of for one in told(parts)} == {1000}
    assert parts[0] is None
    last = told(parts)[-1]
    tuner = tuner_of()
    figures = [tuner.measure(one).macro_roc_auc for one in (SMOOTHED, Settings())]
    assert last.difference == pytest.approx(figures[0] - figures[1])
    assert last.low < last.difference < last.high


def test_the_same_question_is_answered_from_memory():
    tuner = tuner_of()
    first = told(tuner.resample(SMOOTHED, Settings()))
    again = list(tuner.resample(SMOOTHED, Settings()))
    assert again == first
    assert told(tuner.resample(Settings(), SMOOTHED))[-1].low == pytest.approx(-first[-1].high)
    assert None not in list(tuner.resample(Settings(), SMOOTHED))


def test_many_pairs_are_not_kept_but_counted_the_same(monkeypatch):
    first = told(tuner_of().resample(SMOOTHED, Settings()))
    monkeypatch.setattr(tune_interval, "_PAIRS_KEPT_BYTES", 0)
    monkeypatch.setattr(tune_interval, "_BREATH", 1000)
    assert told(tuner_of().resample(SMOOTHED, Settings())) == first


def test_settings_against_themselves_differ_by_nothing():
    [one] = tuner_of().resample(SMOOTHED, SMOOTHED.model_copy(update={"name": "other"}))
    assert (one.low, one.high, one.difference) == (0, 0, 0)
    assert one.badge == "within noise"


def test_a_clear_difference_gets_its_badge():
    scores = make_scores([6] * 40, seed=3)
    truth = make_truth(scores, 3, share=0.3)
    rows = [scores.rows.row_index[name] for name in truth.row_ids]
    scores.values[:, rows] = np.clip(scores.values[:, rows] * 0.2 + 0.6 * truth.values, 0, 1)
    tuner = Tuner(TuneMatrix.build(scores, truth))
    worse = Settings(steps=(LowRankPower(top_k=0, exponent=2.0, at="member"), Smooth(weight=0.5)))
    assert told(tuner.resample(worse, Settings()))[-1].badge == "worse"
    assert told(tuner.resample(Settings(), worse))[-1].badge == "better"


def test_badges_leave_the_ends_to_noise():
    assert badge_of(0.001, 0.2) == "better"
    assert badge_of(-0.2, -0.001) == "worse"
    assert badge_of(0.0, 0.2) == badge_of(-0.1, 0.0) == badge_of(-1, 1) == "within noise"


def test_one_recording_has_no_interval_and_says_so():
    [one] = tuner_of([12]).resample(SMOOTHED, Settings())
    assert np.isnan(one.low) and "one recording" in one.reason
