"""Scores of the full train_soundscapes: opened, and asked for the best windows of a species."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import numpy as np

from benchmarks._claim import Claim, process_seconds, seconds
from birdscope.core.scores import ScoredCheckpoint
from birdscope.inference import store_files as files
from birdscope.inference.rows import lay_out
from birdscope.inference.store import ScoresMeta, ScoresStore
from birdscope.metrics.columns import ScoreColumns

SOUNDSCAPES, WINDOWS, CLASSES = 9_726, 12, 206
LAYERS = (ScoredCheckpoint("first", "a"), ScoredCheckpoint("second", "b"))
OPEN_BAR_S, BEST_BAR_MS, BEST = 0.2, 50.0, 100


def claims() -> Iterator[Claim]:
    """The file is in the page cache; each species is asked for the first time."""
    from birdscope.core.settings import Settings

    with tempfile.TemporaryDirectory() as root:
        folder = make_scores(Path(root) / "scores")
        size = f"{SOUNDSCAPES:,} soundscapes × {CLASSES} classes × {len(LAYERS)} members"
        cold_s = process_seconds(_OPEN.format(folder=str(folder)), repeats=5)
        yield Claim(
            f"scores of {size}: open, in a fresh process after its imports",
            f"{cold_s * 1000:.0f} ms",
            f"< {OPEN_BAR_S * 1000:.0f} ms",
            cold_s < OPEN_BAR_S,
        )
        columns = ScoreColumns(ScoresStore.open(folder).scores())
        labels = cycle(columns.scores.classes)

        def best() -> None:
            values = columns.column(next(labels), Settings()).final
            np.argpartition(-values, BEST)[:BEST]

        best_ms = 1000 * seconds(best, repeats=25)
        yield Claim(
            f"… the {BEST} best windows of a species",
            f"{best_ms:.0f} ms",
            f"< {BEST_BAR_MS:.0f} ms",
            best_ms < BEST_BAR_MS,
        )


_OPEN = """
import time
import pyarrow.parquet
from birdscope.inference.store import ScoresStore
from pathlib import Path
start = time.perf_counter()
scores = ScoresStore.open(Path({folder!r})).scores()
assert scores.values.shape[1] == len(scores.rows)
print(time.perf_counter() - start)
"""


def make_scores(folder: Path) -> Path:
    """Scores by chance, laid out as `birdscope predict` keeps them."""
    keys = [f"train_soundscapes/H{number:07d}.ogg" for number in range(SOUNDSCAPES)]
    labels = tuple(f"species{number:03d}" for number in range(CLASSES))
    folder.mkdir(parents=True)
    meta = ScoresMeta(labels, LAYERS, {"a": 0.25, "b": 0.75})
    files.begin(folder, meta, lay_out(keys, [WINDOWS] * len(keys)))
    values = np.load(folder / files.VALUES, mmap_mode="r+")
    generator = np.random.default_rng(0)
    for layer in range(len(LAYERS)):
        values[layer] = generator.random(values.shape[1:], dtype=np.float32) ** 8
    values.flush()
    marks = "".join(files.Mark(key, "ok").to_json() + "\n" for key in keys)
    (folder / files.MARKS).write_text(marks)
    return folder


if __name__ == "__main__":
    for claim in claims():
        print(f"{claim.text}: {claim.measured} {claim.bar}")
