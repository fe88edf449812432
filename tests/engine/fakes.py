"""Predictors for engine tests: cheap, deterministic, slow or broken on request.

What a loader does is read from the ensemble file's `[fake]` table.
"""

import os
import signal
import time
from pathlib import Path

import numpy as np

from birdscope.core.config import read_toml
from birdscope.core.errors import CheckpointError
from birdscope.core.events import Event
from birdscope.core.scores import ScoredCheckpoint

CHECKPOINTS = (
    ScoredCheckpoint("a0", "a"),
    ScoredCheckpoint("a1", "a"),
    ScoredCheckpoint("b0", "b"),
)


def expected(index: int, classes: int) -> np.ndarray:
    """What FakePredictor says of window `index`, [K, C]."""
    layers = np.arange(len(CHECKPOINTS))[:, None] * 0.01
    columns = np.arange(classes)[None, :] * 0.1
    return np.float32((0.05 * (index + 1) + layers + columns) % 1.0)


class FakePredictor:
    """Scores a window by where its sound is: sample values hold the window's number."""

    checkpoints = CHECKPOINTS
    weights = {"a": 0.25, "b": 0.75}  # noqa: RUF012

    def __init__(self, classes, window_s=0.0, die_at=None, die_mark=None):
        self.classes = tuple(classes)
        self._window_s = window_s
        self._die_at = die_at
        self._die_mark = die_mark

    def predict_window(self, waveform, index, n_windows):
        time.sleep(self._window_s)
        first = index * 5 * 32_000
        number = round(float(waveform[first]) * 100)
        if number == self._die_at and not Path(self._die_mark).exists():
            Path(self._die_mark).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return expected(number, len(self.classes))


def load(ensemble, classes, emit):
    """The loader the engine is given."""
    wanted = read_toml(ensemble).get("fake", {})
    emit(Event("progress", "loading a0", done=0, total=2))
    time.sleep(wanted.get("load_s", 0.0))
    emit(Event("progress", "loading b0", done=1, total=2))
    if wanted.get("warning"):
        emit(Event("warning", wanted["warning"]))
    if wanted.get("missing"):
        raise CheckpointError("there are no weights", path="a/", remedy="put the files there")
    if wanted.get("crash_on_load"):
        os.kill(os.getpid(), signal.SIGKILL)
    return FakePredictor(
        classes, wanted.get("window_s", 0.0), wanted.get("die_at"), wanted.get("die_mark")
    )
