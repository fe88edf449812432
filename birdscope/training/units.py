"""Every model of one stage: folds and seeds, on one device or several."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from lightning_fabric import Fabric

from birdscope.core.errors import Cancelled, TrainingError
from birdscope.core.events import Emit, Event, Stop
from birdscope.dataset.catalog import Catalog
from birdscope.training.distributed import Machine, Ranks, run_on
from birdscope.training.fold import FoldTrainer, freed
from birdscope.training.inputs import Inputs
from birdscope.training.options import RunOptions
from birdscope.training.out_of_fold import predict_out_of_fold, write_folds
from birdscope.training.recipe import Recipe
from birdscope.training.run_data import RunData, load_data
from birdscope.training.run_folder import RunFolder, RunReport, Unit


def train_units(
    recipe: Recipe,
    catalog: Catalog,
    out_dir: Path,
    options: RunOptions,
    inputs: Inputs,
    emit: Emit,
    stop: Stop | None,
) -> RunReport:
    """Train a recipe's folds and seeds without looking at its stages; see `run.train`."""
    units_of(recipe, options.fold)
    _check_divisible(recipe.optim.batch_size, options.devices)
    machine = Machine(options.device, options.devices, recipe.optim.precision)
    arguments = (recipe, catalog.root, Path(out_dir), options, inputs)
    report: RunReport = run_on(machine, _train_here, *arguments, emit=emit, stop=stop)
    if options.out_of_fold and recipe.folds > 1 and len(report.results) == len(units_of(recipe)):
        predict_out_of_fold(recipe, catalog, out_dir, device=options.device, emit=emit, stop=stop)
    return report


def _check_divisible(batch_size: int, processes: int) -> None:
    if batch_size % processes:
        raise TrainingError(
            f"a batch of {batch_size} can't be divided among {processes} processes",
            remedy=f"set optim.batch_size to a multiple of {processes}",
        )


def _train_here(
    fabric: Fabric,
    recipe: Recipe,
    data_dir: Path,
    out_dir: Path,
    options: RunOptions,
    inputs: Inputs,
    *,
    emit: Emit,
    stop: Stop | None,
) -> RunReport:
    """What one process does; only rank 0 writes."""
    folder, catalog, ranks = RunFolder(out_dir), Catalog.open(data_dir), Ranks(fabric)
    data = load_data(recipe, catalog, emit, stop, inputs)
    ranks.from_main(lambda: _begin(folder, recipe, data, inputs, options))
    try:
        units = units_of(recipe, options.fold)
        for number, unit in enumerate(units):
            if ranks.from_main(partial(folder.result, unit)) is None:
                epochs = recipe.optim.epochs
                heard = in_all(emit, number * epochs, len(units) * epochs)
                with freed():
                    _train_unit(unit, recipe, data, folder, fabric, inputs, heard, stop)
    except Cancelled:
        if ranks.is_main:
            folder.write_ensemble(recipe, folder.checkpoints(recipe, units_of(recipe)))
        raise
    return ranks.from_main(lambda: _finish(recipe, data, folder, emit))


def in_all(emit: Emit, before: int, total: int) -> Emit:
    """Counts the epochs of a part as those of the whole.

    Args:
        emit: Hears the events.
        before: Epochs of the parts before this one.
        total: Epochs of all parts.
    """

    def heard(event: Event) -> None:
        if event.kind == "progress" and event.unit == "epoch" and event.done is not None:
            event = replace(event, done=round(before + event.done, 2), total=total)
        emit(event)

    return heard


def _begin(
    folder: RunFolder, recipe: Recipe, data: RunData, inputs: Inputs, options: RunOptions
) -> None:
    folder.begin(recipe, data.fingerprint, inputs.deciding(), resume=options.resume)
    keys = [one.key for one in data.recordings]
    write_folds(folder.folder, dict(zip(keys, data.fold_of.tolist(), strict=True)))


def _train_unit(
    unit: Unit,
    recipe: Recipe,
    data: RunData,
    folder: RunFolder,
    fabric: Fabric,
    inputs: Inputs,
    emit: Emit,
    stop: Stop | None,
) -> None:
    """Train one model; its history reaches metrics.jsonl after each epoch."""
    main = fabric.global_rank == 0

    def listen(event: Event) -> None:
        emit(event)
        if event.kind == "metric" and main:
            folder.write_metrics(unit, trainer.history)

    plan = data.plan(unit, recipe, folder.unit_folder(unit), inputs)
    trainer = FoldTrainer(plan, recipe, fabric, listen, stop)
    best = trainer.run(resume=True)
    if main:
        folder.write_metrics(unit, trainer.history)
        folder.finish(unit, best)
    fabric.barrier()


def _finish(recipe: Recipe, data: RunData, folder: RunFolder, emit: Emit) -> RunReport:
    """Report and ensemble of every model there is, those of earlier calls included."""
    units = units_of(recipe)
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
    path = folder.write_ensemble(recipe, folder.checkpoints(recipe, units))
    if path is not None:
        emit(Event("artifact", f"{len(done)} checkpoints", data={"path": str(path)}))
    return report


def units_of(recipe: Recipe, fold: int | None = None) -> list[Unit]:
    """The models of a recipe, or of one of its folds.

    Raises:
        TrainingError: if there is no such fold.
    """
    if fold is not None and not 0 <= fold < recipe.folds:
        raise TrainingError(
            f"there is no fold {fold}: the recipe has {recipe.folds}",
            remedy=f"choose 0 to {recipe.folds - 1}",
        )
    folds = range(recipe.folds) if fold is None else [fold]
    return [Unit(number, repeat) for number in folds for repeat in range(recipe.seeds)]
