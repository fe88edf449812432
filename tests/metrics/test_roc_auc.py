"""ROC-AUC and average precision are scikit-learn's, class by class."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from birdscope.core.errors import ScoresError
from birdscope.metrics.average_precision import macro_average_precision
from birdscope.metrics.roc_auc import macro_roc_auc


def random_case(seed, rows, classes, levels=None, share=0.1):
    generator = np.random.default_rng(seed)
    labels = generator.random((rows, classes)) < share
    probabilities = generator.random((rows, classes))
    if levels:
        probabilities = np.round(probabilities * levels) / levels
    return labels, probabilities


@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(2, 60),
    classes=st.integers(1, 6),
    levels=st.sampled_from([1, 2, 5, None]),
    share=st.sampled_from([0.05, 0.5, 0.9]),
)
@settings(max_examples=150, deadline=None)
def test_equal_to_scikit_learn_with_ties_and_empty_classes(seed, rows, classes, levels, share):
    labels, probabilities = random_case(seed, rows, classes, levels, share)
    auc = macro_roc_auc(labels, probabilities)
    precision = macro_average_precision(labels, probabilities)
    scored = [c for c in range(classes) if 0 < labels[:, c].sum() < rows]
    assert auc.scored_classes == precision.scored_classes == len(scored)
    for c in range(classes):
        if c in scored:
            y, p = labels[:, c], probabilities[:, c]
            assert abs(auc.per_class[c] - roc_auc_score(y, p)) <= 1e-12
            assert abs(precision.per_class[c] - average_precision_score(y, p)) <= 1e-12
        else:
            assert np.isnan(auc.per_class[c]) and np.isnan(precision.per_class[c])
    if scored:
        expected = roc_auc_score(labels[:, scored], probabilities[:, scored], average="macro")
        assert abs(auc.macro - expected) <= 1e-12


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_to_scikit_learn_at_the_size_of_a_dataset(dtype):
    labels, probabilities = random_case(0, 2400, 50, levels=300, share=0.02)
    probabilities = probabilities.astype(dtype)
    auc = macro_roc_auc(labels, probabilities)
    expected = roc_auc_score(labels, probabilities, average=None)
    np.testing.assert_allclose(auc.per_class, expected, atol=1e-12, rtol=0)


def test_no_class_to_score_is_nan_and_not_a_number_of_luck():
    result = macro_roc_auc(np.zeros((3, 2)), np.random.default_rng(0).random((3, 2)))
    assert np.isnan(result.macro) and result.scored_classes == 0


def test_constant_scores_are_a_coin():
    labels, _ = random_case(1, 50, 3, share=0.4)
    assert macro_roc_auc(labels, np.full((50, 3), 0.3)).macro == 0.5


@pytest.mark.parametrize("metric", [macro_roc_auc, macro_average_precision])
def test_nan_and_wrong_shapes_are_refused(metric):
    labels, probabilities = random_case(0, 5, 2, share=0.5)
    probabilities[3, 1] = np.nan
    with pytest.raises(ScoresError, match="1 rows of the probabilities hold NaN"):
        metric(labels, probabilities)
    with pytest.raises(ScoresError, match="labels hold NaN"):
        metric(np.where(labels, 1.0, np.nan), labels.astype(float))
    with pytest.raises(ScoresError, match="rows, classes"):
        metric(labels, labels[:, :1])
