"""What the model lane loads: predictors and sound. Heavy imports happen in the functions."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from birdscope.core.events import Emit, Event
from birdscope.core.scores import ScoredCheckpoint

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class WindowPredictor(Protocol):
    """What the lane needs of birdscope.inference.predictor.Predictor."""

    @property
    def checkpoints(self) -> tuple[ScoredCheckpoint, ...]:
        """The K layers of a result."""
        ...

    @property
    def classes(self) -> tuple[str, ...]:
        """Labels of the C columns of a result."""
        ...

    @property
    def weights(self) -> Mapping[str, float]:
        """Member → blend weight."""
        ...

    def predict_window(
        self, waveform: npt.NDArray[np.float32], index: int, n_windows: int
    ) -> npt.NDArray[np.float32]:
        """Raw probabilities float32 [K, C] of one window of a waveform at 32 kHz."""
        ...


class SegmentScorer(Protocol):
    """What the lane needs of birdscope.inference.segments.SegmentCurves."""

    def of(
        self, waveform: npt.NDArray[np.float32], index: int, n_windows: int
    ) -> npt.NDArray[np.float32]:
        """Probabilities float32 [T, C] over one window of a waveform at 32 kHz."""
        ...


Loader = Callable[[Path, Sequence[str], Emit], WindowPredictor]


def load_predictor(ensemble: Path, classes: Sequence[str], emit: Emit) -> WindowPredictor:
    """The real ensemble, on all cores this process may use; torch is imported here.

    Without classes of a dataset it takes those that its checkpoints know.
    """
    emit(Event("progress", "loading torch"))
    from birdscope.inference.fitting import own_classes
    from birdscope.inference.predictor import Predictor

    wanted = classes or own_classes(ensemble)
    return Predictor.load(ensemble, wanted, threads=available_cores(), emit=emit)


def segment_scorer(predictor: WindowPredictor) -> SegmentScorer | None:
    """Asks the nets frame by frame; None for a predictor that has none."""
    from birdscope.inference.predictor import Predictor
    from birdscope.inference.segments import SegmentCurves

    return SegmentCurves(predictor) if isinstance(predictor, Predictor) else None


def resolve(name: str) -> Loader:
    """The function behind `module:function`."""
    module, _, attribute = name.partition(":")
    loader: Loader = getattr(import_module(module), attribute)
    return loader


def available_cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def decode(path: Path, start_s: float, duration_s: float) -> npt.NDArray[np.float32]:
    """What can be decoded of a stretch, float32 [samples] at 32 kHz."""
    from birdscope.audio.decode import read_available

    waveform, _warning = read_available(path, start_s=start_s, duration_s=duration_s)
    return waveform
