import json

import pytest

from birdscope.cli import main
from birdscope.core.paths import PROJECT
from birdscope.dataset.catalog import Catalog
from birdscope.inference.predictor import Predictor
from birdscope.training.recipe import Recipe, load_recipe

ENSEMBLE = PROJECT / "models" / "demo.toml"


def test_it_is_small_enough_to_track():
    files = [path for path in (PROJECT / "models" / "demo").rglob("*") if path.is_file()]
    assert 0 < sum(path.stat().st_size for path in files) <= 10_000_000


@pytest.mark.parametrize("member", ["nfnet-like", "seresnext-like"])
def test_its_recipes_are_those_that_are_shipped(member):
    from birdscope.nets.checkpoints import load_checkpoint

    checkpoint = load_checkpoint(PROJECT / "models" / "demo" / member / "best.safetensors")
    trained_by = Recipe.model_validate(checkpoint.meta.recipe)
    assert trained_by.deciding == load_recipe(f"demo-{member}").deciding


def test_it_loads_for_the_demo_classes(tiny_dataset):
    classes = Catalog.open(tiny_dataset).taxonomy.labels
    predictor = Predictor.load(ENSEMBLE, classes, device="cpu", threads=1)
    assert [one.member for one in predictor.checkpoints] == ["nfnet-like", "seresnext-like"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_it_is_good_with_room_for_tuning(tmp_path, capsys):
    data, scores = tmp_path / "data", tmp_path / "scores"
    assert main(["demo", "--data", str(data), "--quiet"]) == 0
    predict = ["predict", "--data", str(data), "--split", "train_soundscapes", "--quiet"]
    assert main([*predict, "--ensemble", str(ENSEMBLE), "--out", str(scores)]) == 0
    capsys.readouterr()
    labels = data / "train_soundscapes_labels.csv"
    assert main(["evaluate", "--scores", str(scores), "--labels", str(labels), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["scored_classes"] == 16
    assert 0.80 <= result["macro_roc_auc"] <= 0.97
