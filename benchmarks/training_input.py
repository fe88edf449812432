"""Training input against the model's steps: whether decoding, cropping and mels keep it busy.

The recipe small-cpu with mobilenetv3_small_050 at 64 mels, hop 1024, on the real clips of
calfrog32. Everything runs in this process, one after the other, so that the rates can be read
off processor time too; `optim.workers` moves the loader into processes beside the model.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import process_time
from typing import TYPE_CHECKING, Any

import torch

from benchmarks._claim import Claim, require, shared

if TYPE_CHECKING:
    from birdscope.training.samples import EpochSamples

BACKBONE, BATCHES, WARM, RATIO = "mobilenetv3_small_050", 12, 2, 2.0
GROWTH, REPEATS = 1.15, 5


def claims() -> Iterator[Claim]:
    """Rates in windows of 5 s a second, by processor time of one thread."""
    from birdscope.core.events import silent
    from birdscope.dataset.catalog import Catalog
    from birdscope.training.distributed import Machine
    from birdscope.training.fold import FoldTrainer
    from birdscope.training.recipe import load_recipe
    from birdscope.training.run_data import load_data
    from birdscope.training.run_folder import Unit
    from birdscope.training.samples import EpochSamples, batches

    catalog = Catalog.open(require(shared("data", "calfrog32")))
    recipe = load_recipe("small-cpu")
    recipe = recipe.model_copy(
        update={"model": recipe.model.model_copy(update={"backbone": BACKBONE})}
    )
    size = recipe.optim.batch_size
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        began = process_time()
        data = load_data(recipe, catalog, silent, None)
        decode_s = process_time() - began
        with tempfile.TemporaryDirectory() as folder:
            plan = data.plan(Unit(0, 0), recipe, Path(folder))
            trainer = FoldTrainer(plan, recipe, Machine("cpu").fabric(), silent, None)
            trainer.learner.model.train()
            samples = EpochSamples(plan.maker, plan.members, plan.partners, (*plan.key, 1))
            began = process_time()
            ready = list(batches(samples, size, workers=0, drop_last=True))
            first_s = process_time() - began
            # From here as in every later epoch: noises and levels are at hand.
            source = itertools.chain.from_iterable(
                batches(samples, size, workers=0, drop_last=True) for _ in itertools.count()
            )
            half = EpochSamples(
                plan.maker, plan.members[: len(plan.members) // 2], plan.partners, (*plan.key, 1)
            )
            growth = median(
                _epoch_s(samples, size) / len(samples) / (_epoch_s(half, size) / len(half))
                for _ in range(REPEATS)
            )
            generator = torch.Generator().manual_seed(0)
            loader = _rate(lambda: next(source), size)
            with torch.no_grad():
                turn = itertools.cycle(ready)
                mel = _rate(lambda: trainer.learner.front_end(next(turn).waveforms), size)
            step = _rate(lambda: trainer.learner.step([next(turn)], 1e-4, generator, 0, None), size)
    finally:
        torch.set_num_threads(threads)
    given = 1 / (1 / loader + 1 / mel)
    taken = 1 / max(1e-9, 1 / step - 1 / mel)
    clips = len(data.recordings)
    yield Claim(
        "training input: clips decoded once, kept as 16 bit",
        f"{clips} clips in {decode_s:.1f} s of processor time; the first epoch's crops, with 64 "
        f"noises made, {first_s:.1f} s",
    )
    yield Claim(
        "training input: an epoch's cost for each of all clips against each of half of them",
        f"{growth:.2f} ×",
        f"≤ {GROWTH} ×",
        growth <= GROWTH,
    )
    yield Claim(
        f"training input: crop, mix and mel against the steps of {BACKBONE} (64 mels, hop 1024)",
        f"{given / taken:.1f} × ({given:.0f} windows/s of one core against {taken:.0f}; crop and "
        f"mix alone {loader:.0f}, mel {mel:.0f})",
        f"≥ {RATIO:.0f} ×",
        given / taken >= RATIO,
    )


def _epoch_s(samples: EpochSamples, size: int) -> float:
    """Processor time of an epoch's crops and mixtures."""
    from birdscope.training.samples import batches

    cpu = process_time()
    for _ in batches(samples, size, workers=0, drop_last=False):
        pass
    return process_time() - cpu


def _rate(action: Callable[[], Any], windows: int) -> float:
    """Windows per second of processor time."""
    for _ in range(WARM):
        action()
    cpu = process_time()
    for _ in range(BATCHES):
        action()
    return BATCHES * windows / (process_time() - cpu)


if __name__ == "__main__":
    for claim in claims():
        print(f"{claim.text}: {claim.measured} {claim.bar}")
