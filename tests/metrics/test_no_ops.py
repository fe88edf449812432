"""What is said to change nothing changes nothing; what may change something is not said to."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from birdscope.core.settings import (
    FilePeak,
    Gaussian,
    Kernel,
    LowConfidenceShift,
    LowRankPower,
    MinMax,
    NeighbourMean,
    Power,
    Settings,
    Smooth,
)
from birdscope.metrics.tune_matrix import TuneMatrix
from birdscope.metrics.tuner import Tuner
from tests.metrics.tune_cases import any_settings, make_scores, make_truth


def tuner_of(lengths=(6, 3, 8, 5), unit="window", checkpoints=(2, 1), classes=6, seed=0):
    scores = make_scores(lengths, classes, checkpoints, seed)
    return Tuner(TuneMatrix.build(scores, make_truth(scores, seed, unit, share=0.3)))


def without(chosen, number):
    steps = chosen.steps[:number] + chosen.steps[number + 1 :]
    return chosen.model_copy(update={"steps": steps})


def nearly_tied(values):
    """Whether two numbers differ in their last bits only."""
    ordered = np.sort(values)
    gaps = np.diff(ordered)
    return bool(np.any((gaps > 0) & (gaps <= 1e-13 * np.abs(ordered[1:]))))


@settings(deadline=None, max_examples=150)
@given(
    any_settings(most=4),
    st.integers(0, 30),
    st.sampled_from(["window", "file"]),
    st.sampled_from([(2, 1), (1, 1)]),
    st.booleans(),
)
def test_leaving_out_a_no_op_changes_no_class(chosen, seed, unit, checkpoints, short):
    lengths = [1] * 12 if short else [6, 3, 8, 5, 1, 2]
    tuner = tuner_of(lengths, unit, checkpoints, seed=seed)
    with_it = tuner.measure(chosen).per_class
    for number in tuner.no_ops(chosen):
        shorter = without(chosen, number)
        # What only rounding tells apart, such as two windows smoothed into each other's mean,
        # a root may make equal.
        assume(not any(nearly_tied(tuner.final(shorter, one)[1]) for one in tuner.matrix.classes))
        alone = tuner.measure(shorter).per_class
        np.testing.assert_allclose(alone, with_it, atol=1e-12, rtol=0)


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (Smooth(enabled=False), "switched off"),
        (Smooth(weight=0.0), "neighbours"),
        (Kernel(taps=(0.0, 1.0, 0.0)), "middle tap"),
        (NeighbourMean(width=1), "row itself"),
        (Gaussian(sigma=0.1), "row itself"),
        (LowRankPower(top_k=6, at="checkpoint"), "only 6 classes"),
        (LowRankPower(exponent=1.0, top_k=2), "exponent of 1"),
        (LowConfidenceShift(delta=0.0), "delta"),
        (Power(exponent=2.0), "final score"),
        (LowRankPower(top_k=0), "final score"),
        (MinMax(), "stretches every row"),
    ],
)
def test_says_why_a_step_changes_nothing(step, why):
    assert why in tuner_of().no_ops(Settings(steps=(step,)))[0]


@pytest.mark.parametrize(
    "steps",
    [
        (Power(at="checkpoint"),),
        (Power(at="member"),),
        (Power(), Smooth()),
        (MinMax(at="member"),),
        (LowRankPower(top_k=2),),
        (FilePeak(),),
        (LowConfidenceShift(threshold=0.5),),
        (Power(), LowConfidenceShift(threshold=0.5)),
    ],
)
def test_says_nothing_of_a_step_that_does_change_a_class(steps):
    tuner = tuner_of()
    chosen = Settings(steps=steps)
    assert 0 not in tuner.no_ops(chosen)
    before, after = tuner.measure(without(chosen, 0)).per_class, tuner.measure(chosen).per_class
    assert np.nanmax(np.abs(before - after)) > 1e-6


def test_a_power_before_the_blend_is_a_no_op_only_for_a_lone_checkpoint():
    chosen = Settings(steps=(Power(at="checkpoint"),))
    assert 0 not in tuner_of(checkpoints=(2, 1)).no_ops(chosen)
    assert 0 not in tuner_of(checkpoints=(2,)).no_ops(chosen)
    assert "final score" in tuner_of(checkpoints=(1,)).no_ops(chosen)[0]
    alone = Settings(weights={"seresnext": 1.0}, steps=chosen.steps)
    assert "final score" in tuner_of(checkpoints=(2, 1)).no_ops(alone)[0]
    smoothed = Settings(weights={"seresnext": 1.0}, steps=(*chosen.steps, Smooth()))
    assert 0 not in tuner_of(checkpoints=(2, 1)).no_ops(smoothed)


def test_steps_of_a_member_without_weight_are_no_ops():
    weights = {"nfnet": 0.0, "seresnext": 1.0}
    chosen = Settings(weights=weights, steps=(Smooth(at="member", members=("nfnet",)),))
    assert "no weight" in tuner_of().no_ops(chosen)[0]


def test_smoothing_recordings_of_one_window_is_a_no_op():
    assert "no neighbours" in tuner_of([1] * 9).no_ops(Settings(steps=(Smooth(),)))[0]


def test_pooling_by_the_mean_mixes_rows_and_by_the_maximum_does_not():
    tuner = tuner_of([4, 6, 5, 3, 7, 2, 4, 6], unit="file")
    power = (Power(exponent=3.0),)
    assert 0 in tuner.no_ops(Settings(steps=power, file_pooling="max"))
    assert 0 not in tuner.no_ops(Settings(steps=power, file_pooling="mean"))


def test_a_power_that_drowns_numbers_is_no_no_op():
    assert 0 not in tuner_of().no_ops(Settings(steps=(Power(exponent=500.0),)))
