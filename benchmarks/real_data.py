"""Train on real recordings, predict, evaluate: the macro AUC a person gets here.

`python -m benchmarks real_data` trains small-cpu on ../shared/data/calfrog32 and esc10clef
with the real commands and scores their labelled train_soundscapes, which take no part in
training or in any choice of the recipe's numbers. `BIRDSCOPE_RUNS=DIR` keeps (and reuses) the
runs there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks._claim import PROJECT, Claim, require, shared

RECIPE = "small-cpu"
# Bars: a plain logistic regression on mel statistics reaches 0.72 and 0.76.
BARS = {"calfrog32": 0.78, "esc10clef": 0.80}
# All clips: what a person would submit.
TRAIN_OPTIONS = ("--folds", "1")


def claims() -> Iterator[Claim]:
    """Macro ROC-AUC with a 95 % interval over recordings, for each dataset."""
    kept = os.environ.get("BIRDSCOPE_RUNS")
    with tempfile.TemporaryDirectory() as scratch:
        for name, bar in BARS.items():
            data = require(shared("data", name))
            yield _measure(data, Path(kept or scratch) / name, bar)


def _measure(data: Path, folder: Path, bar: float) -> Claim:
    run, scores = folder / "run", folder / "scores"
    _birdscope(
        *("train", RECIPE, "--data", data, "--out", run, *TRAIN_OPTIONS, "--resume"),
    )
    epochs = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    minutes = sum(epoch["seconds"] for epoch in epochs) / 60
    ensemble = run / "ensemble.toml"
    _birdscope(
        *("predict", "--data", data, "--split", "train_soundscapes"),
        *("--ensemble", ensemble, "--out", scores),
    )
    labels = data / "train_soundscapes_labels.csv"
    result = json.loads(_birdscope("evaluate", "--scores", scores, "--labels", labels, "--json"))
    value = result["macro_roc_auc"]
    low, high = result["interval"]["low"], result["interval"]["high"]
    measured = (
        f"{value:.3f} (95 % {low:.3f} to {high:.3f}), {result['scored_classes']} classes, "
        f"trained in {minutes:.1f} min"
    )
    text = f"macro ROC-AUC on {data.name}'s labelled soundscapes after {RECIPE}"
    return Claim(text, measured, f"> {bar:.2f}", value > bar)


def _birdscope(*arguments: object) -> str:
    """Run a subcommand; its stdout."""
    command = [sys.executable, "-m", "birdscope.cli", *map(str, arguments)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command[2:])}\n{done.stderr[-2000:]}")
    return done.stdout
