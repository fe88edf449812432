"""The recording on show: what is known of its windows so far."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from birdscope.core.windows import WINDOW_S
from birdscope.engine.messages import LoadedEnsemble, Recalled, WindowScored

if TYPE_CHECKING:
    import numpy.typing as npt

    from birdscope.core.scores import ScoredCheckpoint


class LiveRecording:
    """Raw scores of one recording under one ensemble, filled window by window.

    Attributes:
        key: Of the recording.
        n_windows: Its windows.
        values: float32 [K, W, C], NaN where not predicted; None before the first result.
        done: Windows that have scores.
        checkpoints: The K layers.
        classes: Labels of the C columns.
        weights: Member → blend weight.
    """

    def __init__(self, key: str, n_windows: int) -> None:
        self.key = key
        self.n_windows = n_windows
        self.values: npt.NDArray[np.float32] | None = None
        self.done: set[int] = set()
        self.checkpoints: tuple[ScoredCheckpoint, ...] = ()
        self.classes: tuple[str, ...] = ()
        self.weights: Mapping[str, float] = {}

    def take(self, result: WindowScored, loaded: LoadedEnsemble) -> None:
        """Take a window's scores."""
        if self.values is None:
            self._lay_out(loaded)
        assert self.values is not None
        self.values[:, result.index] = result.values
        self.done.add(result.index)

    def take_recalled(self, recalled: Recalled) -> None:
        """Take what was kept from another time; kept windows of another length are left out."""
        if recalled.values.shape[1] != self.n_windows:
            return
        self._lay_out(recalled)
        assert self.values is not None
        known = ~np.isnan(recalled.values).any(axis=(0, 2))
        self.values[:, known] = recalled.values[:, known]
        self.done.update(np.flatnonzero(known).tolist())

    def _lay_out(self, axes: LoadedEnsemble | Recalled) -> None:
        shape = (len(axes.checkpoints), self.n_windows, len(axes.classes))
        self.values = np.full(shape, np.nan, np.float32)
        self.checkpoints, self.classes = axes.checkpoints, axes.classes
        self.weights = axes.weights


def window_at(seconds: float, n_windows: int) -> int:
    """The window that holds a time, clipped into the recording.

    >>> window_at(14.9, 12)
    2
    """
    return min(max(int(seconds // WINDOW_S), 0), max(n_windows - 1, 0))


def context_span(window: int, duration_s: float, context_s: float = 2.0) -> tuple[float, float]:
    """A window with context on either side, kept inside the recording: (start, end) in s."""
    start_s = max(0.0, window * WINDOW_S - context_s)
    return start_s, min(duration_s, (window + 1) * WINDOW_S + context_s)


def ensemble_files(folder: Path) -> list[Path]:
    """Ensemble files in a folder, by name, then those of trainings in folders below it."""
    found = [*sorted(folder.glob("*.toml")), *sorted(folder.glob("*/ensemble.toml"))]
    return [path for path in found if "[[members]]" in path.read_text("utf-8")]
