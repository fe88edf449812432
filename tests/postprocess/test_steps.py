"""Property tests of the steps: bounds, recordings kept apart, known answers."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import gaussian_filter1d

from birdscope.postprocess import steps
from birdscope.postprocess.recordings import mean_of_recordings

STEPS = {
    "low_rank_power": lambda p, o: steps.low_rank_power(p, o, top_k=2, exponent=2.0),
    "low_rank_root": lambda p, o: steps.low_rank_power(p, o, top_k=1, exponent=0.5),
    "smooth": lambda p, o: steps.smooth(p, o, weight=0.2),
    "smooth_half": lambda p, o: steps.smooth(p, o, weight=0.5),
    "kernel": steps.kernel,
    "gaussian": lambda p, o: steps.gaussian(p, o, sigma=1.3),
    "neighbour_mean": lambda p, o: steps.neighbour_mean(p, o, width=5),
    "file_peak": steps.file_peak,
    "power": lambda p, o: steps.power(p, o, exponent=3.0),
    "min_max": steps.min_max,
    "low_confidence_shift": lambda p, o: steps.low_confidence_shift(p, o, threshold=0.5, delta=0.2),
}
LOCAL = sorted(set(STEPS) - {"min_max"})
SMOOTHERS = ("smooth", "smooth_half", "kernel", "gaussian", "neighbour_mean")
KERNELS = [name for name in STEPS if name in SMOOTHERS]


@st.composite
def recordings(draw, min_recordings=1):
    """Probabilities with ties, in recordings of 1 to 7 rows."""
    lengths = draw(st.lists(st.integers(1, 7), min_size=min_recordings, max_size=5))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    value = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.floats(0, 1))
    classes = draw(st.integers(1, 6))
    return draw(arrays(np.float64, (int(offsets[-1]), classes), elements=value)), offsets


def parts(offsets):
    return [slice(a, b) for a, b in itertools.pairwise(offsets)]


@pytest.mark.parametrize("name", STEPS)
@given(case=recordings())
@settings(max_examples=60, deadline=None)
def test_stays_a_probability_and_leaves_its_input_alone(name, case):
    probabilities, offsets = case
    before = probabilities.copy()
    result = STEPS[name](probabilities, offsets)
    assert result.shape == probabilities.shape and result.dtype == probabilities.dtype
    assert (result >= 0).all() and (result <= 1).all()
    np.testing.assert_array_equal(probabilities, before)


@pytest.mark.parametrize("name", LOCAL)
@given(case=recordings(min_recordings=2))
@settings(max_examples=40, deadline=None)
def test_all_recordings_at_once_equal_one_by_one(name, case):
    probabilities, offsets = case
    together = STEPS[name](probabilities, offsets)
    for part in parts(offsets):
        alone = STEPS[name](probabilities[part], np.array([0, part.stop - part.start]))
        np.testing.assert_array_equal(together[part], alone)


@pytest.mark.parametrize("name", STEPS)
@given(case=recordings(min_recordings=2), seed=st.integers(0, 9))
@settings(max_examples=30, deadline=None)
def test_the_order_of_recordings_does_not_matter(name, case, seed):
    probabilities, offsets = case
    order = np.random.default_rng(seed).permutation(len(offsets) - 1)
    rows = np.concatenate([np.arange(offsets[n], offsets[n + 1]) for n in order])
    shuffled_offsets = np.concatenate([[0], np.cumsum(np.diff(offsets)[order])])
    np.testing.assert_array_equal(
        STEPS[name](probabilities[rows], shuffled_offsets),
        STEPS[name](probabilities, offsets)[rows],
    )


@pytest.mark.parametrize("name", [n for n in STEPS if not n.startswith("low_rank")])
@given(case=recordings(), seed=st.integers(0, 9))
@settings(max_examples=30, deadline=None)
def test_the_order_of_classes_does_not_matter(name, case, seed):
    probabilities, offsets = case
    order = np.random.default_rng(seed).permutation(probabilities.shape[1])
    np.testing.assert_array_equal(
        STEPS[name](probabilities[:, order], offsets), STEPS[name](probabilities, offsets)[:, order]
    )


@pytest.mark.parametrize("name", LOCAL)
@given(case=recordings(min_recordings=2), which=st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_an_unreadable_recording_stays_nan_and_spoils_no_other(name, case, which):
    probabilities, offsets = case
    part = parts(offsets)[which % (len(offsets) - 1)]
    damaged = probabilities.copy()
    damaged[part] = np.nan
    expected = STEPS[name](probabilities, offsets)
    expected[part] = np.nan
    np.testing.assert_array_equal(STEPS[name](damaged, offsets), expected)


@pytest.mark.parametrize("name", STEPS)
def test_one_nan_row_stays_nan_and_its_neighbours_stay_numbers(name):
    probabilities = np.linspace(0.1, 0.9, 12).reshape(6, 2)
    probabilities[2] = np.nan
    result = STEPS[name](probabilities, np.array([0, 6]))
    assert np.isnan(result[2]).all()
    assert not np.isnan(np.delete(result, 2, axis=0)).any()


@pytest.mark.parametrize("name", KERNELS)
@given(case=recordings())
@settings(max_examples=40, deadline=None)
def test_kernels_leave_constant_and_one_row_recordings_as_they_are(name, case):
    probabilities, offsets = case
    one_row = np.arange(len(probabilities) + 1)
    np.testing.assert_array_equal(STEPS[name](probabilities, one_row), probabilities)
    constant = np.repeat(probabilities[offsets[:-1]], np.diff(offsets), axis=0)
    np.testing.assert_array_equal(STEPS[name](constant, offsets), constant)


@pytest.mark.parametrize("name", KERNELS)
@given(case=recordings())
@settings(max_examples=40, deadline=None)
def test_kernels_look_the_same_backwards(name, case):
    probabilities, _ = case
    whole = np.array([0, len(probabilities)])
    np.testing.assert_allclose(
        STEPS[name](probabilities[::-1], whole)[::-1],
        STEPS[name](probabilities, whole),
        atol=1e-15,
    )


@given(case=recordings())
@settings(max_examples=60, deadline=None)
def test_smooth_keeps_the_mean_of_each_recording(case):
    probabilities, offsets = case
    np.testing.assert_allclose(
        mean_of_recordings(steps.smooth(probabilities, offsets), offsets),
        mean_of_recordings(probabilities, offsets),
        atol=1e-14,
    )


def test_smooth_as_the_public_code_writes_it():
    p = np.random.default_rng(0).random((12, 5))
    expected = p.copy()
    expected[1:-1] = 0.2 * p[:-2] + 0.6 * p[1:-1] + 0.2 * p[2:]
    expected[0] = 0.8 * p[0] + 0.2 * p[1]
    expected[-1] = 0.8 * p[-1] + 0.2 * p[-2]
    np.testing.assert_allclose(steps.smooth(p, np.array([0, 12])), expected, atol=1e-15)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.5])
@pytest.mark.parametrize("rows", [1, 2, 12])
def test_gaussian_equals_scipy(sigma, rows):
    p = np.random.default_rng(1).random((rows, 3))
    expected = gaussian_filter1d(p, sigma, axis=0, mode="nearest")
    np.testing.assert_allclose(
        steps.gaussian(p, np.array([0, rows]), sigma=sigma), expected, atol=1e-14
    )


def test_kernel_repeats_the_edges():
    p = np.array([[0.0], [0.0], [1.0]])
    result = steps.kernel(p, np.array([0, 3]))
    np.testing.assert_allclose(result[:, 0], [0.1, 0.3, 0.7], atol=1e-15)


def test_low_rank_power_ranks_by_the_maximum_and_keeps_ties_in_column_order():
    p = np.array([[0.1, 0.5, 0.5, 0.2, 0.5], [0.6, 0.0, 0.0, 0.0, 0.0]])
    result = steps.low_rank_power(p, np.array([0, 2]), top_k=2, exponent=2.0)
    np.testing.assert_allclose(result, [[0.1, 0.5, 0.25, 0.04, 0.25], [0.6, 0, 0, 0, 0]])


@pytest.mark.parametrize(("top_k", "expected"), [(0, 0.25), (1, 0.5), (30, 0.5)])
def test_low_rank_power_at_its_limits(top_k, expected):
    result = steps.low_rank_power(np.array([[0.5]]), np.array([0, 1]), top_k=top_k)
    assert result[0, 0] == expected


def test_low_rank_power_ranks_each_recording_by_itself():
    p = np.array([[0.9, 0.1], [0.1, 0.9]])
    result = steps.low_rank_power(p, np.array([0, 1, 2]), top_k=1)
    np.testing.assert_allclose(result, [[0.9, 0.01], [0.01, 0.9]])


def test_file_peak_min_max_and_shift_by_hand():
    p = np.array([[0.2, 0.02], [0.4, 0.08], [0.8, 0.3]])
    offsets = np.array([0, 2, 3])
    np.testing.assert_allclose(
        steps.file_peak(p, offsets), [[0.08, 0.0016], [0.16, 0.0064], [0.64, 0.09]]
    )
    np.testing.assert_allclose(steps.min_max(p, offsets)[:, 0], [0.0, 1 / 3, 1.0])
    np.testing.assert_allclose(
        steps.low_confidence_shift(p, offsets, threshold=0.1, delta=0.05),
        [[0.2, 0.0], [0.4, 0.03], [0.8, 0.3]],
    )


def test_min_max_of_a_constant_class_is_zero():
    assert (steps.min_max(np.full((3, 1), 0.7), np.array([0, 3])) == 0).all()


def test_recordings_without_rows_are_passed_over():
    p = np.array([[0.5], [0.25]])
    np.testing.assert_allclose(steps.file_peak(p, np.array([0, 1, 1, 2])), [[0.25], [0.0625]])
