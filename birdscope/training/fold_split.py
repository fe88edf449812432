"""Which fold holds out which clip of a recipe's data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from birdscope.core.types import Recording
from birdscope.dataset.folds import EVERYWHERE, assign_folds
from birdscope.training.recipe import Recipe


def split_folds(
    recordings: Sequence[Recording], primary: npt.NDArray[np.int64], recipe: Recipe
) -> npt.NDArray[np.int64]:
    """The fold of each clip, [N]; EVERYWHERE for all where the recipe has one fold.

    Besides classes of one group, a class whose few groups all fell into the same fold is
    never held out either: that fold's model would not know it.
    """
    if recipe.folds == 1:
        return np.full(len(recordings), EVERYWHERE, np.int64)
    folds = assign_folds(recordings, recipe.folds, recipe.seed, recipe.data.group)
    return held_out_where_known(folds, primary)


def held_out_where_known(
    folds: npt.NDArray[np.int64], primary: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Folds in which a class is only held out where another fold has it, too."""
    for column in np.unique(primary):
        own = primary == column
        if len(np.unique(folds[own])) == 1:
            folds[own] = EVERYWHERE
    return folds
