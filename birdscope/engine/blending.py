"""Raw scores of one recording → the probabilities that are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from birdscope.core.scores import ScoredCheckpoint, ScoreRows, Scores
from birdscope.core.settings import Settings
from birdscope.core.windows import WINDOW_S
from birdscope.engine.messages import Blended
from birdscope.engine.ranking import rank_species
from birdscope.postprocess import stack

if TYPE_CHECKING:
    import numpy.typing as npt


def blend_recording(
    values: npt.NDArray[np.float32],
    checkpoints: Sequence[ScoredCheckpoint],
    weights: Mapping[str, float],
    settings: Settings,
    *,
    shown: Sequence[int] = (),
    species: int = 64,
) -> Blended:
    """Run the stack over one recording, complete or not.

    Steps that look at the whole file (low-rank power, smoothing) see the windows there are,
    so numbers settle once the last one is in.

    Args:
        values: float32 [K, W, C], NaN where not predicted.
        checkpoints: The K layers.
        weights: Member → blend weight of the ensemble.
        settings: The stack.
        shown: Columns now shown; see `rank_species`.
        species: How many species to rank.

    Raises:
        ConfigError: the settings name a member that is not there.
    """
    scores = _scores(values, checkpoints, weights)
    probabilities = stack.apply_settings(scores, settings)
    offsets = scores.rows.offsets
    means = {
        name: stack.apply_steps(settings, "member", mean, offsets, name)
        for name, mean in stack.member_means(scores, settings).items()
    }
    return Blended(
        probabilities.astype(np.float32),
        tuple(means),
        np.stack(list(means.values())).astype(np.float32),
        rank_species(probabilities, species, shown),
    )


def _scores(
    values: npt.NDArray[np.float32],
    checkpoints: Sequence[ScoredCheckpoint],
    weights: Mapping[str, float],
) -> Scores:
    n_windows, n_classes = values.shape[1:]
    rows = ScoreRows(
        row_ids=tuple(str(index) for index in range(n_windows)),
        recordings=("",),
        offsets=np.array([0, n_windows], np.int64),
        start_s=np.arange(n_windows, dtype=np.float64) * WINDOW_S,
    )
    # The columns' names play no part in the arithmetic.
    classes = tuple(str(column) for column in range(n_classes))
    return Scores(classes, tuple(checkpoints), rows, values, dict(weights))
