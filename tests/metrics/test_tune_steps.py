"""The class-major stack equals the reference stack to the bit."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

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
    ours = stack.of_columns(plan, slice(0, len(scores.classes)))
    places = [scores.rows.row_index[name] for name in matrix.rows.row_ids]
    np.testing.assert_array_equal(ours.T, apply_settings(scores, chosen)[places])
