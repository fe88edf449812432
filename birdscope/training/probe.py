"""A few real training steps, timed, so that a whole training can be estimated."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from birdscope.core.errors import TrainingError
from birdscope.core.events import Emit, Event, Stop, silent
from birdscope.core.types import Recording
from birdscope.dataset.catalog import Catalog
from birdscope.dataset.folds import EVERYWHERE
from birdscope.training.clip_choice import choose_clips
from birdscope.training.clips import ClipStore, label_clips
from birdscope.training.distributed import Machine
from birdscope.training.facts import Speed
from birdscope.training.fold import FoldTrainer, freed
from birdscope.training.recipe import Recipe
from birdscope.training.run_data import RunData
from birdscope.training.run_folder import Unit
from birdscope.training.samples import EpochSamples, batches, derive_seed
from birdscope.training.soundscapes import pool_of

STEPS, _WARM, _CLIPS, _SOUNDSCAPES, _HELD_OUT = 3, 1, 32, 2, 8


def probe(
    recipe: Recipe,
    catalog: Catalog,
    *,
    device: str = "auto",
    steps: int = STEPS,
    emit: Emit = silent,
    stop: Stop | None = None,
) -> Speed:
    """Train a few batches on a few clips and forget them.

    Args:
        recipe: Without stages, as of `Stage.recipe`; weights start from scratch.
        catalog: The dataset.
        device: "auto", "cpu" or "cuda".
        steps: Batches that are timed, after one that isn't.
        emit: Hears of progress.
        stop: Heeded between batches.

    Raises:
        TrainingError: if there is no clip, or memory runs out.
        Cancelled: if stopped.
    """
    model = recipe.model.model_copy(update={"pretrained": False})
    recipe = recipe.model_copy(update={"folds": 2, "model": model})
    chosen = _some_clips(recipe, catalog)
    began = time.perf_counter()
    data = _data(recipe, catalog, chosen, emit, stop)
    load_s = (time.perf_counter() - began) / len(chosen)
    fabric = Machine(device, 1, recipe.optim.precision).fabric()
    with tempfile.TemporaryDirectory() as folder, freed():
        plan = data.plan(Unit(0, 0), recipe, Path(folder))
        wanted = recipe.optim.batch_size * (_WARM + steps)
        plan = replace(plan, members=np.resize(plan.members, wanted))
        trainer = FoldTrainer(plan, recipe, fabric, silent, stop)
        batch_s = _time_batches(trainer, steps, emit, stop)
        validation_s = _time_validation(trainer, stop)
        memory_mb = _memory_mb(fabric.device)
    return Speed(
        batch_s=batch_s,
        validation_s=validation_s,
        load_s=load_s,
        memory_mb=memory_mb,
        cached_mb=0.0 if fabric.device.type == "cuda" else _cached_mb(data),
        device=fabric.device.type,
    )


def _some_clips(recipe: Recipe, catalog: Catalog) -> list[Recording]:
    """Clips spread over the dataset, whose files are there."""
    index = catalog.taxonomy.index
    known = [one for one in catalog.recordings("train_audio") if one.primary_label in index]
    taken, _ = choose_clips(known, recipe.data)
    spread = taken[:: max(1, len(taken) // _CLIPS)]
    chosen = [one for one in spread if not catalog.is_missing(one)][:_CLIPS]
    if not chosen:
        raise TrainingError(
            "there is no clip to train on",
            path=catalog.root,
            remedy="train.csv and train_audio/ must hold clips of the dataset's classes",
        )
    return chosen


def _data(
    recipe: Recipe, catalog: Catalog, chosen: list[Recording], emit: Emit, stop: Stop | None
) -> RunData:
    store = ClipStore.of_dataset(chosen, recipe.data, catalog.root, emit, stop)
    clips, left_out = store.without_empty()
    if not clips.recordings:
        raise TrainingError("none of the clips can be read", path=catalog.root)
    labels = label_clips(clips.recordings, catalog.taxonomy.index, recipe.data)
    fold_of = np.full(len(clips.recordings), EVERYWHERE, np.int64)
    fold_of[: min(_HELD_OUT, len(fold_of) // 2)] = 0
    return RunData(
        recordings=clips.recordings,
        clips=clips,
        labels=labels,
        fold_of=fold_of,
        classes=catalog.taxonomy.labels,
        everywhere=frozenset(),
        fold_notes=(),
        left_out=tuple(left_out),
        soundscapes=_soundscapes(recipe, catalog, emit, stop),
        fingerprint="",
    )


def _soundscapes(
    recipe: Recipe, catalog: Catalog, emit: Emit, stop: Stop | None
) -> ClipStore | None:
    pool, _ = pool_of(catalog)
    if not pool or recipe.augment.soundscapes == 0:
        return None
    store = ClipStore(pool[:_SOUNDSCAPES], cache_mb=100, emit=emit, stop=stop)
    heard, _ = store.without_empty()
    return heard if heard.recordings else None


def _time_batches(trainer: FoldTrainer, steps: int, emit: Emit, stop: Stop | None) -> float:
    """Seconds of a batch, samples made included; the first is not counted."""
    plan, recipe = trainer.plan, trainer.recipe
    key = (*plan.key, 1)
    generator = torch.Generator().manual_seed(derive_seed(*key))
    samples = EpochSamples(plan.maker, plan.members, plan.partners, key)
    trainer.learner.model.train()
    source = batches(samples, recipe.optim.batch_size, workers=recipe.optim.workers, drop_last=True)
    began = time.perf_counter()
    for number, batch in enumerate(source):
        if number == _WARM:
            began = time.perf_counter()
        trainer.learner.step([batch], recipe.optim.learning_rate, generator, 0, stop)
        emit(Event("progress", "real steps", done=number + 1, total=_WARM + steps, unit="step"))
    return (time.perf_counter() - began) / steps


def _time_validation(trainer: FoldTrainer, stop: Stop | None) -> float:
    """Seconds of a held-out clip, one repetition; 0 where none is scored."""
    held_out = trainer.plan.validation
    if held_out is None:
        return 0.0
    config = held_out.config.model_copy(update={"repeats": 1})
    trainer.learner.final_network.eval()
    began = time.perf_counter()
    with torch.inference_mode():
        replace(held_out, config=config).evaluate(trainer.learner.score, stop)
    return (time.perf_counter() - began) / len(held_out.members)


def _memory_mb(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def _cached_mb(data: RunData) -> float:
    return float(data.clips.samples.sum()) * 2 / 1e6
