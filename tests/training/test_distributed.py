"""Several processes that train one model. The net has no batch norm: a CPU can't share one."""

import pytest
import torch

from birdscope.core.errors import Cancelled, TrainingError
from birdscope.core.events import Event, Stop
from birdscope.dataset.catalog import Catalog
from birdscope.training.distributed import Machine, Ranks, run_on
from birdscope.training.run import RunOptions, train
from tests.training.tiny import metrics_of, tiny_recipe

# No masks and no dropout: those are drawn by each process for its own samples.
DETERMINATE = {
    "model": {"backbone": "test_nfnet", "dropout": 0.0, "in_channels": 1, "hidden": 16},
    "augment": {"noises": 3, "time_masks": 0, "mel_masks": 0},
}
TWO = RunOptions(fold=0, device="cpu", devices=2)


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def catalog(tiny_dataset) -> Catalog:
    return Catalog.open(tiny_dataset)


def test_two_processes_follow_the_losses_of_one(catalog, tmp_path):
    recipe = tiny_recipe(**DETERMINATE, optim={"accumulate": 2, "batch_size": 4})
    heard: list[Event] = []
    train(recipe, catalog, tmp_path / "one", RunOptions(fold=0, device="cpu"))
    report = train(recipe, catalog, tmp_path / "two", TWO, emit=heard.append)
    one, two = metrics_of(tmp_path / "one"), metrics_of(tmp_path / "two")
    assert [line["epoch"] for line in two] == [1, 2, 3]
    assert [line["loss"] for line in two] == pytest.approx([x["loss"] for x in one], rel=1e-4)
    assert [line["val_macro_roc_auc"] for line in two] == pytest.approx(
        [x["val_macro_roc_auc"] for x in one], abs=0.02
    )
    assert len([event for event in heard if event.kind == "metric"]) == 3
    assert report.results.keys() == {"0"}
    assert (tmp_path / "two" / "folds" / "0" / "best.safetensors").is_file()


def test_a_stop_ends_every_process(catalog, tmp_path):
    recipe, stop = tiny_recipe(**DETERMINATE), Stop()

    def after_the_first_epoch(event: Event) -> None:
        if event.kind == "metric":
            stop.set()

    with pytest.raises(Cancelled):
        train(recipe, catalog, tmp_path, TWO, emit=after_the_first_epoch, stop=stop)
    assert 1 <= len(metrics_of(tmp_path)) < 3
    assert (tmp_path / "folds" / "0" / "state.pt").is_file()


def _fail_in_the_second(fabric, *, emit, stop):
    if Ranks(fabric).rank == 1:
        raise TrainingError("no room", path="here", remedy="make some")
    fabric.barrier()


def test_an_error_of_one_process_ends_all_and_is_told():
    with pytest.raises(TrainingError, match="no room") as caught:
        run_on(Machine("cpu", 2), _fail_in_the_second)
    assert (str(caught.value.path), caught.value.remedy) == ("here", "make some")


def test_a_batch_must_divide_among_the_processes(catalog, tmp_path):
    recipe = tiny_recipe(optim={"batch_size": 5})
    with pytest.raises(TrainingError, match="5 can't be divided among 2") as caught:
        train(recipe, catalog, tmp_path, TWO)
    assert "multiple of 2" in caught.value.remedy


@pytest.mark.skipif(torch.cuda.device_count() > 7, reason="there are many GPUs")
def test_more_gpus_than_there_are_is_told():
    with pytest.raises(TrainingError, match=r"GPU|CUDA|devices"):
        Machine("cuda", 8).fabric()
