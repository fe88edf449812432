"""From a teacher's probabilities to the labels of windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from birdscope.training.config_stages import PseudoConfig

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class WindowLabels:
    """What W windows teach.

    Attributes:
        targets: float32 [W, C] in 0-1.
        weights: float32 [W, C]; 0 leaves an entry out of the loss.
        kept: bool [W]; the others are not used.
    """

    targets: Floats
    weights: Floats
    kept: npt.NDArray[np.bool_]


def label_windows(probabilities: Floats, config: PseudoConfig) -> WindowLabels:
    """Turn a teacher's probabilities [W, C] into labels; see `PseudoConfig`.

    A window is kept by what the teacher said; power, zeroing and thresholds come after, in
    this order. Then those with the smallest sums of labels are left out.
    """
    values = np.nan_to_num(probabilities)
    kept = np.isfinite(probabilities).all(axis=1) & (values.max(axis=1) > config.keep_above)
    values = (values**config.power).astype(np.float32)
    values[values < config.zero_below] = 0
    weights = np.ones_like(values)
    if config.mode == "hard":
        values = (values >= config.threshold).astype(np.float32)
    elif config.mode == "masked":
        positive, negative = values >= config.high, values <= config.low
        values = positive.astype(np.float32)
        weights = (positive | negative).astype(np.float32)
    return WindowLabels(values, weights, _without_lowest(values, kept, config.drop_lowest))


def _without_lowest(
    targets: Floats, kept: npt.NDArray[np.bool_], share: float
) -> npt.NDArray[np.bool_]:
    """Leave out the share of the kept windows whose labels have the smallest sums."""
    numbers = np.flatnonzero(kept)
    order = numbers[np.argsort(targets[numbers].sum(axis=1), kind="stable")]
    result = kept.copy()
    result[order[: int(share * len(order))]] = False
    return result
