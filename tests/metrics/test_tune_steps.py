"""The class-major stack equals the reference stack to the bit."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from birdscope.metrics import tune_steps
from birdscope.metrics.tune_matrix import TuneMatrix
from birdscope.metrics.tune_plan import plan_of
from birdscope.metrics.tuner import Tuner
from birdscope.postprocess.stack import apply_settings
from tests.metrics.tune_cases import any_settings, make_scores, make_truth


@settings(deadline=None, max_examples=120)
@given(any_settings(most=6), st.integers(0, 50), st.sampled_from([0.0, 0.1]), st.booleans())
def test_every_number_is_that_of_the_reference(chosen, seed, step, gaps):
    scores = make_scores([6, 1, 4, 12, 2, 5], seed=seed, step=step, gaps=gaps)
    matrix = TuneMatrix.build(scores, make_truth(scores, seed), whole=True)
    plan = plan_of(scores, chosen, pooled=False)
    [stack] = Tuner(matrix)._stacks.values()
    ours = stack.of_columns(stack.arithmetic(plan), slice(0, len(scores.classes)))
    places = [scores.rows.row_index[name] for name in matrix.rows.row_ids]
    np.testing.assert_array_equal(ours.T, apply_settings(scores, chosen)[places])


LAYOUT = tune_steps.Layout(np.array([0, 4, 5, 9]), gaps=False)
PROBABILITIES = nps.arrays(
    np.float64,
    (2, 9),
    elements=st.one_of(
        st.floats(0, 1), st.sampled_from([0.0, 1.0, 1 - 2**-53, 0.5, 5e-324, 1.5e-323])
    ),
)


@settings(deadline=None, max_examples=300)
@given(PROBABILITIES, st.one_of(st.floats(0, 0.5), st.just(0.5), st.just(0.5 - 2**-54)))
def test_smoothing_within_0_and_1_needs_no_clip(values, weight):
    taps = (weight, 1 - 2 * weight, weight)
    spared = tune_steps.kernel(values.copy(), LAYOUT, taps, within=True)
    clipped = tune_steps.kernel(values.copy(), LAYOUT, taps, within=False)
    np.testing.assert_array_equal(spared, clipped)


@settings(deadline=None, max_examples=100)
@given(PROBABILITIES, nps.arrays(np.bool_, (2, 3)))
def test_squares_without_a_branch_are_squares(values, tail):
    quick = tune_steps.low_rank_power(values.copy(), tail, 2.0, LAYOUT, within=True)
    np.testing.assert_array_equal(
        quick, np.where(LAYOUT.to_rows(tail), np.power(values, 2.0), values)
    )


def test_what_is_read_only_is_left_alone():
    kept = np.random.default_rng(0).random((2, 9))
    kept.flags.writeable = False
    before = kept.copy()
    tail = np.ones((2, 3), dtype=np.bool_)
    assert not np.array_equal(
        tune_steps.low_rank_power(kept, tail, 2.0, LAYOUT, within=True), before
    )
    for kind, parameters in (
        ("power", (2.0,)),
        ("smooth", (0.2,)),
        ("gaussian", (1.0,)),
        ("file_peak", ()),
        ("min_max", ()),
        ("low_confidence_shift", (0.9, 0.05)),
    ):
        made = tune_steps.act(kind, parameters, kept, LAYOUT, within=False)
        assert not np.array_equal(made, before), kind
    np.testing.assert_array_equal(kept, before)
