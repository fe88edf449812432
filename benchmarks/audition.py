"""Audition at full size: 9,726 soundscapes of 12 windows, 206 classes, 4 checkpoints."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks._claim import Claim, seconds
from birdscope.core.scores import ScoredCheckpoint
from birdscope.core.settings import LowRankPower, Settings, Smooth
from birdscope.core.verdicts import QueueKind, Verdict
from birdscope.engine.audition_answers import answer_queue
from birdscope.engine.audition_messages import QueueWanted, ScoresWanted
from birdscope.engine.study import Study
from birdscope.inference import store_files as files
from birdscope.inference.rows import lay_out
from birdscope.inference.store import ScoresMeta
from birdscope.session.verdicts import Verdicts, now

SOUNDSCAPES, WINDOWS, CLASSES = 9_726, 12, 206
BAR_MS = 100.0
LAYERS = tuple(ScoredCheckpoint(f"c{number}", "ab"[number > 2]) for number in range(4))
STACK = Settings(
    steps=(
        LowRankPower(at="checkpoint", members=("a",), top_k=30, exponent=2.0),
        Smooth(at="member", weight=0.2),
    )
)


def claims() -> Iterator[Claim]:
    """Each queue is asked of one species after another; the files are in the page cache."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        session = root / "session"
        session.mkdir()
        source = ScoresWanted(root, session, make_scores(root / "scores"), settings=STACK)
        study = Study()
        first_ms = _first(study, source)
        yield Claim("first queue: scores opened, files ranked once", f"{first_ms:.0f} ms")
        for kind in ("score", "uncertainty", "disagreement", "stratified"):
            took_ms = _queue(study, source, kind)
            text = f"queue by {kind} of another species of {SOUNDSCAPES:,} soundscapes"
            yield Claim(text, f"{took_ms:.0f} ms", f"< {BAR_MS:.0f} ms", took_ms < BAR_MS)
        yield Claim("a verdict, on the disk", f"{_put(session):.1f} ms")


def make_scores(folder: Path) -> Path:
    """Scores by chance, laid out as `birdscope predict` keeps them."""
    keys = [
        f"train_soundscapes/H{site:02d}_20230{number % 9 + 1}01_{number % 24:02d}{number:06d}.ogg"
        for number, site in zip(range(SOUNDSCAPES), cycle(range(1, 20)), strict=False)
    ]
    labels = tuple(f"k{number}" for number in range(CLASSES))
    rows = lay_out(keys, [WINDOWS] * len(keys))
    folder.mkdir(parents=True)
    files.begin(folder, ScoresMeta(labels, LAYERS, {"a": 0.25, "b": 0.75}), rows)
    values = np.load(folder / files.VALUES, mmap_mode="r+")
    generator = np.random.default_rng(0)
    for layer in range(len(LAYERS)):
        values[layer] = generator.random(values.shape[1:], dtype=np.float32) ** 8
    values.flush()
    marks = "".join(files.Mark(key, "ok").to_json() + "\n" for key in keys)
    (folder / files.MARKS).write_text(marks)
    return folder


def _first(study: Study, source: ScoresWanted) -> float:
    start = perf_counter()
    answer_queue(study, QueueWanted(source, "k0"))
    return (perf_counter() - start) * 1000


def _queue(study: Study, source: ScoresWanted, kind: QueueKind) -> float:
    species = cycle(f"k{number}" for number in range(CLASSES))
    return 1000 * seconds(
        lambda: answer_queue(study, QueueWanted(source, next(species), kind)), repeats=15
    )


def _put(session: Path) -> float:
    verdicts = Verdicts.open(session)
    windows = cycle(range(WINDOWS))

    def put() -> None:
        index = next(windows)
        start_s = index * 5.0
        verdicts.put(Verdict("a.ogg", index, start_s, start_s + 5, "k0", "yes", "ada", now()))

    took_ms = 1000 * seconds(put, repeats=50)
    verdicts.close()
    return took_ms


if __name__ == "__main__":
    for claim in claims():
        print(f"{claim.text}: {claim.measured} {claim.bar}")
