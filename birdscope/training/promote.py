"""One ensemble file of what several runs trained."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit

from birdscope.core import atomic
from birdscope.core.config import parse, read_toml
from birdscope.core.errors import TrainingError
from birdscope.inference.ensemble import EnsembleFile

_ENSEMBLE, _RESULT = "ensemble.toml", "result.json"


def promote(
    runs: Sequence[Path], weights: Sequence[float], path: Path, name: str, *, best_only: bool
) -> EnsembleFile:
    """Write an ensemble of the members of runs; the checkpoints stay where they are.

    Args:
        runs: Run folders with an ensemble file.
        weights: Of each run; a run's members share theirs as in its own file.
        path: A new file.
        name: Of the ensemble.
        best_only: Keep only the checkpoint of each member whose validation was best.

    Raises:
        TrainingError: a run has no ensemble file, or there is a file of that name.
        ConfigError: an ensemble file is damaged, or the weights have no positive sum.
        OSError: if the disk refuses.
    """
    if path.exists():
        raise TrainingError("is there already", path=path, remedy="choose another name")
    members: list[dict[str, Any]] = []
    settings: Any = None
    for run, weight in zip(runs, weights, strict=True):
        file = run / _ENSEMBLE
        if not file.is_file():
            raise TrainingError(
                "this run has no ensemble yet", path=run, remedy="let it finish a model first"
            )
        body = read_toml(file)
        own = body.get("members", [])
        total = sum(float(one.get("weight", 1.0)) for one in own) or 1.0
        for one in own:
            share = weight * float(one.get("weight", 1.0)) / total
            moved = [_moved(given, run, path) for given in _chosen(one, run, best_only)]
            title = _free(f"{run.name} {one['name']}" if len(runs) > 1 else one["name"], members)
            members.append({**one, "name": title, "weight": share, "checkpoints": moved})
        settings = body.get("settings") if settings is None else settings
    ensemble = {"name": name, "classes": "dataset", "members": members}
    if len(runs) == 1 and settings:
        ensemble["settings"] = settings
    made = parse(EnsembleFile, ensemble, path)
    atomic.write_text(path, tomlkit.dumps(ensemble))
    return made


def _chosen(member: Mapping[str, Any], run: Path, best_only: bool) -> list[str]:
    given = member["checkpoints"]
    files = [given] if isinstance(given, str) else list(given)
    if not best_only:
        return files
    return [max(files, key=lambda one: _reached(run / one))]


def _reached(checkpoint: Path) -> float:
    """The validation AUC of a finished model; below all others where there is none."""
    try:
        result = json.loads((checkpoint.parent / _RESULT).read_text(encoding="utf-8"))
        return float(result["val_macro_roc_auc"])
    except (OSError, ValueError, KeyError):
        return -1.0


def _moved(given: str, run: Path, path: Path) -> str:
    return Path(os.path.relpath(run / given, path.parent)).as_posix()


def _free(name: str, members: Sequence[Mapping[str, Any]]) -> str:
    taken = {one["name"] for one in members}
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} {number}"
    return free
