"""Scores and labels with a known answer: how much of the truth each member sees."""

import numpy as np

from birdscope.core.scores import ScoredCheckpoint, Scores
from birdscope.inference.rows import lay_out
from birdscope.metrics.tune_folds import recording_folds
from birdscope.metrics.tune_truth import TuneTruth

SIGNALS = {"good": 0.4, "fair": 0.2, "also fair": 0.2, "noise": 0.0}


def made(
    recordings=10,
    windows=6,
    classes=5,
    members=("good", "noise"),
    noise=0.8,
    seed=0,
    folds=5,
    unit="window",
):
    """Scores of K = members checkpoints, and all their windows (or recordings) labelled."""
    generator = np.random.default_rng(seed)
    keys = tuple(f"train_soundscapes/r{n:03d}.ogg" for n in range(recordings))
    rows = lay_out(keys, [windows] * recordings)
    heard = generator.random((recordings, 1, classes)) < 0.5
    values = (heard & (generator.random((recordings, windows, classes)) < 0.6)).reshape(-1, classes)
    layers = []
    for member in members:
        signal = SIGNALS[member] * values
        layers.append(np.clip(signal + 0.6 * noise * generator.random(values.shape), 0, 1))
    scores = Scores(
        tuple(f"c{n}" for n in range(classes)),
        tuple(ScoredCheckpoint(f"{one}/1", one) for one in members),
        rows,
        np.stack(layers).astype(np.float32),
        dict.fromkeys(members, 1.0),
    )
    names, labels = rows.row_ids, values.astype(np.int8)
    number = np.repeat(np.arange(recordings), windows)
    if unit == "file":
        labels = labels.reshape(recordings, windows, classes).max(axis=1)
        names, number = keys, np.arange(recordings)
    of_rows = recording_folds(labels, number, folds, seed)
    truth = TuneTruth(scores.classes, names, unit, labels, None, of_rows, "made", ("made",))
    return scores, truth
