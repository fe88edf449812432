import json

import pytest

from birdscope.cli import main
from birdscope.training.recipe import built_in, load_recipe


def test_list_names_every_built_in_recipe(capsys):
    assert main(["recipes", "list"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in built_in())
    assert "round 4" in out


def test_list_as_json(capsys):
    assert main(["recipes", "list", "--json"]) == 0
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert set(found) == set(built_in())
    assert found["fifth-2025"]["epochs"] == 70
    assert found["two-stage"]["bases"] == ["nfnet-sed", "base-2025"]
    assert found["seresnext-final"]["models"] == 10


def _shown(capsys, *arguments) -> dict[str, dict]:
    assert main(["recipes", "show", *arguments, "--json"]) == 0
    return {row["key"]: row for row in json.loads(capsys.readouterr().out)}


def test_show_tells_value_provenance_and_who_set_it(capsys):
    rows = _shown(capsys, "first-2025")
    assert rows["stages.round 2.pseudo.power"] == {
        "key": "stages.round 2.pseudo.power",
        "value": pytest.approx(1 / 0.65),
        "set_by": "first-2025",
        "source": "write-up: 1st place, 1/0.65",
    }
    assert rows["augment.background_snr_db"]["set_by"] == "base-2025"
    assert rows["augment.background_snr_db"]["source"] == "mission text"
    assert rows["optim.ema"]["set_by"] == "default"
    assert rows["front_end.n_fft"]["set_by"] == "preset mel128-2048-512"
    assert rows["front_end.n_fft"]["source"].startswith("mission text")
    assert rows["model.n_mels"]["value"] == 128


def test_show_without_defaults(capsys):
    rows = _shown(capsys, "first-2025", "--set")
    assert "optim.ema" not in rows
    assert "optim.epochs" in rows


def test_show_as_a_table_is_whole_in_a_pipe(capsys):
    assert main(["recipes", "show", "nfnet-sed"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (line,) = [one for one in lines if one.startswith("augment.background_snr_db")]
    assert line.split()[1:] == ["[3,", "30]", "base-2025", "mission", "text"]


@pytest.mark.parametrize("name", built_in())
def test_shown_toml_is_the_same_recipe(capsys, tmp_path, name):
    assert main(["recipes", "show", name, "--toml"]) == 0
    path = tmp_path / "copy.toml"
    path.write_text(capsys.readouterr().out)
    copy, recipe = load_recipe(path), load_recipe(name)
    assert copy.deciding == recipe.deciding
    assert copy.provenance == recipe.provenance


def test_diff_names_what_differs_and_nothing_else(capsys):
    assert main(["recipes", "diff", "demo", "demo-nfnet-like", "--json"]) == 0
    found = {one["key"]: one for one in json.loads(capsys.readouterr().out)}
    assert set(found) == {"folds", "optim.epochs"}
    assert (found["folds"]["one"]["value"], found["folds"]["other"]["value"]) == (3, 1)


def test_diff_of_recipes_with_and_without_a_stage(capsys):
    assert main(["recipes", "diff", "base-2025", "second-2025"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (line,) = [one for one in lines if one.startswith("stages.pretraining.optim.epochs")]
    assert line.split()[1:] == ["—", "50"]


def test_diff_of_a_recipe_with_itself(capsys):
    assert main(["recipes", "diff", "demo", "demo"]) == 0
    assert capsys.readouterr().out == "no differences\n"


def test_unknown_recipe_is_an_error_with_the_nearest_name(capsys):
    assert main(["recipes", "show", "first-2024"]) == 5
    assert "did you mean 'first-2025'" in capsys.readouterr().err


def test_a_recipe_file_of_ones_own(capsys, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\nbase = "demo"\n[optim]\nepochs = 2\n')
    rows = _shown(capsys, str(path))
    assert (rows["optim.epochs"]["value"], rows["optim.epochs"]["set_by"]) == (2, "mine")
    assert rows["optim.epochs"]["source"] == ""
    assert rows["folds"]["set_by"] == "demo"
