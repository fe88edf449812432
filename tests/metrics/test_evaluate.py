"""Evaluation aligns rows by name and says what it left out."""

from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from birdscope.core.errors import ScoresError
from birdscope.core.scores import ScoredCheckpoint, Scores
from birdscope.core.settings import Power, Settings, Smooth
from birdscope.inference.rows import lay_out
from birdscope.metrics.evaluate import evaluate
from birdscope.postprocess.stack import apply_settings

CLASSES = ("a", "b", "none", "all")
KEYS = tuple(f"train_soundscapes/r{n}.ogg" for n in range(6))


@dataclass
class Table:
    row_ids: tuple
    values: np.ndarray
    classes: tuple = CLASSES


@pytest.fixture
def scores():
    rows = lay_out(KEYS, [4] * 6)
    values = np.random.default_rng(0).random((2, 24, 4)).astype(np.float32)
    return Scores(CLASSES, (ScoredCheckpoint("k", "m"), ScoredCheckpoint("l", "n")), rows, values)


@pytest.fixture
def labels(scores):
    values = (np.random.default_rng(1).random((24, 4)) < 0.4).astype(np.float32)
    values[:, 2], values[:, 3] = 0, 1
    return Table(scores.rows.row_ids, values)


def test_figures_are_those_of_the_final_probabilities(scores, labels):
    settings = Settings(name="mine", steps=(Smooth(at="member"), Power(at="member")))
    result = evaluate(scores, labels, settings)
    final = apply_settings(scores, settings)
    for c, label in enumerate(CLASSES[:2]):
        assert result.per_class[label] == pytest.approx(
            roc_auc_score(labels.values[:, c], final[:, c]), abs=1e-12
        )
    assert result.macro_roc_auc == pytest.approx(
        np.mean([result.per_class["a"], result.per_class["b"]])
    )
    assert (result.settings, result.rows, result.recordings) == ("mine", 24, 6)
    assert result.interval is None and not result.missing_rows and not result.unlabelled_rows


def test_a_class_without_positives_or_negatives_has_no_auc(scores, labels):
    result = evaluate(scores, labels, Settings())
    assert result.scored_classes == 2
    assert result.per_class["none"] is None and result.per_class["all"] is None
    assert result.per_class_ap["none"] is None and result.positives["all"] == 24


def test_rows_are_matched_by_name_not_by_place(scores, labels):
    order = np.random.default_rng(2).permutation(24)
    shuffled = Table(tuple(np.array(labels.row_ids)[order]), labels.values[order])
    one, other = (evaluate(scores, table, Settings()) for table in (labels, shuffled))
    assert one.per_class == pytest.approx(other.per_class)


def test_what_is_left_out_is_counted_and_does_not_count(scores, labels):
    scores.values[:, :4] = np.nan
    some = slice(2, 22)
    table = Table((*labels.row_ids[some], "gone_5"), labels.values[2:23])
    result = evaluate(scores, table, Settings(steps=(Smooth(at="member"),)))
    assert result.missing_rows == ("gone_5",)
    assert result.unpredicted_rows == ("r0_15", "r0_20")
    assert (result.rows, result.recordings, result.unlabelled_rows) == (18, 5, 4)


def test_smoothing_uses_the_unlabelled_neighbours(scores, labels):
    every_other = slice(0, 24, 2)
    table = Table(labels.row_ids[every_other], labels.values[every_other])
    settings = Settings(steps=(Smooth(at="ensemble", weight=0.4),))
    result = evaluate(scores, table, settings)
    final = apply_settings(scores, settings)[every_other]
    assert result.per_class["a"] == pytest.approx(
        roc_auc_score(table.values[:, 0], final[:, 0]), abs=1e-12
    )


@pytest.mark.parametrize("pooling", ["max", "mean"])
def test_file_level_pools_over_windows(scores, pooling):
    values = np.array([[1, 0, 0, 1], [0, 1, 0, 1]] * 3, dtype=np.float32)
    table = Table(KEYS, values)
    result = evaluate(scores, table, Settings(file_pooling=pooling), unit="file", resamples=50)
    windows = apply_settings(scores, Settings()).reshape(6, 4, 4)
    pooled = windows.max(axis=1) if pooling == "max" else windows.mean(axis=1)
    assert result.per_class["b"] == pytest.approx(roc_auc_score(values[:, 1], pooled[:, 1]))
    assert (result.unit, result.rows, result.recordings) == ("file", 6, 6)


def test_the_interval_is_asked_for_and_repeats_with_its_seed(scores, labels):
    one, again, other = (
        evaluate(scores, labels, Settings(), resamples=200, seed=seed).interval
        for seed in (0, 0, 1)
    )
    assert one == again != other
    assert one.low < evaluate(scores, labels, Settings()).macro_roc_auc < one.high


def test_labels_of_something_else_are_refused(scores, labels):
    with pytest.raises(ScoresError, match="different classes"):
        evaluate(scores, Table(labels.row_ids, labels.values[:, :2], ("a", "b")), Settings())
    with pytest.raises(ScoresError, match=r"scores: r0_5, labels: x_5"):
        evaluate(scores, Table(("x_5",), labels.values[:1]), Settings())
    scores.values[:] = np.nan
    with pytest.raises(ScoresError, match="predicted yet"):
        evaluate(scores, labels, Settings())
