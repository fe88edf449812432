"""The notebook's script: it finds its inputs, and always writes every row."""

import csv
import json
import shutil
import stat
import sys
import time

import pytest

from birdscope.core.windows import window_count
from birdscope.submission import kaggle_script as script
from tests.inference.fakes import recording, tone

COLUMNS = ("grekis", "1139490")


@pytest.fixture
def kaggle(tmp_path, monkeypatch):
    """Kaggle's folders: an input with bundle and competition, and a working folder."""
    monkeypatch.setattr(script, "INPUT", tmp_path / "input")
    monkeypatch.setattr(script, "OUT", tmp_path / "working" / "submission.csv")
    monkeypatch.setattr(script, "REPORT", tmp_path / "working" / "birdscope-report.json")
    monkeypatch.setattr(script, "STARTED_S", time.monotonic())
    (tmp_path / "working").mkdir()
    for name in ("BIRDSCOPE_BUNDLE", "BIRDSCOPE_DATA", "BIRDSCOPE_MINUTES"):
        monkeypatch.delenv(name, raising=False)
    add_bundle(tmp_path / "input" / "datasets" / "someone" / "birdscope-tiny")
    data = tmp_path / "input" / "competitions" / "birdclef-2025"
    for number, seconds in enumerate((60, 12)):
        recording(data / "test_soundscapes" / f"H{number}_1.ogg", tone(seconds))
    (data / "train_audio" / "grekis").mkdir(parents=True)
    (data / "sample_submission.csv").write_text("row_id,grekis,1139490\nplace_5,0.5,0.5\n")
    (data / "train.csv").write_text("primary_label,x\n" + "grekis,1\n" * 7 + "1139490,1\nother,1\n")
    return data


def add_bundle(folder, built="2025-01-01T00:00:00+00:00", **more):
    folder.mkdir(parents=True)
    (folder / "ensemble.toml").write_text('name = "tiny"\n')
    manifest = {
        "name": "tiny",
        "built": built,
        "competition": "birdclef-2025",
        "ensemble": "ensemble.toml",
        "settings": "settings.toml",
        "minutes": 84,
        "drop_order": ["one"],
        "preview_recordings": 4,
        "wheels": {"birdscope": "0.1.0"},
        "requirements": {},
        "sha256": {"ensemble.toml": script.sha256(folder / "ensemble.toml")},
        **more,
    }
    (folder / script.MANIFEST).write_text(json.dumps(manifest))


def rows():
    with open(script.OUT, newline="") as file:
        header, *body = csv.reader(file)
    assert header == ["row_id", *COLUMNS]
    return {row[0]: [float(one) for one in row[1:]] for row in body}


ROWS = [*(f"H0_1_{5 * (n + 1)}" for n in range(12)), "H1_1_5", "H1_1_10"]


def write(names, value=0.25):
    lines = [",".join(["row_id", *COLUMNS]), *(f"{name},{value},0.5" for name in names)]
    script.OUT.write_text("\n".join(lines) + "\n")


@pytest.fixture
def model(monkeypatch):
    """`birdscope submit` as a list of what its runs do: an exit code, and rows or None."""
    runs, calls = [], []

    def submit(bundle, manifest, data, work, limit_s, patience_s):
        calls.append(limit_s)
        code, names, marks = runs.pop(0)
        (work / "scores").mkdir(exist_ok=True)
        (work / "scores" / "recordings.jsonl").write_text("{}\n" * marks)
        if names is not None:
            write(names)
        return code

    monkeypatch.setattr(script, "install", lambda bundle, manifest: None)
    monkeypatch.setattr(script, "submit", submit)
    return runs, calls


def test_inputs_are_found_by_what_they_hold(kaggle, tmp_path):
    bundle = tmp_path / "input" / "datasets" / "someone" / "birdscope-tiny"
    assert script.find_bundle() == bundle and script.find_data() == kaggle
    assert [one.name for one in script.soundscapes(kaggle)] == ["H0_1.ogg", "H1_1.ogg"]
    other = tmp_path / "input" / "another-competition"
    (other / "train_soundscapes").mkdir(parents=True)
    (other / "sample_submission.csv").write_text("row_id,a\n")
    assert script.find_data("birdclef-2025") == kaggle


def test_of_two_bundles_the_one_built_last_is_taken(kaggle, tmp_path, capsys):
    newer = tmp_path / "input" / "newer"
    add_bundle(newer, built="2026-01-01T00:00:00+00:00")
    assert script.find_bundle() == newer and "several bundles" in capsys.readouterr().out


def test_a_good_run_is_left_as_it_is(kaggle, model, capsys):
    runs, calls = model
    runs.append((0, ROWS, 2))
    report = script.main()
    assert rows() == {name: [0.25, 0.5] for name in ROWS}
    assert report["how"] == "predicted at attempt 1" and not report["fallback"]
    assert (
        report == json.loads(script.REPORT.read_text())
        and "FALLBACK" not in capsys.readouterr().out
    )
    assert 83 * 60 < calls[0] <= 84 * 60


def test_a_run_that_dies_goes_on_as_long_as_it_gets_further(kaggle, model):
    runs, calls = model
    runs += [(137, None, 1), (137, None, 2), (0, ROWS, 2)]
    assert script.main()["how"] == "predicted at attempt 3" and len(calls) == 3


def test_a_run_that_gets_no_further_is_written_as_far_as_it_came(kaggle, model):
    runs, calls = model
    runs += [(137, None, 1), (137, None, 1), (0, ROWS, 1)]
    report = script.main()
    assert "1 recordings predicted before the failure" in report["how"] and calls[-1] == 0.0
    assert set(rows()) == set(ROWS) and not report["fallback"]


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ((6, None, 0), "wrote no file"),
        ((0, ROWS[:12], 2), "no rows for H1_1"),
        ((0, [*ROWS, ROWS[0]], 2), "twice"),
        ((8, [], 2), "no rows"),
    ],
)
def test_when_the_model_fails_every_row_is_there_and_the_log_shouts(
    kaggle, model, capsys, run, words
):
    model[0].append(run)
    report = script.main()
    text = capsys.readouterr().out
    assert report["fallback"] and words in " ".join(report["problems"])
    assert "THIS IS A FALLBACK" in text and words in text
    assert list(rows()) == ROWS
    assert {tuple(values) for values in rows().values()} == {(0.8, 0.2)}


def test_a_broken_bundle_or_none_still_gives_every_row(kaggle, tmp_path, monkeypatch, capsys):
    shutil.rmtree(tmp_path / "input" / "datasets")
    assert script.main()["fallback"] and list(rows()) == ROWS
    add_bundle(tmp_path / "input" / "datasets", wheels={"birdscope": "99"})
    (tmp_path / "input" / "datasets" / "wheels").mkdir()
    assert script.main()["fallback"] and "pip failed" in capsys.readouterr().out


def test_in_a_preview_a_failure_is_raised(kaggle, model):
    shutil.rmtree(kaggle / "test_soundscapes")
    (kaggle / "train_soundscapes").mkdir()
    model[0].append((6, None, 0))
    with pytest.raises(RuntimeError, match=r"preview failed.*wrote no file"):
        script.main()
    assert list(rows()) == ["place_5"]


def test_a_changed_file_stops_a_preview_and_is_said_in_the_scored_run(
    kaggle, model, tmp_path, capsys
):
    bundle = tmp_path / "input" / "datasets" / "someone" / "birdscope-tiny"
    (bundle / "ensemble.toml").write_text("other")
    model[0].append((0, ROWS, 2))
    assert not script.main()["fallback"]
    assert "ensemble.toml is not what was built" in capsys.readouterr().out
    shutil.rmtree(kaggle / "test_soundscapes")
    (kaggle / "train_soundscapes").mkdir()
    with pytest.raises(RuntimeError, match="not uploaded as it was built"):
        script.main()


def test_a_sample_that_names_the_hidden_rows_is_followed(kaggle, model, monkeypatch):
    names = ["H1_1_10", "H1_1_5", "H0_1_5", "gone_5"]
    sample = "row_id,grekis,1139490\n" + "".join(f"{name},0,0\n" for name in names)
    (kaggle / "sample_submission.csv").write_text(sample)
    model[0].append((6, None, 0))
    script.main()
    assert list(rows())[:4] == names and set(rows()) == {*ROWS, "gone_5"}


@pytest.mark.parametrize("seconds", [1.0, 7.4, 7.6, 59.9, 61.0, 122.4])
def test_windows_are_counted_as_birdscope_counts_them(tmp_path, seconds):
    made = recording(tmp_path / "x.ogg", tone(seconds))
    assert script.windows_of(made.path) == window_count(seconds)


def test_windows_of_what_is_no_ogg_are_twelve(tmp_path):
    (tmp_path / "x.ogg").write_bytes(b"junk")
    assert script.windows_of(tmp_path / "x.ogg") == script.windows_of(tmp_path / "no.ogg") == 12


@pytest.mark.parametrize(
    ("version", "bounds", "fits"),
    [
        ("2.6.0+cpu", ">=2.6,<2.12", True),
        ("2.12.0", "<2.12,>=2.6", False),
        ("2.5.9", ">=2.6", False),
        ("1.0.12.post1", ">=1.0.12", True),
        ("10.0", ">=9.1", True),
        (None, "", False),
        ("1", "", True),
    ],
)
def test_versions_are_compared_by_number(version, bounds, fits):
    assert script.suits(version, bounds) is fits


def fake_python(folder, monkeypatch, body):
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "executable", str(path))


def test_submit_is_given_the_limit_and_its_words_are_passed_on(
    kaggle, tmp_path, monkeypatch, capsys
):
    body = 'echo "$@"; for n in 1 2 3 4 5; do echo "$n/700 recording"; done; exit 3'
    fake_python(tmp_path, monkeypatch, body)
    bundle = script.find_bundle()
    manifest = script.read_manifest(bundle)
    assert script.submit(bundle, manifest, kaggle, tmp_path, 90.0, 5.0) == 3
    text = capsys.readouterr().out
    assert "-m birdscope submit" in text and "--time-limit 1.5000" in text
    assert "--drop-order one" in text and "--debug-limit 4" in text
    assert text.count("/700 recording") == 1


def test_a_run_that_hangs_is_stopped(kaggle, tmp_path, monkeypatch, capsys):
    fake_python(tmp_path, monkeypatch, "exec sleep 60")
    bundle = script.find_bundle()
    code = script.submit(bundle, script.read_manifest(bundle), kaggle, tmp_path, 0.0, 0.5)
    assert code == -9 and "overran" in capsys.readouterr().out
