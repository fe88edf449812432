import shutil

import pytest

from birdscope.dataset.catalog import Catalog
from birdscope.training.data_check import check_data
from birdscope.training.estimate import estimate, load_speed, save_speed
from birdscope.training.facts import Known, Speed
from birdscope.training.probe import probe
from tests.training.tiny import tiny_recipe


def texts(check):
    return "\n".join(f"{one.mark} {one.text}" for one in check.findings)


def test_folds_and_leaks_are_told(tiny_dataset):
    check = check_data(tiny_recipe(), Catalog.open(tiny_dataset))
    assert check.can_train and check.clips == 24 and check.pool == 2
    assert sum(check.fold_clips) + check.everywhere == 24
    assert "ok no author is in two folds" in texts(check)


def test_too_many_folds_and_identical_files_are_found(tiny_dataset, tmp_path):
    root = tmp_path / "copied"
    shutil.copytree(tiny_dataset, root)
    catalog = Catalog.open(root)
    assert not check_data(tiny_recipe(folds=9), catalog).can_train
    recipe = tiny_recipe(data={"group": "filename"})
    clips = catalog.recordings("train_audio")
    for one in clips[1:]:
        shutil.copyfile(clips[0].path, one.path)
    assert "1 × the same identical file in several folds" in texts(check_data(recipe, catalog))


def test_an_estimate_says_what_it_rests_on(tiny_dataset, tmp_path):
    recipe, catalog = tiny_recipe(), Catalog.open(tiny_dataset)
    check = check_data(recipe, catalog)
    assert estimate(recipe, check, [None]).seconds is None
    speed = Speed(2.0, 0.5, 0.25, 900.0, 100.0, "cpu")
    save_speed(tmp_path, recipe, speed)
    longer = tiny_recipe(optim={"epochs": 9})
    assert load_speed(tmp_path, longer) == speed, "epochs don't change a step"
    assert load_speed(tmp_path, tiny_recipe(model={"hidden": 32})) is None
    found = estimate(recipe, check, [speed])
    batches, held_out = check.epoch_samples // 8, sum(check.fold_clips) / 2
    wanted = 24 * 0.25 + (batches * 2.0 + held_out * 0.5) * 3 * 2
    assert found.seconds == pytest.approx(wanted) and "real steps" in found.rests_on
    known = Known("old", 10.0, check.epoch_samples)
    assert estimate(recipe, check, [None], known).seconds == pytest.approx(10.0 * 3 * 2)


def test_a_probe_times_real_steps(tiny_dataset):
    speed = probe(tiny_recipe(), Catalog.open(tiny_dataset), device="cpu", steps=1)
    assert speed.batch_s > 0 and speed.load_s > 0 and speed.memory_mb > 50
