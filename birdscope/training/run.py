"""A training run: units, files, report. What a model goes through is in `fold`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric

from birdscope.core.errors import Cancelled, TrainingError
from birdscope.core.events import Emit, Event, Stop, silent
from birdscope.dataset.catalog import Catalog
from birdscope.training.fold import FoldTrainer, freed
from birdscope.training.recipe import Recipe
from birdscope.training.run_data import RunData, load_data
from birdscope.training.run_folder import RunFolder, RunReport, Unit


@dataclass(frozen=True)
class RunOptions:
    """What of a run is about this machine and this call, not about the model.

    Attributes:
        fold: Train only this fold (from 0); None trains all.
        resume: Go on with what the folder holds.
        device: "auto", "cpu" or "cuda".
    """

    fold: int | None = None
    resume: bool = False
    device: str = "auto"


def train(
    recipe: Recipe,
    catalog: Catalog,
    out_dir: Path,
    options: RunOptions = RunOptions(),
    *,
    emit: Emit = silent,
    stop: Stop | None = None,
) -> RunReport:
    """Train every fold of a recipe on a dataset's train_audio.

    The same recipe, data and machine give the same weights, whether or not the run was
    interrupted and resumed (bit for bit on a CPU with the same number of threads).

    Raises:
        TrainingError: if there is nothing to train on, the folder holds another run, or
            the loss is not a number any more.
        Cancelled: if `stop` was set; `options.resume` goes on from the last finished epoch.
    """
    folder = RunFolder(out_dir)
    fabric = _fabric(options.device, recipe)
    units = _units(recipe, options.fold)
    data = load_data(recipe, catalog, emit, stop)
    folder.begin(recipe, catalog.fingerprint(), resume=options.resume)
    try:
        for unit in units:
            if folder.result(unit) is None:
                with freed():
                    _train_unit(unit, recipe, data, folder, fabric, emit, stop)
    except Cancelled:
        folder.write_ensemble(recipe, folder.checkpoints(_units(recipe, None)))
        raise
    return _finish(recipe, data, folder, emit)


def _train_unit(
    unit: Unit,
    recipe: Recipe,
    data: RunData,
    folder: RunFolder,
    fabric: Fabric,
    emit: Emit,
    stop: Stop | None,
) -> None:
    """Train one model; its history reaches metrics.jsonl after each epoch."""

    def listen(event: Event) -> None:
        emit(event)
        if event.kind == "metric":
            folder.write_metrics(unit, trainer.history)

    plan = data.plan(unit, recipe, folder.unit_folder(unit))
    trainer = FoldTrainer(plan, recipe, fabric, listen, stop)
    best = trainer.run(resume=True)
    folder.write_metrics(unit, trainer.history)
    folder.finish(unit, best)


def _finish(recipe: Recipe, data: RunData, folder: RunFolder, emit: Emit) -> RunReport:
    """Report and ensemble of every model there is, those of earlier calls included."""
    units = _units(recipe, None)
    done = {unit.name: result for unit in units if (result := folder.result(unit)) is not None}
    reached = [one["val_macro_roc_auc"] for one in done.values() if "val_macro_roc_auc" in one]
    report = RunReport(
        folder=folder.folder,
        clips=len(data.recordings),
        results=done,
        mean_macro_roc_auc=float(np.mean(reached)) if reached else None,
        trained_everywhere=() if recipe.folds == 1 else data.labels_of(data.everywhere),
        fold_notes=data.fold_notes,
        without_clips=data.labels_of(set(range(len(data.classes))) - data.present),
        left_out=data.left_out,
    )
    folder.write_report(report)
    path = folder.write_ensemble(recipe, folder.checkpoints(units))
    if path is not None:
        emit(Event("artifact", f"{len(done)} checkpoints", data={"path": str(path)}))
    return report


def _fabric(device: str, recipe: Recipe) -> Fabric:
    """One device, with the recipe's precision."""
    if device == "cuda" and not torch.cuda.is_available():
        raise TrainingError(
            "torch finds no CUDA device here",
            remedy="use --device cpu, or install a CUDA build of torch and its driver",
        )
    return Fabric(accelerator=device, devices=1, precision=recipe.optim.precision)


def _units(recipe: Recipe, fold: int | None) -> list[Unit]:
    if fold is not None and not 0 <= fold < recipe.folds:
        raise TrainingError(
            f"there is no fold {fold}: the recipe has {recipe.folds}",
            remedy=f"choose 0 to {recipe.folds - 1}",
        )
    folds = range(recipe.folds) if fold is None else [fold]
    return [Unit(number, repeat) for number in folds for repeat in range(recipe.seeds)]
