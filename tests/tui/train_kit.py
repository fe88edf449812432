"""The tab Train on show, and runs that somebody trained before."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import tomlkit
from textual.pilot import Pilot

from birdscope.tui.app import BirdscopeApp
from birdscope.tui.screens.train import TrainPane
from tests.tui.jobs_kit import wait_for

TINY = """\
name = "tiny"
folds = 2
[front_end]
n_mels = 32
n_fft = 1024
hop_length = 1600
[model]
backbone = "test_resnet"
in_channels = 1
hidden = 16
[data]
first_s = 6.0
min_clips_per_class = 0
[augment]
noises = 3
[optim]
epochs = 2
batch_size = 8
"""


@asynccontextmanager
async def train_tab(
    app: BirdscopeApp, study: Any, size: tuple[int, int] = (80, 24), *, opens: bool = True
) -> AsyncIterator[tuple[Pilot[None], TrainPane]]:
    """Train on show; if it `opens`, with a recipe in hand and its data looked up."""
    app.services.__dict__["study"] = study
    async with app.run_test(size=size) as pilot:
        await wait_for(pilot, lambda: len(app.query(TrainPane)) == 1)
        await wait_for(pilot, lambda: app.services.catalog is not None)
        app.action_show_tab("train")
        pane = app.query_one(TrainPane)
        if opens:
            await wait_for(pilot, lambda: pane.feed.found is not None)
        yield pilot, pane


def own_recipe(home: Path, text: str = TINY, name: str = "tiny") -> Path:
    """A recipe of the session."""
    path = home / "sessions" / "test" / "recipes" / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def trained(
    home: Path, name: str, *, epochs: int = 3, finished: bool = True, recipe: Any = None
) -> Path:
    """The folder of a run, as training leaves it, without weights."""
    folder = home / "sessions" / "test" / "runs" / name
    fold = folder / "folds" / "0"
    fold.mkdir(parents=True)
    body = {"name": name, "folds": 1, "seeds": 1, "optim": {"epochs": 3, "learning_rate": 1e-3}}
    (folder / "recipe.toml").write_text(
        tomlkit.dumps({"data": "x", "inputs": {}, "recipe": {**body, **(recipe or {})}})
    )
    lines = [
        {"model": "0", "epoch": n + 1.0, "loss": 9.0 / (n + 1), "learning_rate": 1e-3 / (n + 1),
         "seconds": 4.0, "val_macro_roc_auc": 0.7 + 0.05 * n}
        for n in range(epochs)
    ]  # fmt: skip
    (folder / "metrics.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    if finished:
        (fold / "result.json").write_text(json.dumps(lines[-1]))
        (fold / "best.safetensors").write_text("")
        members = [{"name": name, "architecture": "sed", "backbone": "test_resnet",
                    "checkpoints": ["folds/0/best.safetensors"], "weight": 1.0,
                    "front_end": "small", "context_s": 5.0, "pooling": "attention"}]  # fmt: skip
        (folder / "ensemble.toml").write_text(tomlkit.dumps({"name": name, "members": members}))
    return folder
