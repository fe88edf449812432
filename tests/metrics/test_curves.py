"""Curves and costs of one class against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve, roc_curve

from birdscope.core.settings import Settings, Smooth
from birdscope.metrics.curves import class_costs, class_curves
from birdscope.metrics.tune_matrix import TuneMatrix
from birdscope.metrics.tuner import Tuner
from tests.metrics.tune_cases import make_scores, make_truth


def case(rows, seed=0, step=0.02):
    generator = np.random.default_rng(seed)
    positive = generator.random(rows) < 0.3
    scores = np.round((generator.random(rows) + 0.3 * positive) / step) * step
    return positive, scores, np.ones(rows)


def test_a_small_class_has_every_point_of_the_curves():
    positive, scores, weights = case(60)
    found = class_curves("c0", positive, scores, weights)
    false_rate, true_rate, _ = roc_curve(positive, scores, drop_intermediate=False)
    np.testing.assert_allclose(found.false_positive_rate, false_rate)
    np.testing.assert_allclose(found.true_positive_rate, true_rate)
    precision, recall, _ = precision_recall_curve(positive, scores)
    np.testing.assert_allclose(found.recall, recall[-2::-1])
    np.testing.assert_allclose(found.precision, precision[-2::-1])
    assert (found.positives, found.negatives) == (positive.sum(), (~positive).sum())


def test_a_large_class_is_thinned_and_keeps_its_ends_and_area():
    positive, scores, weights = case(20_000, step=1e-6)
    found = class_curves("c0", positive, scores, weights)
    assert len(found.recall) <= 202 and len(found.true_positive_rate) <= 202
    assert found.false_positive_rate[[0, -1]].tolist() == [0, 1]
    assert found.true_positive_rate[[0, -1]].tolist() == [0, 1]
    drawn = np.trapezoid(found.true_positive_rate, found.false_positive_rate)
    assert drawn == pytest.approx(found.roc_auc, abs=1e-3)


def test_a_class_without_positives_has_no_area():
    found = class_curves("c0", np.zeros(5, bool), np.arange(5.0), np.ones(5))
    assert np.isnan(found.roc_auc) and np.isnan(found.average_precision)
    assert class_costs(np.zeros(5, bool), np.arange(5.0), np.ones(5), 10) == []


def test_costs_by_hand():
    positive = np.array([True, False, True, False, False])
    scores = np.array([0.9, 0.5, 0.3, 0.3, 0.1])
    found = class_costs(positive, scores, np.ones(5), 10)
    assert [(one.row, one.positive) for one in found] == [(2, True), (1, False), (3, False)]
    assert [one.share for one in found] == pytest.approx([0.5, 0.5, 0.25])
    assert [one.auc_loss for one in found] == pytest.approx([0.25, 1 / 6, 1 / 12])
    assert len(class_costs(positive, scores, np.ones(5), 1)) == 1


@pytest.mark.parametrize("weights", [False, True])
def test_the_losses_of_each_kind_sum_to_what_the_area_lacks(weights):
    scores = make_scores([8, 9, 7], seed=1, step=0.05)
    truth = make_truth(scores, 1, share=0.4, unknown=0.2, weights=weights)
    tuner = Tuner(TuneMatrix.build(scores, truth))
    chosen = Settings(steps=(Smooth(),))
    area = tuner.measure(chosen).per_class[2]
    found = tuner.costs(chosen, "c2", 1000)
    for kind in (True, False):
        assert sum(one.auc_loss for one in found if one.positive is kind) == pytest.approx(1 - area)
    assert tuner.curves(chosen, "c2").roc_auc == pytest.approx(area, abs=1e-12)
    losses = [one.auc_loss for one in found]
    assert losses == sorted(losses, reverse=True)


def test_a_cost_names_its_window_or_its_recording():
    scores = make_scores([8, 9, 7], seed=1)
    rows = scores.rows
    for one in Tuner(TuneMatrix.build(scores, make_truth(scores, 1))).costs(Settings(), "c1"):
        assert rows.row_index[one.row_id] == rows.span(one.recording).start + one.index
        assert one.start_s == 5.0 * one.index
    scores = make_scores([2, 1, 3] * 5, seed=1)
    truth = make_truth(scores, 1, "file", share=0.4)
    found = Tuner(TuneMatrix.build(scores, truth)).costs(Settings(), "c1")
    assert found and all(one.index is None and one.row_id == one.recording for one in found)
