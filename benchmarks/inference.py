"""Seconds per 60 s soundscape, decode to member probabilities, for each ensemble there is."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks._claim import PROJECT, Absent, Claim, require, seconds, shared
from benchmarks.parity import make_public_ensemble

HIDDEN_SOUNDSCAPES = 700


def claims() -> Iterator[Claim]:
    """Time the demo ensemble and, with the reference at hand, the weighted blend."""
    from birdscope.dataset.catalog import Catalog

    catalog = Catalog.open(require(shared("data", "calfrog32")))
    soundscape = catalog.recordings("test_soundscapes")[0].path
    demo = PROJECT / "models" / "demo.toml"
    if demo.is_file():
        yield _claim("demo", demo, soundscape)
    try:
        with tempfile.TemporaryDirectory() as folder:
            yield _claim("weighted-blend", make_public_ensemble(Path(folder)), soundscape)
    except Absent:
        yield Claim("weighted-blend: seconds per soundscape", "not run: no reference here")


def _claim(name: str, ensemble: Path, soundscape: Path) -> Claim:
    from birdscope.audio.decode import read
    from birdscope.core.windows import window_count
    from birdscope.inference.ensemble import load_ensemble
    from birdscope.inference.predictor import Predictor
    from birdscope.nets.checkpoints import load_checkpoint

    opened = load_ensemble(ensemble)
    known = load_checkpoint(opened.files(opened.members[0])[0]).classes
    classes = known or [f"class{column}" for column in range(206)]
    predictor = Predictor.load(ensemble, classes)
    each_s = seconds(lambda: predictor.predict(read(soundscape), window_count(60.0)), repeats=5)
    minutes = each_s * HIDDEN_SOUNDSCAPES / 60
    return Claim(
        f"{name}: seconds per 60 s soundscape ({len(predictor.checkpoints)} checkpoints)",
        f"{each_s:.2f} s, {HIDDEN_SOUNDSCAPES} in {minutes:.0f} min",
    )
