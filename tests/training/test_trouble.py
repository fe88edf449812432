"""Memory that runs out is told plainly, and memory does not grow from epoch to epoch."""

import resource
from pathlib import Path

import pytest
import torch

from birdscope.core.errors import TrainingError
from birdscope.core.events import Event
from birdscope.dataset.catalog import Catalog
from birdscope.training.run import RunOptions, train
from birdscope.training.trouble import memory_told
from tests.training.tiny import tiny_recipe

GROWTH_MB = 40
"""More than the allocator's noise (measured: under 10), far less than a leak of a batch a step."""


@pytest.mark.parametrize(
    ("error", "whose", "remedy"),
    [
        (MemoryError(), "out of memory", "data.cache_mb (now 2000)"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "memory", "batch_size"),
        (torch.OutOfMemoryError("CUDA out of memory"), "GPU memory", "bf16-mixed"),
        (
            RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed."),
            "memory in a loader",
            "optim.workers (now 0)",
        ),
    ],
)
def test_out_of_memory_says_what_to_lower(error, whose, remedy):
    recipe = tiny_recipe()
    with (
        pytest.raises(TrainingError, match=whose) as caught,
        memory_told(recipe, "fold 1 of 2", Path("run")),
    ):
        raise error
    assert remedy in caught.value.remedy
    if "batch_size" in caught.value.remedy:
        assert "4 with optim.accumulate = 2" in caught.value.remedy


def test_other_errors_stay_as_they_are():
    with pytest.raises(RuntimeError, match="shapes"), memory_told(tiny_recipe(), "x", Path()):
        raise RuntimeError("shapes differ")


def test_a_run_out_of_memory_ends_with_the_remedy(tiny_dataset, tmp_path, monkeypatch):
    def full(*parts, **more):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")

    monkeypatch.setattr("birdscope.training.learner.sed_loss", full)
    with pytest.raises(TrainingError, match="GPU memory in fold 1 of 2"):
        train(tiny_recipe(), Catalog.open(tiny_dataset), tmp_path, RunOptions(device="cpu"))


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


@pytest.mark.timeout(900)  # twenty times the start of a loader process
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc")
def test_memory_does_not_grow_over_twenty_epochs(tiny_dataset, tmp_path):
    recipe = tiny_recipe(optim={"epochs": 20, "workers": 1, "ema": "none"}, model={"hidden": 8})
    resident: list[float] = []

    def listen(event: Event) -> None:
        if event.kind == "metric":
            resident.append(_resident_mb())

    options = RunOptions(fold=0, device="cpu")
    train(recipe, Catalog.open(tiny_dataset), tmp_path, options, emit=listen)
    assert len(resident) == 20
    print(f"resident after epochs 5 and 20: {resident[4]:.0f} and {resident[-1]:.0f} MB")
    assert resident[-1] - resident[4] < GROWTH_MB
