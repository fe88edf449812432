"""NNLS finds the weights that made the labels, in bounded memory, and never sees its fold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from birdscope.core.errors import Cancelled, ScoresError
from birdscope.core.events import Stop
from birdscope.core.settings import Settings, Smooth
from birdscope.metrics import blend_fit
from birdscope.metrics.blend_fit import fit_blend, nonnegative_solution, normal_equations
from tests.metrics.made_scores import made


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5), st.integers(0, 2**31), st.booleans(), st.booleans())
def test_normal_equations_in_blocks_solve_as_scipy_does(members, seed, masked, weighted):
    generator = np.random.default_rng(seed)
    inputs = generator.random((members, 40, 3))
    labels = generator.integers(-1 if masked else 0, 2, (40, 3)).astype(np.int8)
    labels[0] = (0, 1, 0)
    weights = generator.uniform(0.5, 4, 40) if weighted else None
    found = normal_equations(list(inputs), labels, weights)
    known = labels != -1
    root = np.sqrt(np.broadcast_to((weights if weighted else np.ones(40))[:, None], (40, 3))[known])
    matrix = np.stack([one[known] * root for one in inputs], axis=1)
    target = (labels == 1)[known] * root
    np.testing.assert_allclose(found.gram, matrix.T @ matrix)
    np.testing.assert_allclose(found.right, matrix.T @ target)
    expected = nnls(matrix, target)[0]
    np.testing.assert_allclose(nonnegative_solution(found.gram, found.right), expected, atol=1e-6)


def test_small_blocks_give_the_same_sums(monkeypatch):
    generator = np.random.default_rng(0)
    inputs = list(generator.random((3, 50, 4)))
    labels = generator.integers(-1, 2, (50, 4)).astype(np.int8)
    whole = normal_equations(inputs, labels)
    monkeypatch.setattr(blend_fit, "_CELLS_AT_ONCE", 20)
    parts = normal_equations(inputs, labels)
    np.testing.assert_allclose(parts.gram, whole.gram)
    np.testing.assert_allclose(parts.right, whole.right)


def test_equal_members_are_no_trouble():
    column = np.random.default_rng(0).random((30, 2))
    labels = (column > 0.5).astype(np.int8)
    found = normal_equations([column, column], labels)
    weights = nonnegative_solution(found.gram, found.right)
    single = nonnegative_solution(found.gram[:1, :1], found.right[:1])
    assert (weights >= 0).all() and weights.sum() == pytest.approx(single[0])


def test_a_member_of_noise_gets_little_and_the_blend_gains():
    scores, truth = made()
    fit = fit_blend(scores, truth, Settings(), Settings(name="base"), resamples=200)
    assert set(fit.fold_weights) == {0, 1, 2, 3, 4}
    for weights in (*fit.fold_weights.values(), fit.mean, fit.weights):
        assert sum(weights.values()) == pytest.approx(1) and weights["good"] > 0.8
    nested = fit.nested
    assert nested.gain > 0 and nested.badge == "better" and nested.interval.low > 0
    assert nested.gain == pytest.approx(nested.nested - nested.baseline_mean)
    assert nested.settings.weights == fit.weights


def test_weights_of_a_fold_do_not_depend_on_its_labels():
    scores, truth = made()
    turned = truth.values.copy()
    turned[truth.folds == 2] = 1 - turned[truth.folds == 2]
    other = type(truth)(
        truth.classes, truth.row_ids, "window", turned, None, truth.folds, "made", ()
    )
    one, two = (
        fit_blend(scores, labels, Settings(), Settings(), resamples=0) for labels in (truth, other)
    )
    assert one.fold_weights[2] == two.fold_weights[2]
    assert one.fold_weights[1] != two.fold_weights[1]


def test_steps_before_the_blend_come_before_the_fit():
    scores, truth = made(members=("fair", "also fair"))
    smoothed = Settings(steps=(Smooth(at="member", weight=0.3),))
    plain = fit_blend(scores, truth, Settings(), Settings(), resamples=0)
    after = fit_blend(scores, truth, smoothed, Settings(), resamples=0)
    assert plain.weights != after.weights and after.nested.settings.steps == smoothed.steps


def test_labels_of_files_are_fitted_on_pooled_scores():
    scores, truth = made(recordings=12, unit="file")
    fit = fit_blend(scores, truth, Settings(), Settings(), resamples=50)
    assert fit.weights["good"] > fit.weights["noise"]


def test_what_can_not_be_fitted_is_refused():
    scores, truth = made(members=("good",))
    with pytest.raises(ScoresError, match="one member, good: nothing to blend"):
        fit_blend(scores, truth, Settings(), Settings())
    scores, truth = made(recordings=1)
    with pytest.raises(ScoresError, match="folds"):
        fit_blend(scores, truth, Settings(), Settings())


def test_it_stops_between_folds_and_tells_how_far_it_is():
    scores, truth = made()
    events, stop = [], Stop()

    def emit(event):
        events.append(event)
        stop.set()

    with pytest.raises(Cancelled):
        fit_blend(scores, truth, Settings(), Settings(), emit=emit, stop=stop)
    assert [(one.done, one.total, one.unit) for one in events] == [(1, 5, "fold")]
