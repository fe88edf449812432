"""The public blend, matched: largest difference to the golden values of the reference.

The golden values were computed with the public notebook's arithmetic (PyTorch, fp32, CPU)
for two real soundscapes; see docs/methods.md.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks._claim import PROJECT, Claim, output, require, shared

PROBABILITY_BAR = 1e-4
WINDOWS = 12


def claims() -> Iterator[Claim]:
    """Compare members and blend with the golden arrays."""
    from birdscope.audio.decode import read
    from birdscope.core.scores import Scores
    from birdscope.inference.predictor import Predictor
    from birdscope.inference.rows import lay_out
    from birdscope.postprocess.stack import apply_settings

    golden = np.load(require(shared("reference", "golden.npz")))
    soundscapes = require(shared("data", "calfrog32", "train_soundscapes"))
    stems = sorted({key.split("/")[0] for key in golden.files})
    with tempfile.TemporaryDirectory() as folder:
        ensemble = make_public_ensemble(Path(folder))
        classes = [f"class{column}" for column in range(206)]
        predictor = Predictor.load(ensemble, classes)
        worst = {"nfnet": 0.0, "seresnext": 0.0, "blend": 0.0}
        for stem in stems:
            waveform = read(soundscapes / f"{stem}.ogg")
            raw = predictor.predict(waveform, WINDOWS)
            scores = Scores(
                predictor.classes,
                predictor.checkpoints,
                lay_out([stem], [WINDOWS]),
                raw,
                predictor.weights,
            )
            worst["nfnet"] = max(worst["nfnet"], _difference(raw[:3], golden[f"{stem}/nfnet"]))
            worst["seresnext"] = max(
                worst["seresnext"], _difference(raw[3], golden[f"{stem}/seresnext"])
            )
            blend = apply_settings(scores, predictor.settings)
            worst["blend"] = max(worst["blend"], _difference(blend, golden[f"{stem}/blend"]))
    for name, difference in worst.items():
        yield Claim(
            f"{name} equals the public notebook (largest difference in probability)",
            f"{difference:.1e}",
            f"≤ {PROBABILITY_BAR:.0e}",
            difference <= PROBABILITY_BAR,
        )


def make_public_ensemble(folder: Path) -> Path:
    """Checkpoints with the public keys beside a copy of models/weighted-blend.toml."""
    output([str(require(shared("reference", "make_checkpoints.py"))), str(folder)])
    path = folder / "weighted-blend.toml"
    shutil.copy(PROJECT / "models" / "weighted-blend.toml", path)
    return path


def _difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(np.abs(np.asarray(ours, np.float64) - theirs).max())
