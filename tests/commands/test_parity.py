"""`birdscope parity` from the outside."""

import json
from pathlib import Path

import pytest

from birdscope.cli import main
from birdscope.engine.fingerprint import ensemble_fingerprint
from birdscope.submission.parity import kept_parity

pytest.importorskip("openvino", reason="the optional backend is not installed")


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("BIRDSCOPE_CACHE", str(tmp_path_factory.getbasetemp() / "parity-cache"))


def parity(data, ensemble, *more):
    return main(["parity", "--data", str(data), "--ensemble", str(ensemble), *map(str, more)])


def test_exact_is_near_torch_and_kept(tiny_dataset, tiny_ensemble, tmp_path, capsys):
    code = parity(
        tiny_dataset, tiny_ensemble, "--limit", 3, "--precision", "exact", "--json",
        "--keep", tmp_path, "--bootstrap", 50, "--quiet",
    )  # fmt: skip
    assert code == 0
    (one,) = json.loads(capsys.readouterr().out)["ways"]
    assert (one["backend"], one["precision"], one["recordings"]) == ("openvino", "exact", 3)
    assert 0 <= one["max_difference"] < 1e-5 and one["rank_correlation"] > 0.999
    assert one["seconds"] > 0 and one["reference_s"] > 0 and one["objection"] == ""
    assert one["auc_low"] <= one["auc_difference"] <= one["auc_high"]
    kept = kept_parity(tmp_path, ensemble_fingerprint(Path(tiny_ensemble)), "exact")
    assert kept is not None and kept.max_difference == one["max_difference"]


def test_without_labels_it_says_so(tiny_dataset, tiny_ensemble, capsys):
    code = parity(
        tiny_dataset, tiny_ensemble, "--split", "test_soundscapes", "--limit", 1, "--quiet"
    )
    assert code == 0
    text = capsys.readouterr().out
    assert "no labels of these recordings" in text and "openvino exact" in text


def test_nothing_is_kept_in_the_dataset(tiny_dataset, tiny_ensemble, capsys):
    assert parity(tiny_dataset, tiny_ensemble, "--keep", tiny_dataset / "kept") == 2
    assert "dataset folder" in capsys.readouterr().err
