"""The last windows of live sound: their raw scores, and what can be said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from birdscope.core.windows import SOUNDSCAPE_S, WINDOW_S
from birdscope.engine.ranking import rank_species

if TYPE_CHECKING:
    import numpy.typing as npt

    from birdscope.core.scores import ScoredCheckpoint
    from birdscope.engine.live_status import LiveWindow
    from birdscope.engine.messages import LoadedEnsemble

KEPT_WINDOWS = 24


class LiveWindows:
    """Raw scores of the last windows; as many whether it runs for a minute or for days.

    Attributes:
        first: Number of the window in the first place.
        count: Places: windows from `first` to the newest.
        newest: Number of the newest window that has scores; -1 before the first.
        classes: Labels of the C columns.
        checkpoints: The K layers.
        weights: Member → blend weight.
    """

    def __init__(self, loaded: LoadedEnsemble) -> None:
        self.first = self.count = 0
        self.newest = -1
        self.classes: tuple[str, ...] = loaded.classes
        self.checkpoints: tuple[ScoredCheckpoint, ...] = loaded.checkpoints
        self.weights: Mapping[str, float] = loaded.weights
        shape = (len(self.checkpoints), KEPT_WINDOWS, len(self.classes))
        self._values: npt.NDArray[np.float32] = np.full(shape, np.nan, np.float32)

    @property
    def values(self) -> npt.NDArray[np.float32]:
        """A copy, float32 [K, count, C]; NaN for windows that were left out."""
        return self._values[:, : self.count].copy()

    def take(self, window: LiveWindow) -> None:
        """Take a window; the oldest one gives way once there are too many."""
        shift = window.number - self.first - (KEPT_WINDOWS - 1)
        if shift > 0:
            self._values = np.roll(self._values, -min(shift, KEPT_WINDOWS), axis=1)
            self._values[:, max(KEPT_WINDOWS - shift, 0) :] = np.nan
            self.first += shift
        self._values[:, window.number - self.first] = window.values
        self.newest = window.number
        self.count = window.number - self.first + 1


def best_lately(probabilities: npt.NDArray[np.float32], species: int = 64) -> tuple[int, ...]:
    """Columns of the best species of the last minute, best first.

    Args:
        probabilities: float32 [windows, C], the newest window last.
        species: How many.
    """
    return rank_species(probabilities[-SOUNDSCAPE_S // WINDOW_S :], species)


def rows_of(
    probabilities: npt.NDArray[np.float32], columns: Sequence[int], places: int
) -> npt.NDArray[np.float32]:
    """Rows of a heat map, float32 [species, places]; NaN where nothing is known yet.

    Args:
        probabilities: float32 [windows, C].
        columns: Of the species, from the top.
        places: Windows that are shown, known or not.
    """
    rows = np.full((len(columns), places), np.nan, np.float32)
    known = min(places, len(probabilities))
    rows[:, :known] = probabilities[:known, list(columns)].T
    return rows
