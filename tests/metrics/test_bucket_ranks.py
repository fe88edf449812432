from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from sklearn.metrics import roc_auc_score

from birdscope.metrics import fast_auc
from birdscope.metrics.bucket_ranks import bucket_ranks
from birdscope.metrics.fast_auc import areas_of, class_areas, rank
from birdscope.metrics.positives import Positives

PROBABILITIES = st.one_of(
    st.floats(0, 1),
    st.sampled_from([0.0, -0.0, 1.0, 0.5, 0.5 + 1e-9, 0.5 - 1e-12, 1e-300, 5e-324, 1e-40]),
)


@settings(max_examples=150, deadline=None)
@given(
    scores=nps.arrays(np.float64, st.integers(2, 40), elements=PROBABILITIES),
    data=st.data(),
)
def test_equals_counting(scores: np.ndarray, data: st.DataObject) -> None:
    size = len(scores)
    flags = st.lists(st.booleans(), min_size=size, max_size=size)
    rows = np.flatnonzero(data.draw(flags))
    unknown = np.array(data.draw(flags))
    unknown[rows] = False
    cut = data.draw(st.integers(0, size))
    spans = [(0, cut), (cut, size)]
    if not len(rows):
        return
    below, equal = bucket_ranks(scores, unknown, rows, spans)
    for fold, (first, end) in enumerate(spans):
        known = scores[first:end][~unknown[first:end]]
        np.testing.assert_array_equal(below[fold], [(known < scores[row]).sum() for row in rows])
        np.testing.assert_array_equal(equal[fold], [(known == scores[row]).sum() for row in rows])


def test_many_positives_in_many_buckets() -> None:
    scores = np.exp(-np.linspace(0, 700, 70_000))
    below, equal = bucket_ranks(scores, None, np.arange(70_000), [(0, 70_000)])
    np.testing.assert_array_equal(below[0], np.arange(70_000)[::-1])
    assert (equal == 1).all()


@pytest.mark.parametrize("worth_it", [0, 10**9])
def test_both_ways_equal_scikit_learn(monkeypatch: pytest.MonkeyPatch, worth_it: int) -> None:
    monkeypatch.setattr(fast_auc, "WORTH_IT_ROWS", worth_it)
    generator = np.random.default_rng(3)
    scores = np.round(generator.random((5, 900)) ** 4, 3)
    labels = (generator.random((5, 900)) < 0.1).astype(np.int8)
    areas = class_areas(scores, range(5), Positives(labels, [(0, 400), (400, 900)]))
    for line in range(5):
        assert areas.pooled[line] == pytest.approx(
            roc_auc_score(labels[line], scores[line]), abs=1e-12
        )
        assert areas.per_fold[1, line] == pytest.approx(
            roc_auc_score(labels[line, 400:], scores[line, 400:]), abs=1e-12
        )


def test_rows_far_from_all_positives_share_two_buckets() -> None:
    scores = np.array([-0.0, 0.0, 1e-30, 0.4999, 0.5, 0.50001, 0.7, 0.7, 0.9, 1.0])
    rows = np.array([6, 4])
    below, equal = bucket_ranks(scores, None, rows, [(0, 10)])
    assert below.tolist() == [[6, 4]]
    assert equal.tolist() == [[2, 1]]


def test_parts_ranked_one_by_one_give_what_all_at_once_give() -> None:
    generator = np.random.default_rng(5)
    scores = np.round(generator.random((6, 80)), 2)
    labels = (generator.random((6, 80)) < 0.2).astype(np.int8)
    positives = Positives(labels, [(0, 30), (30, 80)])
    parts = [[0, 1, 2], [3], [4, 5]]
    ranked = [rank(scores[part], part, positives) for part in parts]
    joined = areas_of(ranked, np.arange(6), positives)
    whole = class_areas(scores, range(6), positives)
    np.testing.assert_array_equal(joined.pooled, whole.pooled)
    np.testing.assert_array_equal(joined.per_fold, whole.per_fold)
    np.testing.assert_array_equal(joined.precision, whole.precision)
