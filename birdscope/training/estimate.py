"""How long a training would take and what memory it would need, and what that rests on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from birdscope.core import atomic
from birdscope.core.windows import SAMPLE_RATE_HZ
from birdscope.training.facts import DataCheck, Estimate, Known, Speed
from birdscope.training.recipe import Recipe

_BYTES_PER_SAMPLE = 2
_DECIDING = ("model", "front_end", "augment")
_OPTIM = ("batch_size", "precision", "workers")


def speed_key(recipe: Recipe) -> str:
    """A mark that recipes share which train at the same speed."""
    body = recipe.deciding
    body["front_end"] = recipe.resolved_front_end.model_dump(mode="json")
    return _key(body)


def _key(body: Mapping[str, Any]) -> str:
    optim = body.get("optim", {})
    deciding = {
        **{table: body.get(table) for table in _DECIDING},
        **{key: optim.get(key) for key in _OPTIM},
        "context_s": body.get("data", {}).get("context_s"),
        "segments": body.get("loss", {}).get("segment_weight"),
    }
    text = json.dumps(deciding, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def save_speed(folder: Path, recipe: Recipe, speed: Speed) -> Path:
    """Keep a measured speed for recipes of the same key.

    Raises:
        OSError: if the disk refuses.
    """
    path = Path(folder) / f"{speed_key(recipe)}.json"
    atomic.write_text(path, json.dumps(asdict(speed)))
    return path


def load_speed(folder: Path, recipe: Recipe) -> Speed | None:
    """The speed measured for a recipe, or for one of the same key; None where there is none."""
    try:
        body = json.loads((Path(folder) / f"{speed_key(recipe)}.json").read_text())
        return Speed(**body)
    except (OSError, ValueError, TypeError):
        return None


def estimate(
    recipe: Recipe, check: DataCheck, speeds: Sequence[Speed | None], known: Known | None = None
) -> Estimate:
    """Time and memory of every stage, fold and seed.

    Args:
        recipe: What would be trained.
        check: On what.
        speeds: Of each stage; None where it wasn't measured.
        known: A run of the past of the same speed, for a recipe without stages.
    """
    stages = recipe.resolved_stages
    waves_mb = max(waveforms_mb(one.recipe, check.clips) for one in stages)
    without = _left_out(recipe)
    measured = [one for one in speeds if one is not None]
    if measured and len(measured) == len(stages):
        seconds = sum(
            _stage_s(one.recipe, check, speed) for one, speed in zip(stages, measured, strict=True)
        )
        memory = max(one.memory_mb - one.cached_mb for one in measured) + waves_mb
        on = f"rests on real steps measured on this machine ({measured[0].device}); {without}"
        return Estimate(seconds, memory, waves_mb, on)
    if known is not None and known.samples and not recipe.stages:
        scale = check.epoch_samples / known.samples
        seconds = known.epoch_s * scale * recipe.optim.epochs * recipe.folds * recipe.seeds
        on = f"rests on the epochs of run {known.name}, without validation; {without}"
        return Estimate(seconds, None, waves_mb, on)
    on = "nothing is known of this model's speed yet: m measures a few real steps"
    return Estimate(None, None, waves_mb, on)


def _stage_s(recipe: Recipe, check: DataCheck, speed: Speed) -> float:
    batches = max(1, check.epoch_samples // recipe.optim.batch_size)
    held_out = sum(check.fold_clips) / max(1, len(check.fold_clips))
    repeats = recipe.validation.repeats if recipe.validation.kind == "mixtures" else 1
    epoch_s = batches * speed.batch_s + held_out * repeats * speed.validation_s
    models = recipe.folds * recipe.seeds
    return check.clips * speed.load_s + epoch_s * recipe.optim.epochs * models


def waveforms_mb(recipe: Recipe, clips: int) -> float:
    """Memory of the clips kept, at most, in 10⁶ bytes."""
    data = recipe.data
    if data.first_s is None:
        return float(data.cache_mb)
    each_mb = data.first_s * SAMPLE_RATE_HZ * _BYTES_PER_SAMPLE / 1e6
    return min(float(data.cache_mb), clips * each_mb)


def _left_out(recipe: Recipe) -> str:
    stages = recipe.resolved_stages
    extra = []
    if any(one.pseudo is not None for one in stages):
        extra.append("pseudo labelling")
    if any(one.distill is not None for one in stages):
        extra.append("the teacher")
    return "not counted: " + ", ".join([*extra, "predicting what the folds held out"])
