"""Labels to tune against: who counts, who is unknown, which folds, and what is said of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from birdscope.core.errors import ScoresError
from birdscope.core.scores import ScoredCheckpoint, Scores
from birdscope.core.settings import Settings
from birdscope.core.verdicts import Verdict
from birdscope.dataset.labels import FileLabels
from birdscope.inference.rows import lay_out
from birdscope.metrics.columns import ScoreColumns
from birdscope.metrics.queues import Candidates, build_queue
from birdscope.metrics.truths import (
    Drawn,
    file_truth,
    out_of_fold_truth,
    soundscape_truth,
    verdict_truth,
)
from birdscope.metrics.tune_folds import recording_folds

CLASSES = ("a", "b", "c")


@pytest.fixture
def labels(tmp_path):
    lines = ["row_id,labels"]
    for recording in range(6):
        for window in range(4):
            heard = "a;b" if (recording, window) == (0, 0) else "a" if window == 1 else ""
            lines.append(f"r{recording}_{5 * (window + 1)},{heard}")
    path = tmp_path / "labels.csv"
    path.write_text("\n".join([*lines, "r5_25,zz"]) + "\n")
    return path


def test_soundscape_labels_say_what_is_counted(labels):
    truth = soundscape_truth(labels, CLASSES, folds=3)
    assert truth.unit == "window" and truth.values.shape == (25, 3)
    assert set(np.unique(truth.values)) == {0, 1} and truth.row_weights is None
    text = " | ".join(truth.counted)
    assert "25 windows of 6 soundscapes" in text
    assert "2 of 3 classes have a positive and a negative row" in text
    assert "1 label is no class and counts for nobody: zz" in text
    assert "3 folds of whole recordings" in text


def test_folds_keep_recordings_whole_and_are_the_same_every_time(labels):
    truth = soundscape_truth(labels, CLASSES, folds=3)
    stems = np.array([name.rpartition("_")[0] for name in truth.row_ids])
    for stem in np.unique(stems):
        assert len(np.unique(truth.folds[stems == stem])) == 1
    again = soundscape_truth(labels, CLASSES, folds=3)
    np.testing.assert_array_equal(truth.folds, again.folds)


def test_one_recording_has_no_folds(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("row_id,labels\nr_5,a\nr_10,\n")
    truth = soundscape_truth(path, CLASSES)
    assert truth.folds is None and "there are no folds" in truth.counted[-1]


def test_labels_of_files_are_not_of_soundscapes(tmp_path):
    path = tmp_path / "train.csv"
    path.write_text("primary_label,secondary_labels,filename\na,\"['b']\",a/1.ogg\nb,[],b/2.ogg\n")
    truth = file_truth(path, CLASSES)
    assert truth.unit == "file" and truth.values.tolist() == [[1, 1, 0], [0, 1, 0]]
    with pytest.raises(ScoresError, match="whole files"):
        soundscape_truth(path, CLASSES)


def test_out_of_fold_labels_count_secondary_species_and_what_was_held_out():
    primary = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], bool)
    secondary = np.array([[0, 1, 0], [0, 0, 0], [0, 0, 0]], bool)
    labels = FileLabels(CLASSES, ("x/1.ogg", "x/2.ogg", "x/3.ogg"), primary, secondary)
    truth = out_of_fold_truth(labels, {"x/1.ogg": 1, "x/2.ogg": 0, "x/3.ogg": -1})
    assert truth.row_ids == ("x/1.ogg", "x/2.ogg") and truth.unit == "file"
    assert truth.values.tolist() == [[1, 1, 0], [0, 1, 0]] and truth.folds.tolist() == [1, 0]
    assert "1 recordings were in every fold's training, or in none: not scored" in truth.counted
    with pytest.raises(ScoresError, match="held out"):
        out_of_fold_truth(labels, {})


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 12),
    st.integers(2, 6),
    st.integers(0, 2**31),
)
def test_folds_are_even_and_spread_each_class(recordings, folds, seed):
    generator = np.random.default_rng(seed)
    number = np.repeat(np.arange(recordings), 3)
    values = (generator.random((len(number), 4)) < 0.2).astype(np.int8)
    found = recording_folds(values, number, folds, seed)
    count = min(folds, recordings)
    assert set(found) == set(range(count))
    heard = np.array([values[number == one].any(axis=0) for one in range(recordings)])
    rarest = heard.sum(axis=0)
    if rarest.any():
        column = int(np.argmin(np.where(rarest > 0, rarest, 99)))
        of_recording = found[::3]
        per_fold = np.bincount(of_recording[heard[:, column]], minlength=count)
        assert per_fold.max() - per_fold.min() <= 1


def judged(recording, index, label, answer, corrected=None, queue="stratified", p=0.5, by="me"):
    return Verdict(
        recording,
        index,
        5.0 * index,
        5.0 * index + 5,
        label,
        answer,
        by,
        "2026-01-31T12:00:00Z",
        corrected_label=corrected,
        queue=queue,
        sampling_probability=p,
    )


def test_a_verdict_labels_one_species_of_one_window():
    truth = verdict_truth(
        [
            judged("s/r0.ogg", 0, "a", "yes", p=0.25),
            judged("s/r0.ogg", 1, "a", "no"),
            judged("s/r1.ogg", 2, "a", "correct", corrected="b"),
            judged("s/r1.ogg", 3, "a", "maybe"),
            judged("s/r1.ogg", 4, "zz", "yes"),
            judged("s/r2.ogg", 0, "a", "yes", queue="score", p=None),
        ],
        CLASSES,
    )
    rows = zip(truth.row_ids, truth.values.tolist(), truth.row_weights.tolist(), strict=True)
    assert sorted(rows) == [
        ("r0_10", [0, -1, -1], 2.0),
        ("r0_5", [1, -1, -1], 4.0),
        ("r1_15", [0, 1, -1], 2.0),
    ]
    text = " | ".join(truth.counted)
    assert "4 such labels, in 2 recordings" in text
    assert "left out: 1 verdict on windows that were ranked" in text
    assert "1 verdict with the answer 'maybe'" in text and "1 verdict on a label" in text
    assert "1 verdict with a correction" in text


def test_a_window_judged_for_several_species_has_a_row_for_each():
    truth = verdict_truth(
        [
            judged("r.ogg", 0, "a", "yes", p=0.5),
            judged("r.ogg", 0, "b", "no", p=0.1),
            judged("r.ogg", 0, "c", "no", p=0.1),
        ],
        CLASSES,
    )
    assert truth.row_ids == ("r_5", "r_5", "r_5")
    assert truth.values.tolist() == [[1, -1, -1], [-1, 0, -1], [-1, -1, 0]]
    assert truth.row_weights.tolist() == [2.0, 10.0, 10.0]


def test_what_was_said_of_a_species_outweighs_a_correction():
    both = [
        judged("r.ogg", 0, "b", "no"),
        judged("r.ogg", 0, "a", "correct", corrected="b"),
    ]
    for verdicts in (both, both[::-1]):
        values = verdict_truth(verdicts, CLASSES).values
        assert sorted(values.tolist()) == [[-1, 0, -1], [0, -1, -1]]


def test_what_annotators_contradict_is_unknown():
    truth = verdict_truth(
        [
            judged("r.ogg", 0, "a", "yes"),
            judged("r.ogg", 0, "a", "no", by="you"),
            judged("r.ogg", 0, "b", "no", by="you"),
        ],
        CLASSES,
    )
    assert truth.values.tolist() == [[-1, 0, -1]]
    assert "unknown because annotators disagree: 1 labels" in truth.counted


def test_batches_of_one_queue_weigh_what_they_stand_for():
    generator = np.random.default_rng(3)
    score = np.sort(generator.random(600) ** 3)
    rows = lay_out(("s/r0.ogg",), [600])
    values = np.repeat(score[None, :, None], len(CLASSES), axis=2).astype(np.float32)
    checkpoint = ScoredCheckpoint("m/1", "m")
    scores = Scores(CLASSES, (checkpoint,), rows, values, {"m": 1.0})
    there = generator.random(600) < score
    verdicts, judged_rows = [], np.zeros(600, dtype=bool)
    for limit in (40, 80, 120):
        empty = np.zeros((1, 600))
        queue = build_queue(
            "stratified",
            Candidates(score, empty, np.ones(600, bool), judged_rows),
            limit=limit,
        )
        for row, chance in zip(queue.rows[:40], queue.probability[:40], strict=True):
            answer = "yes" if there[row] else "no"
            verdicts.append(judged("s/r0.ogg", int(row), "a", answer, p=float(chance)))
            judged_rows[row] = True
    drawn = Drawn(ScoreColumns(scores), Settings())
    fair = verdict_truth(verdicts, CLASSES, drawn=drawn)
    assert len(fair.row_ids) == 120
    assert fair.row_weights.sum() == pytest.approx(600), "as many as there are windows"
    stored = verdict_truth(verdicts, CLASSES).row_weights
    assert stored.sum() > 900, "1 / chance counts every batch as if it were the only one"


def test_a_verdict_on_a_window_without_a_score_keeps_its_own_weight():
    rows = lay_out(("s/r0.ogg",), [3])
    values = np.full((1, 3, len(CLASSES)), 0.5, dtype=np.float32)
    scores = Scores(CLASSES, (ScoredCheckpoint("m/1", "m"),), rows, values, {"m": 1.0})
    verdicts = [
        judged("s/r0.ogg", 0, "a", "yes", p=0.1),
        judged("s/r0.ogg", 7, "a", "no", p=0.1),
        judged("s/gone.ogg", 0, "a", "no", p=0.1),
    ]
    truth = verdict_truth(verdicts, CLASSES, drawn=Drawn(ScoreColumns(scores), Settings()))
    assert truth.row_weights.tolist() == pytest.approx([3.0, 10.0, 10.0])


@pytest.mark.parametrize(
    ("verdicts", "why"),
    [
        ([], "no verdicts"),
        ([judged("r", 0, "a", "yes", queue="score", p=None)], "drawn by chance"),
        ([judged("r", 0, "a", "yes", queue="score", p=1.0)], "drawn by chance"),
        ([judged("r", 0, "a", "maybe")], "are 'maybe'"),
    ],
)
def test_without_a_fair_sample_it_is_refused_with_a_remedy(verdicts, why):
    with pytest.raises(ScoresError, match=why) as caught:
        verdict_truth(verdicts, CLASSES)
    assert "random by score" in caught.value.remedy
