"""Pseudo-labelled windows with their sound, as training draws them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import TrainingError
from birdscope.core.events import Emit, Event, Stop, silent
from birdscope.core.windows import SAMPLE_RATE_HZ, WINDOW_S
from birdscope.dataset.catalog import Catalog
from birdscope.training.clips import ClipStore
from birdscope.training.pseudo_store import PseudoLabels
from birdscope.training.pseudo_windows import PseudoWindows, recording_weights
from birdscope.training.recipe import PseudoConfig
from birdscope.training.soundscapes import pool_of
from birdscope.training.window_labels import label_windows


def load_windows(
    folder: Path,
    catalog: Catalog,
    config: PseudoConfig,
    *,
    context_s: float = WINDOW_S,
    cache_mb: int = 1000,
    emit: Emit = silent,
    stop: Stop | None = None,
) -> PseudoWindows:
    """Windows that may be learnt from, with sound; what a person dropped is not among them.

    Training samples longer than 5 s are labelled by the maximum over the windows in them.

    Raises:
        TrainingError: if the labels are damaged, of other classes, or of recordings that
            have become labelled since.
    """
    labels = PseudoLabels.open(folder)
    if labels.meta.classes != catalog.taxonomy.labels:
        raise TrainingError(
            "the pseudo labels are for other classes than the dataset's",
            path=folder,
            remedy="make them again for this dataset",
        )
    pool, _ = pool_of(catalog)
    there = {one.key: one for one in pool}
    scored = sorted({name for name, _ in labels.keys if name not in there})
    if scored:
        raise TrainingError(
            f"{scored[0]} is pseudo-labelled, but it is scored now or has gone",
            path=folder,
            remedy="make the pseudo labels again",
        )
    names = sorted({name for name, _ in labels.keys})
    sound = ClipStore([there[name] for name in names], cache_mb=cache_mb, emit=emit, stop=stop)
    number = {name: row for row, name in enumerate(names)}
    recording = np.array([number[name] for name, _ in labels.keys], np.int64)
    start_s = np.array([start for _, start in labels.keys], np.float64)
    length_s = sound.samples / SAMPLE_RATE_HZ
    begin_s, heard = pieces(labels.probabilities, recording, start_s, length_s, context_s)
    made = label_windows(heard, config)
    used = np.flatnonzero(made.kept & ~labels.dropped & (length_s[recording] > 0))
    if not len(used):
        text = "no pseudo-labelled window can be used: the teacher is sure of none"
        emit(Event("warning", f"{text} (pseudo.keep_above = {config.keep_above:g})"))
    return PseudoWindows(
        sound,
        recording[used],
        np.round(begin_s[used] * SAMPLE_RATE_HZ).astype(np.int64),
        made.targets[used],
        made.weights[used],
        recording_weights(made.targets[used], recording[used], config.sampler),
    )


def pieces(
    probabilities: npt.NDArray[np.float32],
    recording: npt.NDArray[np.int64],
    start_s: npt.NDArray[np.float64],
    length_s: npt.NDArray[np.float64],
    context_s: float,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]:
    """A sample of `context_s` around each window: its start [W], its probabilities [W, C].

    Args:
        probabilities: Of the windows, [W, C].
        recording: The window's recording, [W].
        start_s: Its start, [W].
        length_s: Of each recording.
        context_s: Of a training sample.

    Returns:
        Starts in seconds, inside the recording; the maximum over windows wholly inside (of
        a sample shorter than 5 s: its own window's).
    """
    latest = np.maximum(0.0, length_s[recording] - context_s)
    begin = np.clip(start_s + (WINDOW_S - context_s) / 2, 0.0, latest)
    if context_s <= WINDOW_S:
        return begin, probabilities
    result = probabilities.copy()
    for number in np.unique(recording):
        own = np.flatnonzero(recording == number)
        for row in own:
            inside = (start_s[own] >= begin[row] - 1e-6) & (
                start_s[own] + WINDOW_S <= begin[row] + context_s + 1e-6
            )
            result[row] = np.fmax.reduce(probabilities[own[inside]], axis=0, initial=0.0)
    return begin, result
