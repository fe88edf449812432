"""A training run: one stage, or the stages of a recipe one after the other."""

from __future__ import annotations

from pathlib import Path

from birdscope.core.events import Emit, Stop, silent
from birdscope.dataset.catalog import Catalog
from birdscope.training.inputs import Inputs
from birdscope.training.options import RunOptions
from birdscope.training.recipe import Recipe
from birdscope.training.run_folder import RunReport
from birdscope.training.stages import train_stages
from birdscope.training.units import train_units

__all__ = ["RunOptions", "train"]

_DEFAULTS = RunOptions()


def train(
    recipe: Recipe,
    catalog: Catalog,
    out_dir: Path,
    options: RunOptions = _DEFAULTS,
    *,
    emit: Emit = silent,
    stop: Stop | None = None,
) -> RunReport:
    """Train every stage and fold of a recipe on a dataset's train_audio.

    The same recipe, data and machine give the same weights, whether or not the run was
    interrupted and resumed (bit for bit on a CPU with the same number of threads).

    Raises:
        TrainingError: if there is nothing to train on, the folder holds another run, memory
            runs out, or the loss is not a number any more.
        Cancelled: if `stop` was set; `options.resume` goes on from the last finished epoch.
    """
    if recipe.stages:
        return train_stages(recipe, catalog, out_dir, options, emit=emit, stop=stop)
    inputs = Inputs()
    if recipe.init != "scratch":
        inputs = Inputs(init={"": Path(recipe.init)}, parents=(f"weights {recipe.init}",))
    return train_units(recipe, catalog, Path(out_dir), options, inputs, emit, stop)
