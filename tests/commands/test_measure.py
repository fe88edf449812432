"""`birdscope measure` from the outside."""

import json
import shutil

import pytest

from birdscope.cli import main


def measure(data, ensemble, *more):
    return main(["measure", "--data", str(data), "--ensemble", str(ensemble), *map(str, more)])


def test_it_projects_to_the_hidden_soundscapes(tiny_dataset, tiny_ensemble, tmp_path, capsys):
    assert measure(tiny_dataset, tiny_ensemble, "--json", "--speed", tmp_path / "kept") == 0
    result = json.loads(capsys.readouterr().out)
    assert result["members"] == {"one/a": "one", "one/b": "one", "two/a": "two"}
    assert all(seconds > 0 for seconds in result["seconds"].values())
    budget = result["budget"]
    parts = sum(one["seconds"] for one in budget["members"]) + budget["other_s"]
    assert budget["total_s"] == pytest.approx(parts)
    assert budget["total_s"] > 700 * sum(result["seconds"].values())
    assert budget["fits"] is (budget["total_s"] <= 5400)
    assert len(list((tmp_path / "kept").glob("*-torch-cpu.json"))) == 1


def test_in_words_it_names_each_member(tiny_dataset, tiny_ensemble, capsys):
    assert measure(tiny_dataset, tiny_ensemble, "--limit", 2, "--quiet") == 0
    text = capsys.readouterr().out
    assert "s per soundscape of 60 s (torch, cpu" in text and "of 1 h 30 min" in text
    assert "one: " in text and "two: " in text


def test_unreadable_soundscapes_measure_nothing(tiny_dataset, tiny_ensemble, tmp_path, capsys):
    data = tmp_path / "data"
    shutil.copytree(tiny_dataset, data)
    for path in (data / "test_soundscapes").iterdir():
        path.write_bytes(b"")
    assert measure(data, tiny_ensemble, "--quiet") == 4
    assert "nothing was measured" in capsys.readouterr().err
