"""Runs in stages: files, lineage, resume, pseudo labels that a person edits."""

import numpy as np
import pytest
import torch

from birdscope.core.errors import Cancelled, TrainingError
from birdscope.core.events import Event, Stop
from birdscope.dataset.catalog import Catalog
from birdscope.inference.ensemble import load_ensemble
from birdscope.nets.checkpoints import load_checkpoint
from birdscope.training.config_stages import PseudoConfig
from birdscope.training.out_of_fold import OUT_OF_FOLD, read_folds
from birdscope.training.pseudo_labels import make_pseudo_labels
from birdscope.training.pseudo_pool import load_windows
from birdscope.training.pseudo_store import PseudoLabels, write_dropped
from birdscope.training.run import RunOptions, train
from birdscope.training.soundscapes import labelled_soundscapes
from tests.training.tiny import same_weights, tiny_recipe

CPU = RunOptions(device="cpu")
PSEUDO = {"keep_above": 0.0, "zero_below": 0.0, "overlap": 0.5}
STAGES = [
    {"name": "round 0"},
    {
        "name": "round 1",
        "init": "previous",
        "teacher": "previous",
        "pseudo": {**PSEUDO, "sampler": "sum of maxima", "power": 1.5},
    },
    {
        "name": "distilled",
        "init": "best of previous",
        "teacher": "all previous",
        "pseudo": {**PSEUDO, "use": "apart"},
        "distill": {"alpha": 0.5},
    },
]


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def catalog(tiny_dataset) -> Catalog:
    return Catalog.open(tiny_dataset)


def staged(**changes):
    return tiny_recipe(
        optim={"epochs": 2, "accumulate": 2, "batch_size": 4},
        ensemble="all stages",
        stages=STAGES,
        **changes,
    )


@pytest.fixture(scope="module")
def heard():
    """What the finished run said."""
    return []


@pytest.fixture(scope="module")
def finished(catalog, tmp_path_factory, heard):
    folder = tmp_path_factory.mktemp("staged") / "whole"
    train(staged(), catalog, folder, CPU, emit=heard.append)
    return folder


def test_progress_counts_the_epochs_of_all_stages_and_folds(finished, heard):
    epochs = [one for one in heard if one.kind == "progress" and one.unit == "epoch"]
    assert {one.total for one in epochs} == {3 * 2 * 2}
    assert [one.done for one in epochs] == sorted(one.done for one in epochs)
    assert 11 < epochs[-1].done <= 12


def test_each_stage_is_a_run_and_the_ensemble_holds_all(finished):
    names = sorted(path.name for path in (finished / "stages").iterdir())
    assert names == ["1-round-0", "2-round-1", "3-distilled"]
    members = load_ensemble(finished / "ensemble.toml").members
    assert [one.name for one in members] == ["tiny round 0", "tiny round 1", "tiny distilled"]
    assert all((finished / name).is_file() for one in members for name in one.checkpoints)


def test_checkpoints_name_their_parents(finished):
    path = finished / "stages/3-distilled/folds/1/best.safetensors"
    parents = " ".join(load_checkpoint(path).meta.parents)
    assert "weights stages/2-round-1/folds/1/best.safetensors" in parents
    assert "teacher stages/1-round-0/folds/1/best.safetensors" in parents
    assert "pseudo labels stages/3-distilled/pseudo" in parents
    # no model follows or begins from one that has heard its held-out clips
    assert path.is_file()


def test_pseudo_labels_have_lineage_and_are_never_of_scored_recordings(finished, catalog):
    labels = PseudoLabels.open(finished / "stages/2-round-1/pseudo")
    assert len(labels.meta.checkpoints) == 2
    assert all(len(one.fingerprint) == 16 for one in labels.meta.checkpoints)
    assert labels.meta.config.power == 1.5
    scored = labelled_soundscapes(catalog)
    assert not {key.rpartition("/")[2] for key, _ in labels.keys} & scored
    starts = [start for name, start in labels.keys if name == labels.keys[0][0]]
    assert sorted(starts) == [0, 2.5, 5, 7.5, 10, 12.5, 15]


def test_stopped_anywhere_and_resumed_equals_a_whole_run(finished, catalog, tmp_path):
    """Stopped in the epochs of each stage, and while it labels soundscapes."""
    out, stops = tmp_path / "run", 0
    wanted = iter([("metric", "round 0"), ("progress", "REC"), ("metric", "distilled")])
    first = next(wanted)
    while True:
        stop = Stop()

        def at_the_next(event: Event, stop: Stop = stop) -> None:
            nonlocal first
            kind, text = first or ("", "")
            of_pool = text == "REC" and "round 1" in event.message and event.unit == "recording"
            if event.kind == kind and (text in event.message or of_pool):
                first = next(wanted, None)
                stop.set()

        options = RunOptions(device="cpu", resume=stops > 0)
        try:
            train(staged(), catalog, out, options, emit=at_the_next, stop=stop)
            break
        except Cancelled:
            stops += 1
    assert stops == 3
    for stage in ("1-round-0", "2-round-1", "3-distilled"):
        for fold in "01":
            name = f"stages/{stage}/folds/{fold}/last.safetensors"
            assert same_weights(out / name, finished / name), name


def test_a_stage_can_be_the_last(catalog, tmp_path):
    train(staged(folds=1), catalog, tmp_path, RunOptions(device="cpu", stage="round 0"))
    assert [path.name for path in (tmp_path / "stages").iterdir()] == ["1-round-0"]
    with pytest.raises(TrainingError, match="no stage 'round 9'; did you mean"):
        train(staged(folds=1), catalog, tmp_path, RunOptions(stage="round 9", resume=True))


def test_pretraining_on_another_dataset_remakes_the_head(catalog, tmp_path):
    from birdscope.dataset.demo import DemoCounts, make_demo_dataset

    other = tmp_path / "other"
    counts = DemoCounts(clips=20, labelled=1, unlabelled=1, test=1, soundscape_s=10.0)
    make_demo_dataset(other, seed=5, counts=counts)
    lines = (other / "sample_submission.csv").read_text().splitlines()
    (other / "sample_submission.csv").write_text(
        "\n".join(line.rpartition(",")[0] for line in lines) + "\n"
    )
    recipe = tiny_recipe(
        folds=1,
        optim={"epochs": 1},
        stages=[
            {"name": "pretraining", "dataset": "pretraining"},
            {"name": "tuning", "init": "previous", "optim": {"learning_rate": 1e-4}},
        ],
    )
    with pytest.raises(TrainingError, match="--pretraining-data"):
        train(recipe, catalog, tmp_path / "run", CPU)
    heard: list[Event] = []
    options = RunOptions(device="cpu", pretraining=other)
    train(recipe, catalog, tmp_path / "run", options, emit=heard.append)
    text = next(event.message for event in heard if "begins from" in event.message)
    assert "new: att_block" in text
    tuned = load_checkpoint(tmp_path / "run/stages/2-tuning/folds/0/last.safetensors")
    assert tuned.meta.classes == catalog.taxonomy.labels


def test_held_out_clips_are_predicted_by_models_that_never_saw_them(finished, catalog):
    from birdscope.inference.predictor import Predictor
    from birdscope.inference.store import ScoresStore

    folder = finished / "stages/1-round-0"
    store = ScoresStore.open(folder / OUT_OF_FOLD)
    fold_of = read_folds(folder / OUT_OF_FOLD)
    assert store.complete
    assert set(store.rows.recordings) == {key for key, fold in fold_of.items() if fold >= 0}
    assert store.meta.split == "train_audio"
    key = store.rows.recordings[0]
    span = store.rows.span(key)
    predictor = Predictor.load(folder / "ensemble.toml", store.meta.classes, device="cpu")
    from birdscope.audio.decode import read

    wave = read(catalog.find(key).path)
    each = predictor.predict(wave, span.stop - span.start)
    np.testing.assert_allclose(store.scores().values[0, span], each[fold_of[key]], atol=1e-6)


def test_dropped_windows_are_not_learnt_and_labels_can_be_excluded(finished, catalog, tmp_path):
    ensemble = finished / "ensemble.toml"
    config = PseudoConfig(**PSEUDO, pooling="clip")
    name = catalog.soundscapes("train_soundscapes")[-1].name
    labels = make_pseudo_labels(tmp_path, catalog, ensemble, config, exclude=[name], device="cpu")
    assert not any(key.endswith(name) for key, _ in labels.keys)
    before, mark = load_windows(tmp_path, catalog, config), labels.fingerprint
    write_dropped(tmp_path, labels.keys[:3])
    assert len(load_windows(tmp_path, catalog, config)) == len(before) - 3
    assert PseudoLabels.open(tmp_path).fingerprint != mark
    nothing = load_windows(tmp_path, catalog, PseudoConfig(keep_above=1.0))
    assert len(nothing) == 0
