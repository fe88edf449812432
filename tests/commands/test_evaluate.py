"""`birdscope evaluate` from the outside."""

import json
import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from birdscope.cli import main
from birdscope.dataset.catalog import Catalog
from birdscope.dataset.labels import read_labels
from birdscope.inference.store import ScoresStore
from birdscope.postprocess.stack import apply_settings


def evaluate_json(capsys, *arguments):
    assert main(["evaluate", *map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_json_holds_the_figures_that_scikit_learn_gives(tiny_dataset, tiny_scores, capsys):
    labels_path = Catalog.open(tiny_dataset).labels_path
    result = evaluate_json(capsys, "--scores", tiny_scores, "--labels", labels_path)
    store = ScoresStore.open(tiny_scores)
    truth = read_labels(labels_path, store.meta.classes)
    rows = [store.rows.row_index[name] for name in truth.row_ids]
    final = apply_settings(store.scores(), store.settings)[rows]
    expected = {}
    for column, label in enumerate(truth.classes):
        y = truth.values[:, column]
        expected[label] = roc_auc_score(y, final[:, column]) if 0 < y.sum() < len(y) else None
    assert set(result["per_class"]) == set(truth.classes)
    for label, auc in expected.items():
        if auc is None:
            assert result["per_class"][label] is None
        else:
            assert result["per_class"][label] == pytest.approx(auc, abs=1e-12)
    scored = [auc for auc in expected.values() if auc is not None]
    assert result["scored_classes"] == len(scored) > 0
    assert result["macro_roc_auc"] == pytest.approx(np.mean(scored), abs=1e-12)
    assert 0 < result["macro_ap"] < 1
    assert result["interval"]["low"] <= result["macro_roc_auc"] <= result["interval"]["high"]
    assert result["rows"] == len(truth) and result["recordings"] == 3
    assert result["unlabelled_rows"] == len(store.rows) - len(truth)


def test_settings_change_the_figures_and_are_named(tiny_dataset, tiny_scores, tmp_path, capsys):
    labels = Catalog.open(tiny_dataset).labels_path
    settings = tmp_path / "mine.toml"
    settings.write_text('name = "mine"\nweights = { one = 1.0 }\n')
    arguments = ("--scores", tiny_scores, "--labels", labels, "--bootstrap", "0")
    mine = evaluate_json(capsys, *arguments, "--settings", settings)
    default = evaluate_json(capsys, *arguments)
    assert mine["settings"] == "mine" and mine["interval"] is None
    assert mine["macro_roc_auc"] != default["macro_roc_auc"]
    settings.write_text("weights = { on = 1.0 }\n")
    assert main(["evaluate", *map(str, arguments), "--settings", str(settings)]) == 5


def test_plain_words(tiny_dataset, tiny_scores, capsys):
    labels = Catalog.open(tiny_dataset).labels_path
    assert main(["evaluate", "--scores", str(tiny_scores), "--labels", str(labels)]) == 0
    text = capsys.readouterr().out
    assert "macro ROC-AUC  0." in text and "95% interval, 1000 resamples" in text
    assert "windows of the scores have no label: not scored" in text


def test_train_csv_is_scored_by_file(tiny_dataset, tiny_ensemble, tmp_path, capsys):
    out = tmp_path / "scores"
    arguments = ["predict", "--data", str(tiny_dataset), "--split", "train_audio", "--quiet"]
    assert main([*arguments, "--ensemble", str(tiny_ensemble), "--out", str(out)]) == 0
    capsys.readouterr()
    labels = tiny_dataset / "train.csv"
    result = evaluate_json(capsys, "--scores", out, "--labels", labels, "--bootstrap", "50")
    assert (result["unit"], result["rows"], result["recordings"]) == ("file", 24, 24)
    assert result["scored_classes"] > 5 and math.isfinite(result["macro_roc_auc"])


def test_what_is_not_there_has_its_exit_code(tiny_dataset, tiny_scores, tmp_path, capsys):
    labels = str(Catalog.open(tiny_dataset).labels_path)
    assert main(["evaluate", "--scores", str(tmp_path), "--labels", labels]) == 7
    assert "birdscope predict" in capsys.readouterr().err
    assert main(["evaluate", "--scores", str(tiny_scores), "--labels", str(tmp_path / "x")]) == 3
