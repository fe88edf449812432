"""Every recipe that comes with birdscope, trained end to end with small numbers."""

import pytest
import torch

from birdscope.core.config import parse
from birdscope.core.events import Event
from birdscope.dataset.catalog import Catalog
from birdscope.dataset.demo import DemoCounts, make_demo_dataset
from birdscope.inference.ensemble import load_ensemble
from birdscope.inference.predictor import Predictor
from birdscope.training.recipe import Recipe, built_in, load_recipe
from birdscope.training.run import RunOptions, train

SMALL = {
    "front_end": {"n_mels": 32, "n_fft": 1024, "hop_length": 1600},
    "model": {"backbone": "test_resnet", "in_channels": 1, "hidden": 16, "pretrained": False},
    "data": {"context_s": 5.0, "first_s": 6.0, "min_clips_per_class": 0, "min_snr_db": "none"},
    "augment": {"noises": 2},
    "optim": {"epochs": 1, "batch_size": 8, "workers": 0, "precision": "32-true"},
}
OF_STAGES = {key: SMALL[key] for key in ("model", "data", "augment", "optim")}


def shrunk(name: str) -> Recipe:
    """A recipe with one epoch a stage, a tiny net and short samples; all else as it is."""
    body = load_recipe(name).model_dump(mode="json", exclude_unset=True)
    body.pop("provenance", None)
    body["folds"], body["seeds"] = 1, 1
    _over(body, SMALL)
    body["model"].pop("n_mels", None)
    body.get("member", {}).pop("context_s", None)
    for stage in body.get("stages", []):
        stage.pop("front_end", None)
        for table, values in OF_STAGES.items():
            if table in stage:
                stage[table].update({key: values[key] for key in stage[table] if key in values})
        if "pseudo" in stage:
            stage["pseudo"].update(keep_above=0.0, zero_below=0.0)
    return parse(Recipe, body)


def _over(body: dict, changes: dict) -> None:
    for key, values in changes.items():
        body[key] = values if key == "front_end" else {**body.get(key, {}), **values}


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def pretraining(tmp_path_factory):
    """A dataset of two clips a class that are not the main one's classes."""
    root = tmp_path_factory.mktemp("pretraining") / "data"
    counts = DemoCounts(clips=20, labelled=1, unlabelled=1, test=1, soundscape_s=10.0)
    make_demo_dataset(root, seed=5, counts=counts)
    for name in ("train.csv", "taxonomy.csv", "sample_submission.csv"):
        path = root / name
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("99000", "88000").replace("zz", "yy"), encoding="utf-8")
    for folder in (root / "train_audio").iterdir():
        folder.rename(folder.with_name(folder.name.replace("99000", "88000").replace("zz", "yy")))
    return root


@pytest.mark.parametrize("name", built_in())
def test_recipe_trains_end_to_end(name, tiny_dataset, pretraining, tmp_path):
    recipe, catalog = shrunk(name), Catalog.open(tiny_dataset)
    heard: list[Event] = []
    options = RunOptions(device="cpu", pretraining=pretraining)
    train(recipe, catalog, tmp_path, options, emit=heard.append)
    ensemble = load_ensemble(tmp_path / "ensemble.toml")
    main = [stage for stage in recipe.resolved_stages if stage.dataset == "main"]
    assert len(ensemble.members) == (len(main) if recipe.ensemble == "all stages" else 1)
    assert Predictor.load(ensemble.path, catalog.taxonomy.labels, device="cpu").checkpoints
    losses = [event.data["loss"] for event in heard if event.kind == "metric"]
    assert len(losses) == len(recipe.resolved_stages)
    pseudo = [stage for stage in recipe.resolved_stages if stage.pseudo is not None]
    labels = [event for event in heard if "pseudo labels:" in event.message]
    assert len(labels) == len(pseudo)
