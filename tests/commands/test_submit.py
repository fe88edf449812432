"""`birdscope submit` from the outside: the file, the report, the exit code."""

import csv
import json
import shutil

import numpy as np
import pytest

from birdscope.cli import main
from birdscope.dataset.catalog import Catalog
from birdscope.submission.build import build_submission


def submit(data, ensemble, out, *more):
    arguments = ["submit", "--data", str(data), "--ensemble", str(ensemble), "--out", str(out)]
    return main([*arguments, *map(str, more)])


def read(path):
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    return header, [row[0] for row in rows], np.array([row[1:] for row in rows], float)


def row_ids(files, windows=4):
    return [f"{path.stem}_{5 * (n + 1)}" for path in sorted(files) for n in range(windows)]


@pytest.fixture
def data(tiny_dataset, tmp_path):
    """A copy of the tiny dataset that may be changed, with the public placeholder sample."""
    copy = tmp_path / "data"
    shutil.copytree(tiny_dataset, copy)
    labels = Catalog.open(tiny_dataset).sample_columns
    lines = [",".join(["row_id", *labels])]
    lines += [f"soundscape_8358733_{end}" + ",0.1" * len(labels) for end in (5, 10, 15)]
    (copy / "sample_submission.csv").write_text("\n".join(lines) + "\n")
    return copy


def test_the_hidden_files_decide_the_rows_and_the_sample_the_columns(
    data, tiny_ensemble, tmp_path, capsys
):
    out = tmp_path / "submission.csv"
    assert submit(data, tiny_ensemble, out) == 0
    header, names, values = read(out)
    assert header == ["row_id", *Catalog.open(data).sample_columns]
    assert names == row_ids((data / "test_soundscapes").iterdir())
    assert values.min() >= 0 and values.max() <= 1 and values.std() > 0
    text = capsys.readouterr().out
    assert "✓ columns, rows, order, range and numbers are as asked" in text
    names = {path.name for path in tmp_path.iterdir()} - {"data"}
    assert names == {"submission.csv", "submission.csv.report.json"}


def test_a_sample_that_names_the_rows_decides_their_order(data, tiny_ensemble, tmp_path):
    sample = data / "sample_submission.csv"
    header = sample.read_text().splitlines()[0]
    names = row_ids((data / "test_soundscapes").iterdir())[::-1]
    zeros = ",0" * header.count(",")
    sample.write_text("\n".join([header, *(name + zeros for name in names)]) + "\n")
    assert submit(data, tiny_ensemble, tmp_path / "s.csv") == 0
    assert read(tmp_path / "s.csv")[1] == names


def test_without_test_soundscapes_it_falls_back_and_says_so(data, tiny_ensemble, tmp_path, capsys):
    shutil.rmtree(data / "test_soundscapes")
    (data / "test_soundscapes").mkdir()
    assert submit(data, tiny_ensemble, tmp_path / "s.csv", "--json") == 0
    captured = capsys.readouterr()
    assert "test_soundscapes is empty" in captured.err
    result = json.loads(captured.out)
    assert result["ok"] and result["split"] == "train_soundscapes" and result["rows"] == 20
    assert read(tmp_path / "s.csv")[1] == row_ids((data / "train_soundscapes").iterdir())


def test_an_unreadable_recording_has_rows_of_zero_and_is_named(
    data, tiny_ensemble, tmp_path, capsys
):
    first, second = sorted((data / "test_soundscapes").iterdir())
    first.write_bytes(b"")
    assert submit(data, tiny_ensemble, tmp_path / "s.csv") == 0
    captured = capsys.readouterr()
    assert "12 rows could not be predicted and are 0.0" in captured.err
    assert f"unreadable: test_soundscapes/{first.name}" in captured.out
    _, names, values = read(tmp_path / "s.csv")
    assert names == [*row_ids([first], 12), *row_ids([second])]
    assert (values[:12] == 0).all() and (values[12:] > 0).any()


def test_settings_are_used_and_scores_are_kept_where_asked(data, tiny_ensemble, tmp_path):
    from birdscope.core.settings import Power, Settings
    from birdscope.inference.store import ScoresStore

    settings = tmp_path / "mine.toml"
    settings.write_text('[[steps]]\nkind = "power"\nexponent = 3.0\n')
    more = ("--settings", settings, "--scores", tmp_path / "scores", "--quiet")
    assert submit(data, tiny_ensemble, tmp_path / "s.csv", *more) == 0
    scores = ScoresStore.open(tmp_path / "scores").scores()
    expected = build_submission(
        scores, Settings(steps=(Power(exponent=3.0),)), Catalog.open(data).sample_columns
    )
    np.testing.assert_allclose(read(tmp_path / "s.csv")[2], expected.values, rtol=1e-6)


def test_a_file_that_would_not_be_accepted_ends_with_8(data, tiny_ensemble, tmp_path, capsys):
    first, _ = sorted((data / "test_soundscapes").iterdir())
    shutil.copy(first, first.with_suffix(".wav"))
    events = tmp_path / "events.jsonl"
    more = ("--quiet", "--events", events)
    assert submit(data, tiny_ensemble, tmp_path / "s.csv", *more) == 8
    assert json.loads(events.read_text().splitlines()[-1])["kind"] == "failed"
    captured = capsys.readouterr()
    assert "there more than once" in captured.out and "not be accepted" in captured.err


def test_an_empty_dataset_is_refused(data, tiny_ensemble, tmp_path):
    for name in ("test_soundscapes", "train_soundscapes"):
        shutil.rmtree(data / name)
    assert submit(data, tiny_ensemble, tmp_path / "s.csv", "--quiet") == 3
    assert not (tmp_path / "s.csv").exists()


def test_the_report_beside_the_file_says_what_was_checked(data, tiny_ensemble, tmp_path):
    from birdscope.submission.report import read_report, report_path

    out, speed = tmp_path / "s.csv", tmp_path / "speed"
    more = ("--scores", tmp_path / "scores", "--speed", speed, "--quiet")
    assert submit(data, tiny_ensemble, out, *more) == 0
    report = read_report(report_path(out))
    assert report.ok and report.rows == 8 and report.predicted == 2 and report.path == out
    assert [one.mark for one in report.findings] == ["ok"] * 4
    assert (report.split, report.ensemble, report.settings) == ("test_soundscapes", "tiny", "tiny")
    (kept,) = speed.iterdir()
    measured = json.loads(kept.read_text())
    assert set(measured["seconds"]) == {"one/a", "one/b", "two/a"}
    assert submit(data, tiny_ensemble, out, *more) == 0
    assert read_report(report_path(out)).predicted == 0
    assert json.loads(kept.read_text()) == measured


def test_measuring_changes_no_number(data, tiny_ensemble, tmp_path):
    assert submit(data, tiny_ensemble, tmp_path / "a.csv", "--quiet") == 0
    assert submit(data, tiny_ensemble, tmp_path / "b.csv", "--speed", tmp_path, "--quiet") == 0
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_train_soundscapes_can_be_asked_for_and_cut_short(data, tiny_ensemble, tmp_path, capsys):
    more = ("--split", "train_soundscapes", "--debug-limit", 2, "--json")
    assert submit(data, tiny_ensemble, tmp_path / "s.csv", *more) == 0
    captured = capsys.readouterr()
    assert "for debugging" in captured.err
    result = json.loads(captured.out)
    assert result["split"] == "train_soundscapes" and result["rows"] == 8


def test_nothing_is_written_into_the_dataset(data, tiny_ensemble, tmp_path, capsys):
    assert submit(data, tiny_ensemble, data / "s.csv", "--quiet") == 2
    assert submit(data, tiny_ensemble, tmp_path / "s.csv", "--scores", data / "x", "--quiet") == 2
    assert "lies in the dataset folder" in capsys.readouterr().err
    assert not list(data.glob("s.csv*")) and not (data / "x").exists()


@pytest.mark.real
@pytest.mark.slow
def test_the_real_dataset_gives_all_its_rows(calfrog32, tmp_path):
    from tests.commands.conftest import make_ensemble

    catalog = Catalog.open(calfrog32)
    ensemble = make_ensemble(tmp_path / "ensemble", catalog.taxonomy.labels)
    assert submit(calfrog32, ensemble, tmp_path / "s.csv", "--quiet") == 0
    header, names, values = read(tmp_path / "s.csv")
    with open(calfrog32 / "sample_submission.csv", newline="") as file:
        sample = list(csv.reader(file))
    assert header == sample[0] and names == [row[0] for row in sample[1:]] and len(names) == 72
    assert values.shape == (72, 32) and values.std() > 0
