"""`birdscope quantize`, and what comes of it in `predict` and `parity`."""

import json
from pathlib import Path

import numpy as np
import pytest

from birdscope.cli import main
from birdscope.core.errors import ConfigError, ScoresError
from birdscope.core.int8 import kept_calibrated
from birdscope.engine.fingerprint import ensemble_fingerprint
from birdscope.inference.store import ScoresStore
from birdscope.submission.parity import kept_parity
from tests.commands.conftest import make_ensemble

pytest.importorskip("openvino", reason="the optional backend is not installed")
pytest.importorskip("nncf", reason="what makes 8-bit nets is not installed")


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("BIRDSCOPE_CACHE", str(tmp_path_factory.getbasetemp() / "quantize-cache"))


def run(command, data, ensemble, *more):
    return main([command, "--data", str(data), "--ensemble", str(ensemble), *map(str, more)])


def int8_scores(data, ensemble, out, *more):
    return run(
        "predict", data, ensemble, "--split", "train_soundscapes", "--backend", "openvino",
        "--precision", "int8", "--out", out, "--quiet", *more,
    )  # fmt: skip


def values(folder):
    with ScoresStore.open(folder) as store:
        return np.array(store.scores().values), store.meta.fingerprints


def test_calibrate_predict_compare(tiny_dataset, tiny_ensemble, tiny_scores, tmp_path, capsys):
    refused = int8_scores(tiny_dataset, tiny_ensemble, tmp_path / "none")
    assert refused == ConfigError.exit_code
    assert "birdscope quantize" in capsys.readouterr().err

    code = run("quantize", tiny_dataset, tiny_ensemble, "--windows", 12, "--json", "--quiet")
    assert code == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["calibration"]["windows"], len(said["nets"])) == (12, 3)
    assert said["calibration"]["recordings"] == 5

    assert int8_scores(tiny_dataset, tiny_ensemble, tmp_path / "int8") == 0
    found, fingerprints = values(tmp_path / "int8")
    exact, _ = values(tiny_scores)
    assert 0 < np.abs(found - exact).mean() < 0.02
    assert fingerprints["precision"] == "int8"
    assert fingerprints["calibration"] == said["fingerprint"]
    kept = kept_calibrated(ensemble_fingerprint(Path(tiny_ensemble)))
    assert kept is not None and kept.fingerprint == said["fingerprint"]

    capsys.readouterr()
    code = run(
        "parity", tiny_dataset, tiny_ensemble, "--limit", 3, "--precision", "int8", "--json",
        "--keep", tmp_path, "--bootstrap", 50, "--quiet",
    )  # fmt: skip
    assert code == 0
    (one,) = json.loads(capsys.readouterr().out)["ways"]
    assert (one["precision"], one["calibration"]) == ("int8", said["fingerprint"])
    fingerprint = ensemble_fingerprint(Path(tiny_ensemble))
    assert kept_parity(tmp_path, fingerprint, "int8", said["fingerprint"]) is not None
    assert kept_parity(tmp_path, fingerprint, "int8", "other nets") is None


def test_scores_of_another_calibration_do_not_go_on(tiny_dataset, tiny_ensemble, tmp_path, capsys):
    for seed in (1, 2):
        code = run("quantize", tiny_dataset, tiny_ensemble, "--windows", 4, "--seed", seed)
        assert code == 0
        code = int8_scores(tiny_dataset, tiny_ensemble, tmp_path / "scores")
        assert code == (0 if seed == 1 else ScoresError.exit_code)
    assert "another calibration" in capsys.readouterr().err


def test_parity_leaves_out_what_is_not_calibrated(tiny_dataset, tmp_path, capsys):
    from birdscope.dataset.catalog import Catalog

    ensemble = make_ensemble(tmp_path, Catalog.open(tiny_dataset).taxonomy.labels)
    text = ensemble.read_text().replace('name = "one"', 'name = "one"\ncontext_s = 6')
    ensemble.write_text(text)
    code = run("parity", tiny_dataset, ensemble, "--limit", 1, "--json", "--quiet")
    assert code == 0
    found = [one["precision"] for one in json.loads(capsys.readouterr().out)["ways"]]
    assert "exact" in found and "int8" not in found
