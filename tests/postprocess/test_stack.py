"""The order of the stack, the blend, and the public baseline's golden numbers."""

import numpy as np
import pytest

from birdscope.core.errors import ConfigError
from birdscope.core.scores import ScoredCheckpoint, ScoreRows, Scores
from birdscope.core.settings import (
    FilePeak,
    LowRankPower,
    MinMax,
    NeighbourMean,
    Power,
    Settings,
    Smooth,
)
from birdscope.postprocess.stack import apply_settings, blend, file_scores, member_means

NOTEBOOK = Settings(
    name="notebook",
    weights={"nfnet": 0.247, "seresnext": 0.753},
    steps=(
        LowRankPower(at="checkpoint", members=("nfnet",), top_k=30, exponent=2.0),
        Smooth(at="member", weight=0.2),
    ),
)


def make_scores(values, lengths, members, weights=None):
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    keys = tuple(f"train_soundscapes/r{n}.ogg" for n in range(len(lengths)))
    rows = ScoreRows(
        row_ids=tuple(f"r{n}_{5 * (w + 1)}" for n, k in enumerate(lengths) for w in range(k)),
        recordings=keys,
        offsets=offsets,
        start_s=np.concatenate([5.0 * np.arange(k) for k in lengths]),
    )
    layers = tuple(ScoredCheckpoint(f"{m}{k}", m) for k, m in enumerate(members))
    values = np.asarray(values, dtype=np.float32)
    classes = tuple(f"c{c}" for c in range(values.shape[2]))
    return Scores(classes, layers, rows, values, weights or {})


@pytest.fixture(scope="module")
def golden(shared):
    return np.load(shared / "reference" / "golden.npz")


@pytest.fixture(scope="module")
def golden_scores(golden):
    stems = sorted({name.split("/")[0] for name in golden})
    nfnet = np.concatenate([golden[f"{stem}/nfnet"] for stem in stems], axis=1)
    seresnext = np.concatenate([golden[f"{stem}/seresnext"] for stem in stems])[None]
    members = ["nfnet"] * 3 + ["seresnext"]
    return stems, make_scores(np.concatenate([nfnet, seresnext]), [12, 12], members)


def test_golden_low_rank_power(golden, golden_scores):
    stems, scores = golden_scores
    expected = np.concatenate([golden[f"{stem}/nfnet_powered"] for stem in stems])
    np.testing.assert_allclose(member_means(scores, NOTEBOOK)["nfnet"], expected, atol=1e-6)


def test_golden_blend(golden, golden_scores):
    stems, scores = golden_scores
    expected = np.concatenate([golden[f"{stem}/blend"] for stem in stems])
    np.testing.assert_allclose(apply_settings(scores, NOTEBOOK), expected, atol=1e-6)


def test_golden_arrays_tell_orders_apart(golden, golden_scores):
    """Power after the mean, as the mission's text has it, is not the public code's result."""
    stems, scores = golden_scores
    late = NOTEBOOK.model_copy(
        update={"steps": (LowRankPower(at="member", members=("nfnet",)), Smooth(at="member"))}
    )
    expected = np.concatenate([golden[f"{stem}/blend"] for stem in stems])
    assert np.abs(apply_settings(scores, late) - expected).max() > 1e-6


@pytest.fixture
def scores():
    values = np.random.default_rng(3).random((3, 7, 4))
    return make_scores(values, [4, 1, 2], ["a", "b", "a"], {"a": 1.0, "b": 3.0})


def test_without_steps_it_is_the_weighted_mean_of_member_means(scores):
    v = scores.values.astype(np.float64)
    expected = 0.25 * (v[0] + v[2]) / 2 + 0.75 * v[1]
    np.testing.assert_allclose(apply_settings(scores, Settings()), expected, atol=1e-15)


def test_stages_run_checkpoint_member_ensemble_whatever_the_list_says(scores):
    v = scores.values.astype(np.float64)
    expected = (0.25 * ((v[0] ** 2 + v[2] ** 2) / 2) ** 3 + 0.75 * v[1] ** 2) ** 0.5
    steps = (
        Power(exponent=0.5),
        Power(at="member", members=("a",), exponent=3),
        Power(at="checkpoint", exponent=2),
    )
    np.testing.assert_allclose(apply_settings(scores, Settings(steps=steps)), expected, atol=1e-14)


def test_within_a_stage_the_list_is_the_order(scores):
    one = apply_settings(scores, Settings(steps=(FilePeak(), MinMax())))
    other = apply_settings(scores, Settings(steps=(MinMax(), FilePeak())))
    assert not np.allclose(one, other)


def test_a_disabled_step_does_nothing(scores):
    off = Settings(steps=(NeighbourMean(enabled=False),))
    np.testing.assert_array_equal(apply_settings(scores, off), apply_settings(scores, Settings()))


def test_weights_scale_and_a_member_left_out_counts_nothing(scores):
    only_b = apply_settings(scores, Settings(weights={"b": 7.0}))
    np.testing.assert_allclose(only_b, scores.values[1].astype(np.float64))


def test_a_member_of_weight_zero_cannot_spoil_the_blend(scores):
    scores.values[1] = np.nan
    assert not np.isnan(apply_settings(scores, Settings(weights={"a": 1.0, "b": 0.0}))).any()


def test_rows_of_an_unreadable_recording_stay_nan(scores):
    scores.values[:, 4] = np.nan
    result = apply_settings(scores, Settings(steps=(Smooth(at="member"), LowRankPower(top_k=1))))
    assert np.isnan(result[4]).all() and not np.isnan(np.delete(result, 4, axis=0)).any()


def test_a_checkpoint_left_out_of_a_row_leaves_the_mean_to_the_others(scores):
    scores.values[0, 4] = np.nan
    v = scores.values.astype(np.float64)
    expected = 0.25 * (v[0] + v[2]) / 2 + 0.75 * v[1]
    expected[4] = 0.25 * v[2, 4] + 0.75 * v[1, 4]
    np.testing.assert_allclose(apply_settings(scores, Settings()), expected, atol=1e-15)


def test_weights_scale_over_the_members_that_a_row_has(scores):
    whole = apply_settings(scores, Settings())
    scores.values[1, 5:] = np.nan
    v = scores.values.astype(np.float64)
    result = apply_settings(scores, Settings())
    np.testing.assert_allclose(result[5:], (v[0, 5:] + v[2, 5:]) / 2, atol=1e-15)
    np.testing.assert_array_equal(result[:5], whole[:5])


def test_a_member_of_weight_zero_does_not_stand_in_for_a_missing_one(scores):
    scores.values[1, 2] = np.nan
    result = apply_settings(scores, Settings(weights={"a": 0.0, "b": 1.0}))
    assert np.isnan(result[2]).all() and not np.isnan(np.delete(result, 2, axis=0)).any()


@pytest.mark.parametrize(
    "settings",
    [Settings(weights={"nfnt": 1.0}), Settings(steps=(Smooth(at="member", members=("nfnt",)),))],
)
def test_settings_of_another_ensemble_are_refused(settings):
    scores = make_scores(np.zeros((1, 1, 1)), [1], ["nfnet"])
    with pytest.raises(ConfigError, match=r"'nfnt'.*did you mean 'nfnet'"):
        apply_settings(scores, settings)


def test_blend_of_nothing_is_refused():
    with pytest.raises(ConfigError, match="weight above 0"):
        blend({"a": np.zeros((1, 1))}, {"a": 0.0})


def test_file_scores_pool_over_windows_and_pass_over_nan():
    p = np.array([[0.2], [0.6], [np.nan], [np.nan]])
    offsets = np.array([0, 3, 4])
    np.testing.assert_allclose(file_scores(p, offsets, "max"), [[0.6], [np.nan]])
    np.testing.assert_allclose(file_scores(p, offsets, "mean"), [[0.4], [np.nan]])


def test_a_square_of_small_numbers_makes_no_ties():
    scores = make_scores([[[1e-25], [2e-25]]], [2], ["a"])
    result = apply_settings(scores, Settings(steps=(Power(exponent=4.0),)))
    assert 0 < result[0, 0] < result[1, 0]
