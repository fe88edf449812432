"""What a submission holds, how it is written, and what its check finds."""

import csv
import os
import time

import numpy as np
import pytest

from birdscope.core.errors import SubmissionError
from birdscope.core.scores import ScoredCheckpoint, Scores
from birdscope.core.settings import Power, Settings
from birdscope.inference.rows import lay_out
from birdscope.submission.build import build_submission, order_rows, write_submission
from birdscope.submission.check import check_submission

COLUMNS = ("c", "a", "z")


def make_scores(recordings=("t/x.ogg", "t/y.ogg"), windows=2, classes=("a", "b", "c"), seed=0):
    rows = lay_out(recordings, [windows] * len(recordings))
    shape = (1, len(rows), len(classes))
    values = np.random.default_rng(seed).random(shape).astype(np.float32)
    return Scores(classes, (ScoredCheckpoint("k", "m"),), rows, values)


def read(path):
    with open(path, newline="") as file:
        header, *body = csv.reader(file)
    return header, [row[0] for row in body], np.array([row[1:] for row in body], np.float32)


def test_columns_follow_the_sample_and_unknown_classes_are_zero(tmp_path):
    scores = make_scores()
    submission = build_submission(scores, Settings(), COLUMNS)
    write_submission(submission, tmp_path / "s.csv")
    header, names, values = read(tmp_path / "s.csv")
    assert header == ["row_id", "c", "a", "z"] and names == ["x_5", "x_10", "y_5", "y_10"]
    np.testing.assert_array_equal(values[:, :2], scores.values[0][:, [2, 0]])
    assert (values[:, 2] == 0).all()
    assert (submission.missing_classes, submission.dropped_classes) == (("z",), ("b",))


@pytest.mark.parametrize("stem", ["x", "a,b", 'say "hi"'])
def test_only_names_that_need_quotes_get_them(tmp_path, stem):
    scores = make_scores(recordings=(f"t/{stem}.ogg",))
    write_submission(build_submission(scores, Settings(), ("a",)), tmp_path / "s.csv")
    text = (tmp_path / "s.csv").read_text()
    assert text.startswith("row_id,a\n") and ('"' in text) == (stem != "x")
    assert read(tmp_path / "s.csv")[1] == [f"{stem}_5", f"{stem}_10"]
    assert check_submission(tmp_path / "s.csv", ("a",), scores.rows.row_ids).ok


def test_settings_act_before_the_layout():
    scores = make_scores()
    submission = build_submission(scores, Settings(steps=(Power(exponent=2),)), ("b",))
    np.testing.assert_allclose(submission.values, scores.values[0][:, [1]] ** 2, rtol=1e-6)


def test_rows_that_could_not_be_predicted_are_zero_and_named():
    scores = make_scores()
    scores.values[:, 2:] = np.nan
    submission = build_submission(scores, Settings(), COLUMNS)
    assert submission.filled_rows == ("y_5", "y_10")
    assert (submission.values[2:] == 0).all() and (submission.values[:2, :2] > 0).all()


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ((), ("x_5", "x_10", "y_5")),
        (("soundscape_8358733_5",), ("x_5", "x_10", "y_5")),
        (("y_5", "x_10", "x_5"), ("y_5", "x_10", "x_5")),
        (("y_5", "x_10"), ("y_5", "x_10", "x_5")),
        (("y_10", "y_5"), ("y_10", "y_5", "x_5", "x_10")),
    ],
)
def test_a_placeholder_decides_nothing_and_a_real_sample_the_order(sample, expected):
    assert order_rows(("x_5", "x_10", "y_5"), sample) == expected


def test_rows_of_the_sample_that_no_recording_gave_are_added_as_zero():
    sample = ("x_5", "x_10", "x_15", "y_5", "y_10")
    submission = build_submission(make_scores(), Settings(), COLUMNS, sample)
    assert submission.row_ids == sample and submission.added_rows == ("x_15",)
    assert (submission.values[2] == 0).all() and (submission.values[3, :2] > 0).all()


def test_nothing_to_submit_is_an_error():
    with pytest.raises(SubmissionError, match="no rows"):
        build_submission(make_scores(recordings=()), Settings(), COLUMNS)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "s.csv"
    path.write_text("old")

    def fail(*args):
        raise OSError(28, "No space left on device")

    submission = build_submission(make_scores(), Settings(), COLUMNS)
    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(SubmissionError, match="No space left"):
        write_submission(submission, path)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_whole_competition_is_written_and_checked_in_seconds(tmp_path):
    classes = tuple(f"c{n}" for n in range(206))
    scores = make_scores([f"t/f{n}.ogg" for n in range(700)], 12, classes)
    submission = build_submission(scores, Settings(), classes)
    begin = time.perf_counter()
    write_submission(submission, tmp_path / "s.csv")
    written_s = time.perf_counter() - begin
    report = check_submission(tmp_path / "s.csv", classes, scores.rows.row_ids)
    assert report.ok and (report.rows, report.columns) == (8400, 206)
    assert not report.problems
    assert written_s < 2.0


GOOD = [["row_id", "a", "b"], ["x_5", "0.5", "0"], ["x_10", "1", "2.5e-05"]]


def edited(**cells):
    rows = [list(row) for row in GOOD]
    for place, value in cells.items():
        row, column = place[1:].split("_")
        rows[int(row)][int(column)] = value
    return rows


@pytest.mark.parametrize(
    ("rows", "kinds"),
    [
        (GOOD, set()),
        ([], {"empty", "missing-row"}),
        (edited(c0_0="id"), {"first-column"}),
        ([[r[0], r[2], r[1]] for r in GOOD], {"column-order"}),
        ([r[:2] for r in GOOD], {"missing-column"}),
        ([[*r, e] for r, e in zip(GOOD, ("q", "0", "0"), strict=True)], {"extra-column"}),
        (edited(c0_2="a"), {"missing-column", "duplicate-column"}),
        (GOOD[:2], {"missing-row"}),
        ([*GOOD, ["y_5", "0", "0"]], {"extra-row"}),
        ([*GOOD, GOOD[1]], {"duplicate-row"}),
        ([GOOD[0], GOOD[2], GOOD[1]], {"row-order"}),
        (edited(c1_1="nan"), {"nan"}),
        (edited(c1_1=""), {"nan"}),
        (edited(c2_2="1.0001"), {"range"}),
        (edited(c2_2="-0.1"), {"range"}),
        (edited(c2_2="inf"), {"range"}),
        (edited(c2_2="high"), {"not-a-number"}),
        (edited(c2_2="0;5"), {"not-a-number"}),
        ([*GOOD, ["y_5", "0"]], {"not-a-number"}),
    ],
)
def test_check_finds_each_fault_and_only_that(tmp_path, rows, kinds):
    path = tmp_path / "s.csv"
    path.write_text("".join(",".join(row) + "\n" for row in rows))
    report = check_submission(path, ("a", "b"), ("x_5", "x_10"))
    assert {problem.kind for problem in report.problems} == kinds
    assert report.ok == (kinds in (set(), {"row-order"}))
    assert len(report.lines()) >= 2 and "s.csv" in report.lines()[0]


def test_check_of_a_missing_file(tmp_path):
    report = check_submission(tmp_path / "no.csv", ("a",), ("x_5",))
    assert not report.ok and report.problems[0].kind == "unreadable"


def test_check_names_the_nearest_column(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("row_id,grekiss\nx_5,0.1\n")
    report = check_submission(path, ("grekis",), ("x_5",))
    assert "did you mean 'grekiss'" in " ".join(report.lines())
