"""The fast engine says what scikit-learn and the reference stack say, whatever the settings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from birdscope.core.errors import ConfigError, ScoresError, UsageError
from birdscope.core.settings import (
    LowRankPower,
    MinMax,
    Power,
    Settings,
    Smooth,
)
from birdscope.metrics import fast_auc, tune_stack
from birdscope.metrics.evaluate import evaluate
from birdscope.metrics.tune_arithmetic import Arithmetic
from birdscope.metrics.tune_matrix import TuneMatrix
from birdscope.metrics.tuner import Tuner
from birdscope.postprocess.stack import apply_settings, file_scores
from tests.metrics.tune_cases import any_settings, make_scores, make_truth

SEEDS = st.integers(0, 50)


def reference(scores, truth, chosen):
    """Final float64 scores of the truth's rows [R, C], by the reference stack."""
    final = apply_settings(scores, chosen)
    names = scores.rows.row_index
    if truth.unit == "file":
        final = file_scores(final, scores.rows.offsets, chosen.file_pooling)
        names = scores.rows.position
    return final[[names[name] for name in truth.row_ids]]


def sklearn_areas(final, truth, rows=slice(None), score=roc_auc_score):
    """Per class, NaN where it can't be scored; NaN scores and unknown cells are left out."""
    areas = []
    for column in range(final.shape[1]):
        labels, values = truth.values[rows, column], final[rows, column]
        known = (labels >= 0) & ~np.isnan(values)
        weights = None if truth.row_weights is None else truth.row_weights[rows][known]
        if len(set(labels[known].tolist())) < 2:
            areas.append(np.nan)
        else:
            areas.append(score(labels[known], values[known], sample_weight=weights))
    return np.array(areas)


def check(scores, truth, chosen):
    measured = Tuner(TuneMatrix.build(scores, truth)).measure(chosen)
    final = reference(scores, truth, chosen)
    expected = sklearn_areas(final, truth)
    np.testing.assert_allclose(measured.per_class, expected, atol=1e-12, rtol=0)
    precisions = sklearn_areas(final, truth, score=average_precision_score)
    if (~np.isnan(expected)).any():
        assert measured.macro_roc_auc == pytest.approx(np.nanmean(expected), abs=1e-12)
        assert measured.macro_ap == pytest.approx(np.nanmean(precisions), abs=1e-12)
    assert measured.scored_classes == (~np.isnan(expected)).sum()
    if truth.folds is not None:
        for one in measured.per_fold:
            in_fold = sklearn_areas(final, truth, truth.folds == one.fold)
            assert one.scored_classes == (~np.isnan(in_fold)).sum()
            if one.scored_classes:
                assert one.macro == pytest.approx(np.nanmean(in_fold), abs=1e-12)


@settings(deadline=None, max_examples=60)
@given(
    any_settings(), SEEDS, st.sampled_from([0.0, 0.05, 0.5]), st.sampled_from(["window", "file"])
)
def test_equals_scikit_learn_on_the_reference_stack(chosen, seed, step, unit):
    lengths = [4, 1, 12, 2, 7, 3] if unit == "window" else [2, 1, 3] * 8
    scores = make_scores(lengths, seed=seed, step=step)
    check(scores, make_truth(scores, seed, unit), chosen)


@settings(deadline=None, max_examples=30)
@given(any_settings(), SEEDS, st.sampled_from([0.0, 0.1]), st.sampled_from([0.0, 0.4]))
def test_very_many_rows_are_measured_class_after_class(chosen, seed, step, unknown):
    """What is done with very many rows: buckets, and one class at a time."""
    scores = make_scores([6, 4, 8, 5, 3], seed=seed, step=step)
    truth = make_truth(scores, seed, share=0.4, unknown=unknown)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast_auc, "WORTH_IT_ROWS", 0)
        patch.setattr(tune_stack, "CHUNK_BYTES", 1)
        check(scores, truth, chosen)


@settings(deadline=None, max_examples=30)
@given(any_settings(), SEEDS, st.booleans(), st.booleans())
def test_unknown_cells_gaps_and_row_weights_are_heeded(chosen, seed, weights, gaps):
    scores = make_scores([6, 4, 8, 5, 3], seed=seed, step=0.1, gaps=gaps)
    check(scores, make_truth(scores, seed, share=0.4, unknown=0.4, weights=weights), chosen)


@settings(deadline=None, max_examples=20)
@given(st.lists(any_settings(), min_size=2, max_size=5), SEEDS)
def test_what_was_asked_before_changes_nothing(asked, seed):
    scores = make_scores([5, 9, 3, 4], seed=seed)
    truth = make_truth(scores, seed)
    tuner = Tuner(TuneMatrix.build(scores, truth))
    for chosen in asked:
        alone = Tuner(TuneMatrix.build(scores, truth)).measure(chosen)
        again = tuner.measure(chosen)
        np.testing.assert_array_equal(again.per_class, alone.per_class)


def test_only_what_changed_is_computed_again(monkeypatch):
    scores = make_scores([5, 9, 3, 4])
    tuner = Tuner(TuneMatrix.build(scores, make_truth(scores)))
    asked = []
    for name in ("checkpoint", "member", "blended"):
        function = getattr(Arithmetic, name)

        def counted(self, *rest, function=function, name=name):
            asked.append(name)
            return function(self, *rest)

        monkeypatch.setattr(Arithmetic, name, counted)

    def moved(weight, smooth, power):
        asked.clear()
        tuner.measure(
            Settings(
                weights={"nfnet": weight, "seresnext": 1 - weight},
                steps=(Smooth(at="member", weight=smooth), Power(exponent=power)),
            )
        )
        return set(asked)

    everything = {"checkpoint", "member", "blended"}
    assert moved(0.1, 0.1, 1.0) == moved(0.2, 0.1, 1.0) == everything
    assert moved(0.3, 0.1, 1.0) == moved(0.4, 0.1, 1.0) == {"blended"}
    list(tuner.stages(Settings(steps=(Smooth(at="checkpoint"),))))
    assert moved(0.5, 0.1, 1.0) == {"blended"}
    assert moved(0.5, 0.1, 2.0) == {"blended"}
    assert moved(0.5, 0.1, 3.0) == set()
    assert moved(0.5, 0.2, 3.0) == everything
    assert moved(0.5, 0.3, 3.0) == {"member", "blended"}
    assert moved(0.5, 0.1, 1.0) == moved(0.5, 0.3, 3.0) == set()


def test_scores_that_only_float64_tells_apart_are_told_apart():
    """A high power makes small numbers equal in float32 (or 0), and the area must not notice."""
    scores = make_scores([6, 6, 6], checkpoints=(1,), seed=3)
    scores.values[:] = np.linspace(1e-12, 1e-10, scores.values.size).reshape(scores.values.shape)
    truth = make_truth(scores, 3, folds=0)
    check(scores, truth, Settings(steps=(Power(at="checkpoint", exponent=6.0), Smooth())))
    near = scores.values.astype(np.float64)
    near[:] = 0.9 + 1e-7 * np.random.default_rng(0).integers(0, 2, near.shape)
    scores.values[:] = near
    check(scores, truth, Settings(steps=(Smooth(weight=0.01), Smooth(weight=0.003))))


def test_min_max_looks_at_recordings_without_labels_too():
    scores = make_scores([4, 4, 4, 4, 4])
    truth = make_truth(scores, share=0.3)
    labelled = {"r0", "r1", "r2"}
    rows = [n for n, name in enumerate(truth.row_ids) if name.split("_")[0] in labelled]
    truth = type(truth)(
        truth.classes,
        tuple(truth.row_ids[row] for row in rows),
        "window",
        truth.values[rows],
        None,
        truth.folds[rows],
        "test",
        ("test",),
    )
    assert len(TuneMatrix.build(scores, truth).rows.recordings) == 3
    check(scores, truth, Settings(steps=(MinMax(at="member"),)))


def test_agrees_with_evaluate_on_whole_labels():
    scores = make_scores([12] * 10, classes=8, seed=4)
    truth = make_truth(scores, 4)
    chosen = Settings(steps=(LowRankPower(at="checkpoint", top_k=3), Smooth(at="member")))
    measured = Tuner(TuneMatrix.build(scores, truth)).measure(chosen)
    whole = evaluate(scores, truth, chosen)
    assert measured.macro_roc_auc == pytest.approx(whole.macro_roc_auc, abs=1e-14)
    assert measured.macro_ap == pytest.approx(whole.macro_ap, abs=1e-14)
    figures = [one.macro for one in measured.per_fold]
    assert measured.fold_mean == pytest.approx(np.mean(figures))
    assert measured.fold_sd == pytest.approx(np.std(figures, ddof=1))


def test_stages_end_at_the_figure_and_add_up():
    scores = make_scores([6, 8, 7], seed=5)
    tuner = Tuner(TuneMatrix.build(scores, make_truth(scores, 5)))
    chosen = Settings(
        steps=(Smooth(), LowRankPower(at="checkpoint", top_k=2), Power(enabled=False))
    )
    stages = list(tuner.stages(chosen))
    assert [one.step for one in stages] == [None, 1, 0]
    assert stages[0].macro_roc_auc == tuner.measure(Settings()).macro_roc_auc
    assert stages[-1].macro_roc_auc == tuner.measure(chosen).macro_roc_auc
    total = stages[0].macro_roc_auc + sum(one.change for one in stages)
    assert total == pytest.approx(stages[-1].macro_roc_auc)


def test_deltas_are_of_scored_classes():
    scores = make_scores([6, 8, 7], seed=6)
    truth = make_truth(scores, 6)
    truth.values[:, 2] = 0
    tuner = Tuner(TuneMatrix.build(scores, truth))
    deltas = tuner.deltas(Settings(steps=(Smooth(),)), Settings())
    assert [one.label for one in deltas] == ["c0", "c1", "c3", "c4", "c5"]
    ours = tuner.measure(Settings(steps=(Smooth(),))).per_class
    assert deltas[0].change == pytest.approx(ours[0] - tuner.measure(Settings()).per_class[0])
    assert deltas[0].positives == (truth.values[:, 0] == 1).sum()


def test_wrong_settings_classes_and_truths_are_refused_with_a_reason():
    scores = make_scores([4, 4])
    truth = make_truth(scores)
    tuner = Tuner(TuneMatrix.build(scores, truth))
    with pytest.raises(ConfigError, match="seresnxt"):
        tuner.measure(Settings(weights={"seresnxt": 1.0}))
    with pytest.raises(UsageError, match="no class 'c9'"):
        tuner.curves(Settings(), "c9")
    elsewhere = make_truth(make_scores([4, 4]))
    object.__setattr__(elsewhere, "row_ids", tuple(f"x_{n}" for n in range(len(truth.row_ids))))
    with pytest.raises(ScoresError, match="no labelled row is among the scores"):
        TuneMatrix.build(scores, elsewhere)
    scores.values[:] = np.nan
    with pytest.raises(ScoresError, match="predicted yet"):
        TuneMatrix.build(scores, truth)
