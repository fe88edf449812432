"""`birdscope tune` from the outside, on the tiny dataset with untrained nets."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from birdscope.cli import main
from birdscope.core.verdicts import Verdict
from birdscope.inference.store import ScoresStore
from birdscope.session.saved_settings import SavedSettings
from birdscope.session.verdicts import Verdicts


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("BIRDSCOPE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def source(tiny_dataset, tiny_scores):
    return ["--data", str(tiny_dataset), "--scores", str(tiny_scores), "--bootstrap", "50"]


def tune_json(capsys, *arguments):
    assert main(["tune", *map(str, arguments), "--json", "--quiet"]) == 0
    return json.loads(capsys.readouterr().out)


def test_compare_lists_the_built_in_settings_against_the_notebook(source, capsys):
    result = tune_json(capsys, "compare", *source)
    names = [one["name"] for one in result["settings"]]
    assert names == ["notebook 0.88", "raw mean", "blend only", "ensemble"]
    base, mean, *_ = result["settings"]
    assert base["badge"] is None and base["difference"] == 0
    assert mean["difference"] == pytest.approx(mean["macro_roc_auc"] - base["macro_roc_auc"])
    assert mean["badge"] in ("better", "worse", "within noise")
    assert mean["difference_interval"]["low"] <= mean["difference_interval"]["high"]
    assert len(mean["per_fold"]) == 3 and result["recordings"] == 3
    assert result["source"] == "soundscape labels" and "windows of 3" in result["counted"][0]


def test_compare_agrees_with_evaluate_and_its_folds(source, tiny_dataset, tiny_scores, capsys):
    ensemble = tune_json(capsys, "compare", *source, "--folds", 2)["settings"][3]
    labels = tiny_dataset / "train_soundscapes_labels.csv"
    arguments = ["--scores", tiny_scores, "--labels", labels, "--bootstrap", 0, "--folds", 2]
    assert main(["evaluate", *map(str, arguments), "--json"]) == 0
    evaluated = json.loads(capsys.readouterr().out)
    for key in ("macro_roc_auc", "macro_ap"):
        assert evaluated[key] == pytest.approx(ensemble[key], abs=1e-12)
    assert evaluated["per_fold"] == ensemble["per_fold"] and len(evaluated["per_fold"]) == 2
    assert main(["evaluate", *map(str, arguments)]) == 0
    assert "mean ± sd" in capsys.readouterr().out


def test_tables_are_plain_words(source, tmp_path, capsys):
    mine = tmp_path / "mine.toml"
    mine.write_text('[[steps]]\nkind = "gaussian"\nat = "member"\n')
    assert main(["tune", "compare", *source, "--quiet", "--settings", str(mine)]) == 0
    text = capsys.readouterr().out
    head, *rows = text[text.index("settings  ") :].splitlines()
    assert "macro AUC [95 %]" in head and "folds: mean ± sd" in head and "classes" in head
    assert rows[0].startswith("notebook 0.88") and "baseline" in rows[0]
    assert rows[4].startswith("mine") and "± " in rows[4]
    assert main(["tune", "measure", *source, "--quiet"]) == 0
    text = capsys.readouterr().out
    assert "after each stage:" in text and "smooth at member: weight 0.2" in text


def test_search_saves_and_compare_knows_it(source, home, capsys):
    result = tune_json(capsys, "search", *source, "--trials", 3, "--save", "mine")
    assert result["saved"] == "mine" and result["trials"] == 12
    assert result["overfit"] == pytest.approx(result["in_sample"] - result["nested"])
    assert result["gain"] == pytest.approx(result["nested"] - result["baseline_mean"])
    [entry] = SavedSettings(home / "sessions" / "default").list()
    found = {**result["settings"], "note": entry.settings.note}
    assert entry.name == "mine" and entry.settings.model_dump(mode="json") == found
    assert entry.settings.note.startswith("chosen on soundscape labels (nested 0.")
    assert main(["tune", "compare", *source, "--settings", "mine", "--quiet"]) == 0
    assert "'mine' was chosen on soundscape labels" in capsys.readouterr().out
    rows = tune_json(capsys, "compare", *source, "--settings", "mine")["settings"]
    assert rows[-1]["name"] == "mine"
    assert main(["tune", "search", *source, "--save", "mine", "--quiet"]) == 2
    assert "nothing is overwritten" in capsys.readouterr().err
    again = tune_json(capsys, "search", *source, "--trials", 3, "--save", "mine", "--replace")
    assert again["settings"] == result["settings"] and again["folds"] == result["folds"]


def test_search_in_words(source, capsys):
    assert main(["tune", "search", *source, "--trials", "2", "--quiet"]) == 0
    text = capsys.readouterr().out
    for word in ("nested ", "what to expect", "baseline ", "gain ", "in-sample ", "overfit "):
        assert word in text
    assert main(["tune", "search", *source, "--trials", "2", "--seed", "1", "--restart"]) == 0


def test_blend_fits_inside_folds(source, capsys):
    result = tune_json(capsys, "blend", *source, "--save", "fitted")
    assert set(result["weights"]) == {"one", "two"}
    assert sum(result["weights"].values()) == pytest.approx(1)
    assert set(result["fold_weights"]) == {"0", "1", "2"}
    assert main(["tune", "blend", *source, "--quiet"]) == 0
    assert "fitted without each fold" in capsys.readouterr().out


def test_out_of_fold_scores_are_measured_by_file(tiny_dataset, tiny_ensemble, tmp_path, capsys):
    out = tmp_path / "run" / "out_of_fold"
    arguments = ["--data", tiny_dataset, "--split", "train_audio", "--ensemble", tiny_ensemble]
    assert main(["predict", *map(str, arguments), "--out", str(out), "--quiet"]) == 0
    keys = ScoresStore.open(out).rows.recordings
    lines = [f"{key},{number % 3 - (number == 0)}" for number, key in enumerate(keys)]
    (out / "folds.csv").write_text("\n".join(["recording,fold", *lines]) + "\n")
    capsys.readouterr()
    shared = ["--data", tiny_dataset, "--labels", "out-of-fold", "--bootstrap", 0]
    result = tune_json(capsys, "compare", *shared, "--scores", tmp_path / "run")
    assert result["unit"] == "file" and result["rows"] == len(keys) - 1
    assert "primary and secondary" in result["counted"][1]
    assert len(result["settings"][0]["per_fold"]) == 3


def test_verdicts_count_where_the_sample_is_fair(source, tiny_scores, home, capsys):
    arguments = ["tune", "compare", *source, "--labels", "verdicts"]
    assert main(arguments) == 7
    assert "no verdicts" in capsys.readouterr().err
    store = ScoresStore.open(tiny_scores)
    kept = Verdicts.open(home / "sessions" / "default")
    generator = np.random.default_rng(0)
    for key in store.rows.recordings:
        for index in range(4):
            kept.put(
                Verdict(
                    key,
                    index,
                    5.0 * index,
                    5.0 * index + 5,
                    store.meta.classes[0],
                    "yes" if generator.random() < 0.5 else "no",
                    "me",
                    "2026-01-31T12:00:00Z",
                    queue="stratified",
                    sampling_probability=0.5,
                )
            )
    kept.close()
    result = tune_json(capsys, "compare", *source, "--labels", "verdicts")
    assert result["source"] == "verdicts" and result["settings"][0]["scored_classes"] == 1
    assert any("as many windows as it stands for" in one for one in result["counted"])


@pytest.mark.parametrize(
    ("extra", "code", "why"),
    [
        (["--labels", "soundscape"], 2, "there are no labels"),
        (["--settings", "nothing"], 2, "no settings 'nothing'"),
        (["--baseline", "notebook"], 2, "no settings 'notebook'"),
    ],
)
def test_mistakes_say_what_to_do(source, extra, code, why, capsys):
    assert main(["tune", "compare", *source, "--quiet", *extra]) == code
    error = capsys.readouterr().err
    assert why in error and "→" in error


def test_labels_of_soundscapes_need_a_dataset(tiny_scores, capsys):
    assert main(["tune", "compare", "--scores", str(tiny_scores), "--quiet"]) == 2
    assert "needs --data" in capsys.readouterr().err


def test_an_interrupted_search_is_cancelled_and_goes_on(source, home, tmp_path):
    events = tmp_path / "events.jsonl"
    command = [sys.executable, "-m", "birdscope", "tune", "search", *source, "--quiet"]
    command += ["--trials", "40", "--events", str(events), "--json"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}

    def lines(kind):
        text = events.read_text() if events.exists() else ""
        found = [json.loads(line) for line in text.splitlines(keepends=True) if line[-1] == "\n"]
        return [one for one in found if one["kind"] == kind]

    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 90
    while not lines("progress") and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    done = lines("progress")[-1]["done"]
    assert lines("cancelled") and 1 <= done < 160
    rest = subprocess.run(command, env=environment, capture_output=True, timeout=200, check=True)
    assert json.loads(rest.stdout)["trials"] == 160
    after = lines("progress")[len(lines("progress")) - (160 - done) :]
    assert after[0]["done"] == done + 1 and lines("finished")
