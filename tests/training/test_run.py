import json
import math
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from birdscope.core.errors import Cancelled, TrainingError
from birdscope.core.events import Event, Stop
from birdscope.dataset.catalog import Catalog
from birdscope.nets.checkpoints import load_checkpoint
from birdscope.nets.loading import load_network
from birdscope.training.fold import FoldTrainer
from birdscope.training.run import RunOptions, train
from birdscope.training.run_data import load_data, split_folds
from birdscope.training.run_folder import Unit
from tests.training.tiny import same_weights, tiny_recipe

CPU = RunOptions(device="cpu")


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # nets this small only wait for each other with more
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def catalog(tiny_dataset) -> Catalog:
    return Catalog.open(tiny_dataset)


@pytest.fixture(scope="module")
def finished(catalog, tmp_path_factory):
    """A run of one fold to its end: folder, report, events."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    heard: list[Event] = []
    report = train(
        tiny_recipe(), catalog, folder, RunOptions(fold=0, device="cpu"), emit=heard.append
    )
    return folder, report, heard


def test_run_leaves_all_its_files(finished):
    folder, report, _ = finished
    fold = folder / "folds" / "0"
    names = {path.name for path in fold.iterdir()}
    assert {"best.safetensors", "best.toml", "last.safetensors", "result.json"} <= names
    assert "state.pt" not in names
    assert {"recipe.toml", "metrics.jsonl", "report.toml", "ensemble.toml"} <= {
        path.name for path in folder.iterdir()
    }
    assert list(report.results) == ["0"]


def test_metrics_have_a_line_for_each_epoch(finished):
    folder, report, heard = finished
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert all(math.isfinite(line["loss"]) for line in lines)
    best = max(line["val_macro_roc_auc"] for line in lines)
    assert report.results["0"]["val_macro_roc_auc"] == best
    assert [event.data["epoch"] for event in heard if event.kind == "metric"] == [1, 2, 3]


def test_loss_falls(finished):
    folder, _, _ = finished
    losses = [
        json.loads(one)["loss"] for one in (folder / "metrics.jsonl").read_text().splitlines()
    ]
    assert losses[-1] < 0.9 * losses[0]


def test_checkpoint_carries_all_that_made_it(finished, catalog):
    folder, report, _ = finished
    checkpoint = load_checkpoint(folder / "folds" / "0" / "best.safetensors")
    meta = checkpoint.meta
    assert meta.classes == catalog.taxonomy.labels
    assert meta.front_end.n_mels == meta.model.n_mels == 32
    assert meta.recipe["optim"]["epochs"] == 3
    assert meta.metrics["val_macro_roc_auc"] == report.results["0"]["val_macro_roc_auc"]
    assert meta.parents == (f"dataset {catalog.fingerprint()}",)
    network = load_network(checkpoint, meta.model)
    assert network.n_classes == len(catalog.taxonomy)


def test_ensemble_file_loads_and_predicts(finished, catalog):
    from birdscope.inference.predictor import Predictor

    folder, _, _ = finished
    predictor = Predictor.load(folder / "ensemble.toml", catalog.taxonomy.labels, device="cpu")
    assert len(predictor.checkpoints) == 1


def test_a_run_stopped_after_an_epoch_and_resumed_equals_a_whole_one(finished, catalog, tmp_path):
    folder, _, _ = finished
    stop, out = Stop(), tmp_path / "stopped"

    def after_the_first_epoch(event: Event) -> None:
        if event.kind == "metric":
            stop.set()

    options = RunOptions(fold=0, device="cpu")
    with pytest.raises(Cancelled):
        train(tiny_recipe(), catalog, out, options, emit=after_the_first_epoch, stop=stop)
    assert (out / "folds" / "0" / "state.pt").is_file()
    assert (out / "ensemble.toml").is_file()
    train(tiny_recipe(), catalog, out, RunOptions(fold=0, resume=True, device="cpu"))
    for name in ("best.safetensors", "last.safetensors"):
        assert same_weights(out / "folds/0" / name, folder / "folds/0" / name)


def test_a_finished_run_is_not_trained_again(finished, catalog):
    folder, _, _ = finished
    before = (folder / "folds/0/last.safetensors").stat().st_mtime_ns
    train(tiny_recipe(), catalog, folder, RunOptions(fold=0, resume=True, device="cpu"))
    assert (folder / "folds/0/last.safetensors").stat().st_mtime_ns == before


def test_an_existing_run_is_not_overwritten(finished, catalog):
    folder, _, _ = finished
    with pytest.raises(TrainingError, match="--resume"):
        train(tiny_recipe(), catalog, folder, CPU)


def test_resuming_with_another_recipe_says_what_differs(finished, catalog):
    folder, _, _ = finished
    other = tiny_recipe(optim={"learning_rate": 0.5}, seed=4)
    with pytest.raises(TrainingError, match="optim and another seed"):
        train(other, catalog, folder, RunOptions(resume=True, device="cpu"))


def test_a_loss_that_is_not_a_number_stops_the_run(catalog, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "birdscope.training.learner.sed_loss",
        lambda output, *rest, **more: output.clip_logits.sum() * float("nan"),
    )
    with pytest.raises(TrainingError, match="nan in epoch 1") as caught:
        train(tiny_recipe(), catalog, tmp_path / "run", CPU)
    assert "learning_rate" in caught.value.remedy
    assert caught.value.path == tmp_path / "run/folds/0/bad-batch.safetensors"
    assert "bad-batch.safetensors" in caught.value.what
    with safe_open(caught.value.path, framework="pt") as file:
        assert file.get_tensor("waveforms").shape == (8, 160_000)
        assert file.get_tensor("mels").shape[0] == file.get_tensor("targets").shape[0] == 8
        assert file.metadata()["epoch"] == "1"


def test_unknown_fold_is_refused(catalog, tmp_path):
    with pytest.raises(TrainingError, match="no fold 7"):
        train(tiny_recipe(), catalog, tmp_path / "run", RunOptions(fold=7, device="cpu"))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_asking_for_a_missing_gpu_says_so(catalog, tmp_path):
    with pytest.raises(TrainingError, match="no CUDA device"):
        train(tiny_recipe(), catalog, tmp_path / "run", RunOptions(device="cuda"))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_trains_on_a_gpu(precision, catalog, tmp_path):
    recipe = tiny_recipe(optim={"precision": precision})
    report = train(recipe, catalog, tmp_path / "run", RunOptions(fold=0, device="cuda"))
    assert math.isfinite(report.results["0"]["loss"])


@pytest.mark.parametrize(
    ("architecture", "context_s", "pooling"),
    [("timm_sed", 5.0, "attention"), ("birdclef_model", 10.0, "max")],
)
def test_public_architectures_train_on_all_clips(
    architecture, context_s, pooling, catalog, tmp_path
):
    from birdscope.inference.ensemble import load_ensemble

    recipe = tiny_recipe(
        folds=1,
        seeds=2,
        model={"architecture": architecture},
        data={"context_s": context_s},
        member={"pooling": pooling},
        optim={"epochs": 1},
    )
    out = tmp_path / "run"
    report = train(recipe, catalog, out, CPU)
    assert report.mean_macro_roc_auc is None
    member = load_ensemble(out / "ensemble.toml").members[0]
    assert (member.architecture, member.context_s, member.pooling) == (
        architecture,
        context_s,
        pooling,
    )
    assert member.checkpoints == ("folds/0/best.safetensors", "folds/0-1/best.safetensors")
    assert not same_weights(*(out / name for name in member.checkpoints))


def test_workers_make_the_same_model(finished, catalog, tmp_path):
    folder, _, _ = finished
    recipe = tiny_recipe(optim={"workers": 2})
    train(recipe, catalog, tmp_path / "run", RunOptions(fold=0, device="cpu"))
    assert same_weights(
        tmp_path / "run/folds/0/last.safetensors", folder / "folds/0/last.safetensors"
    )


def test_no_group_is_on_both_sides_and_lonely_classes_are_never_held_out(catalog):
    recipe = tiny_recipe(folds=2)
    data = load_data(recipe, catalog, lambda event: None, None)
    held_out_classes = set()
    for fold in range(2):
        plan = data.plan(Unit(fold, 0), recipe, Path("unused"))
        held_out = plan.validation.members
        authors = [
            {data.recordings[number].author for number in numbers.tolist()}
            for numbers in (held_out, plan.partners[data.fold_of[plan.partners] >= 0])
        ]
        assert not authors[0] & authors[1]
        assert set(data.labels.primary[held_out]) <= set(data.labels.primary[plan.partners])
        held_out_classes |= set(data.labels.primary[held_out].tolist())
    assert not held_out_classes & data.everywhere
    assert len(data.everywhere) + len(held_out_classes) == len(data.present)


def test_one_fold_holds_nothing_out(catalog):
    recipe = tiny_recipe(folds=1)
    data = load_data(recipe, catalog, lambda event: None, None)
    assert (split_folds(data.recordings, data.labels.primary, recipe) == -1).all()
    plan = data.plan(Unit(0, 0), recipe, Path("unused"))
    assert plan.validation is None
    assert len(plan.partners) == len(data.recordings)


def test_mixture_validation_is_the_same_each_time(catalog, tmp_path):
    from lightning_fabric import Fabric

    recipe = tiny_recipe(validation={"kind": "mixtures", "repeats": 2})
    data = load_data(recipe, catalog, lambda event: None, None)
    plan = data.plan(Unit(1, 0), recipe, tmp_path)
    fabric = Fabric(accelerator="cpu", devices=1)
    trainer = FoldTrainer(plan, recipe, fabric, lambda event: None, None)
    first = trainer._validate()
    assert first == trainer._validate()
    assert 0 <= first["val_macro_roc_auc"] <= 1
    assert first["val_classes"] > 0
