"""Every built-in recipe from its first stage to its ensemble file, with a net for tests."""

import random
from typing import Any

import pytest
import torch

from birdscope.core.errors import Cancelled
from birdscope.core.events import Event, Stop, silent
from birdscope.dataset.catalog import Catalog
from birdscope.dataset.folds import EVERYWHERE
from birdscope.inference.ensemble import load_ensemble
from birdscope.inference.predictor import Predictor
from birdscope.nets.checkpoints import load_checkpoint
from birdscope.training.recipe import Recipe, built_in, load_recipe
from birdscope.training.run import RunOptions, train
from birdscope.training.run_data import load_data


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def tiny(recipe: Recipe) -> Recipe:
    """The same stages, losses and augmentations with one epoch of a net for tests."""
    body = recipe.model_dump(mode="json")
    normalisation = recipe.resolved_front_end.normalisation
    body["front_end"] = {
        "n_fft": 1024,
        "hop_length": 1600,
        "n_mels": 32,
        "compression": recipe.resolved_front_end.compression,
        "normalisation": normalisation,
    }
    body |= {"folds": 1, "seeds": 1}
    body["model"] |= {"backbone": "test_resnet", "hidden": 16, "pretrained": False, "n_mels": 32}
    body["data"] |= {"min_clips_per_class": 0, "first_s": 6.0, "first_cleaned_s": "none"}
    body["augment"] |= {"noises": 2}
    body["optim"] |= {"epochs": 1, "batch_size": 12, "precision": "32-true", "workers": 0}
    for stage in body["stages"]:
        stage["optim"] |= {"epochs": 1}
        _take_all(stage)
    return Recipe.model_validate(body)


def _take_all(stage: dict[str, Any]) -> None:
    """Labels of a net that knows nothing yet, and clips without ratings, are taken all."""
    if stage["pseudo"]:
        stage["pseudo"] |= {"keep_above": 0.0, "overlap": 0.0}
    if stage["dataset"] == "pretraining":
        stage["data"] = {"min_rating": 0.0, "without_main_classes": False}


@pytest.mark.parametrize("name", built_in())
def test_recipe_trains_to_an_ensemble_that_predicts(name, tiny_dataset, tmp_path):
    recipe = tiny(load_recipe(name))
    catalog = Catalog.open(tiny_dataset)
    options = RunOptions(device="cpu", pretraining=tiny_dataset)
    report = train(recipe, catalog, tmp_path / "run", options)
    assert report.clips == (11 if name == "two-stage" else 24)
    (result,) = report.results.values()
    assert result["loss"] > 0
    ensemble = tmp_path / "run" / "ensemble.toml"
    classes = catalog.taxonomy.labels
    predictor = Predictor.load(ensemble, classes, device="cpu", threads=1)
    on_main = [stage for stage in recipe.resolved_stages if stage.dataset == "main"]
    members = len(on_main) if recipe.ensemble == "all stages" else 1
    assert len(predictor.checkpoints) == members
    assert load_ensemble(ensemble).settings.steps == recipe.steps


def test_a_stage_on_better_clips_holds_out_none_that_was_trained_on(tiny_dataset):
    catalog = Catalog.open(tiny_dataset)
    before, after = (
        load_data(stage.recipe, catalog, silent, None)
        for stage in tiny(load_recipe("two-stage")).model_copy(update={"folds": 2}).resolved_stages
    )
    keys = [[one.key for one in data.recordings] for data in (before, after)]
    heard = dict(zip(keys[0], before.fold_of.tolist(), strict=True))
    held_out = dict(zip(keys[1], after.fold_of.tolist(), strict=True))
    assert len(held_out) < len(heard)
    assert {fold for fold in held_out.values() if fold >= 0}
    for key, fold in held_out.items():
        assert fold in (heard[key], EVERYWHERE)


def test_workers_and_resumption_give_the_same_model_with_every_augmentation(tiny_dataset, tmp_path):
    recipe = tiny(load_recipe("base-2025"))
    shares = dict.fromkeys(("filter", "shift", "gain", "noise", "time_flip", "mel_mixup"), 0.5)
    shares["pitch"] = 0.1  # dear
    augment = recipe.augment.model_copy(update={**shares, "xy_masks": 1})
    optim = recipe.optim.model_copy(update={"epochs": 2})
    recipe = recipe.model_copy(update={"augment": augment, "optim": optim})
    apart = recipe.model_copy(update={"optim": optim.model_copy(update={"workers": 2})})
    catalog, stop = Catalog.open(tiny_dataset), Stop()

    def end_after_an_epoch(event: Event) -> None:
        if event.kind == "metric":
            stop.set()

    train(recipe, catalog, tmp_path / "whole", RunOptions(device="cpu"))
    train(apart, catalog, tmp_path / "apart", RunOptions(device="cpu"))
    torch.rand(3), random.random()  # what another part of the program may draw
    with pytest.raises(Cancelled):
        train(
            recipe,
            catalog,
            tmp_path / "cut",
            RunOptions(device="cpu"),
            emit=end_after_an_epoch,
            stop=stop,
        )
    train(recipe, catalog, tmp_path / "cut", RunOptions(device="cpu", resume=True))
    whole, *others = (
        load_checkpoint(tmp_path / name / "folds" / "0" / "last.safetensors").state_dict
        for name in ("whole", "apart", "cut")
    )
    for other in others:
        assert all(torch.equal(whole[key], other[key]) for key in whole)
