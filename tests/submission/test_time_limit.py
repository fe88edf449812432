"""`birdscope submit --time-limit`: with enough time the same file, without any every row."""

import csv
import json

import numpy as np
import pytest

from birdscope.cli import main
from birdscope.core.scores import ScoredCheckpoint, Scores
from birdscope.core.settings import Settings
from birdscope.inference.rows import lay_out
from birdscope.inference.store import ScoresStore
from birdscope.submission.build import build_submission
from tests.submission.bundles import tiny_ensemble_for


@pytest.fixture(scope="module")
def arguments(tiny_dataset, tmp_path_factory):
    ensemble = tiny_ensemble_for(tiny_dataset, tmp_path_factory.mktemp("ensemble"))
    return ["submit", "--data", str(tiny_dataset), "--ensemble", str(ensemble)]


@pytest.fixture(scope="module")
def free(arguments, tmp_path_factory):
    out = tmp_path_factory.mktemp("free") / "s.csv"
    assert main([*arguments, "--out", str(out), "--quiet"]) == 0
    return read(out)


def read(path):
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    return header, [row[0] for row in rows], np.array([row[1:] for row in rows], np.float32)


def test_with_enough_time_the_file_is_the_same(arguments, free, tmp_path, capsys):
    out = tmp_path / "s.csv"
    assert main([*arguments, "--out", str(out), "--time-limit", "30"]) == 0
    header, names, values = read(out)
    assert (header, names) == free[:2]
    np.testing.assert_array_equal(values, free[2])
    text = capsys.readouterr().out
    assert "time limit 30 min" in text and "nothing was left out" in text


def test_without_any_time_every_row_is_there_and_a_later_run_completes_it(
    arguments, free, tmp_path, capsys
):
    out, scores = tmp_path / "s.csv", tmp_path / "scores"
    more = ["--out", str(out), "--scores", str(scores)]
    assert main([*arguments, *more, "--time-limit", "0", "--json"]) == 0
    captured = capsys.readouterr()
    result = json.loads(captured.out)
    assert len(result["averaged_rows"]) == result["rows"] == len(free[1])
    assert len(result["run"]["skipped"]) == 2 and "not reached in time" in captured.err
    assert read(out)[1] == free[1] and not ScoresStore.open(scores).done
    assert main([*arguments, *more, "--quiet"]) == 0
    np.testing.assert_array_equal(read(out)[2], free[2])


def test_what_makes_no_sense_is_refused(arguments, tmp_path, capsys):
    more = [*arguments, "--out", str(tmp_path / "s.csv"), "--quiet"]
    assert main([*more, "--drop-order", "one"]) == 2
    assert main([*more, "--time-limit", "9", "--drop-order", "oen"]) == 2
    assert "did you mean 'one'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*more, "--time-limit", "-1"])


def test_rows_that_time_ran_out_on_get_the_mean_of_each_class():
    rows = lay_out(("t/x.ogg", "t/y.ogg", "t/z.ogg"), (2, 2, 1))
    values = np.random.default_rng(1).random((1, 5, 2)).astype(np.float32)
    values[:, 3:] = np.nan
    scores = Scores(("a", "b"), (ScoredCheckpoint("k", "m"),), rows, values)
    made = build_submission(scores, Settings(), ("b", "a", "c"), out_of_time=("t/y.ogg",))
    assert made.averaged_rows == ("y_10",) and made.filled_rows == ("z_5",)
    mean = values[0, :3].mean(axis=0)
    np.testing.assert_allclose(made.values[3], [mean[1], mean[0], 0.0], rtol=1e-6)
    np.testing.assert_array_equal(made.values[:3, :2], values[0, :3, ::-1])
    assert (made.values[4] == 0).all()
