"""The bootstrap by matrix products equals resampling rows by hand, and is quick."""

import time

import numpy as np
import pytest

from birdscope.core.errors import ScoresError
from birdscope.metrics import bootstrap
from birdscope.metrics.bootstrap import (
    draw_recordings,
    macro_auc_interval,
    paired_difference_interval,
    percentile_interval,
    resampled_macro_auc,
)
from birdscope.metrics.roc_auc import macro_roc_auc


def make_case(recordings=8, rows_each=6, classes=5, seed=0, signal=0.5):
    generator = np.random.default_rng(seed)
    rows = recordings * rows_each
    labels = generator.random((rows, classes)) < 0.15
    probabilities = np.round(generator.random((rows, classes)) + signal * labels, 1)
    return labels, probabilities, np.repeat(np.arange(recordings), rows_each)


@pytest.mark.parametrize("classes_at_once", [2, 8])
def test_equals_resampling_rows_by_hand(monkeypatch, classes_at_once):
    monkeypatch.setattr(bootstrap, "_CLASSES_AT_ONCE", classes_at_once)
    labels, probabilities, number = make_case()
    draws = draw_recordings(8, 40, np.random.default_rng(1))
    fast = resampled_macro_auc(labels, probabilities, number, draws)
    for weights, value in zip(draws.astype(int), fast, strict=True):
        rows = np.concatenate([np.flatnonzero(number == n) for n in np.repeat(range(8), weights)])
        by_hand = macro_roc_auc(labels[rows], probabilities[rows])
        assert value == pytest.approx(by_hand.macro, abs=1e-12)


def test_rows_of_a_recording_need_not_be_together():
    labels, probabilities, number = make_case()
    draws = draw_recordings(8, 20, np.random.default_rng(1))
    order = np.random.default_rng(2).permutation(len(number))
    np.testing.assert_allclose(
        resampled_macro_auc(labels[order], probabilities[order], number[order], draws),
        resampled_macro_auc(labels, probabilities, number, draws),
        atol=1e-12,
    )


def test_the_interval_holds_the_figure_and_the_seed_decides():
    labels, probabilities, number = make_case(recordings=20)
    first, again, other = (
        macro_auc_interval(
            labels, probabilities, number, resamples=300, generator=np.random.default_rng(seed)
        )
        for seed in (0, 0, 1)
    )
    assert first == again and first != other
    assert first.contains(macro_roc_auc(labels, probabilities).macro)
    assert 0 < first.low < first.high < 1 and first.resamples == 300


def test_recordings_are_drawn_not_windows():
    """Copying every window tells nothing new: the interval must not shrink."""
    labels, probabilities, number = make_case(recordings=10)
    once, twice = (
        macro_auc_interval(
            np.tile(labels, (n, 1)),
            np.tile(probabilities, (n, 1)),
            np.tile(number, n),
            resamples=200,
            generator=np.random.default_rng(0),
        )
        for n in (1, 2)
    )
    assert (once.low, once.high) == pytest.approx((twice.low, twice.high), abs=1e-12)


def test_a_paired_difference_is_zero_for_equal_ranks_and_clear_for_better_ones():
    labels, probabilities, number = make_case(recordings=20)
    worse = make_case(recordings=20, signal=0.0)[1]
    same = paired_difference_interval(
        labels, probabilities, probabilities**2, number, generator=np.random.default_rng(0)
    )
    better = paired_difference_interval(
        labels, probabilities, worse, number, generator=np.random.default_rng(0)
    )
    assert same.low == same.high == 0.0
    assert better.low > 0.1


def test_without_recordings_or_classes_there_is_no_interval():
    labels, probabilities, number = make_case(recordings=1)
    generator = np.random.default_rng(0)
    assert macro_auc_interval(labels, probabilities, number, generator=generator) is None
    labels, probabilities, number = make_case()
    none = np.zeros_like(labels)
    assert macro_auc_interval(none, probabilities, number, generator=generator) is None
    assert percentile_interval(np.array([0.5, np.nan])) is None


def test_recording_numbers_must_fit():
    labels, probabilities, number = make_case()
    with pytest.raises(ScoresError, match="number of its recording"):
        resampled_macro_auc(labels, probabilities, number, np.ones((3, 7)))


def test_a_thousand_resamples_of_a_small_dataset_take_well_under_two_seconds():
    labels, probabilities, number = make_case(recordings=20, rows_each=12, classes=32)
    begin = time.perf_counter()
    macro_auc_interval(labels, probabilities, number, generator=np.random.default_rng(0))
    assert time.perf_counter() - begin < 2.0
