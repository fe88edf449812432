"""Training runs of a session as their folders tell of them: epochs, stages, what they made."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from birdscope.session.names import fits_a_file

RECIPE, METRICS, ENSEMBLE = "recipe.toml", "metrics.jsonl", "ensemble.toml"
_STAGES, _PSEUDO, _OUT_OF_FOLD, _FOLDS = "stages", "pseudo", "out_of_fold", "folds"
_PACE = 5
_RESULT, _META = "result.json", "meta.toml"


@dataclass(frozen=True, slots=True)
class Epoch:
    """A line of metrics.jsonl.

    Attributes:
        model: Its fold, and the repetition after the first: "0", "0-1".
        number: From 1.
        loss: Mean training loss.
        learning_rate: Of its last step.
        auc: Macro ROC-AUC of the held-out clips; None where nothing was validated.
        seconds: Training took, without validation.
    """

    model: str
    number: int
    loss: float
    learning_rate: float
    auc: float | None
    seconds: float


@dataclass(frozen=True, slots=True)
class RunStage:
    """A stage of a run; a run without stages is one.

    Attributes:
        name: As the recipe calls it; empty for a run without stages.
        folder: Where its files are.
        epochs: Of all its models, in the order of metrics.jsonl.
        planned: Epochs that each model trains.
        models: How many are trained.
        finished: How many are done.
        pseudo: Folder of its pseudo labels; None where there are none (yet).
        out_of_fold: Folder of what its folds held out; None where there is none (yet).
    """

    name: str
    folder: Path
    epochs: tuple[Epoch, ...]
    planned: int
    models: int
    finished: int
    pseudo: Path | None = None
    out_of_fold: Path | None = None

    @property
    def best_auc(self) -> float | None:
        """Of each model its best epoch, the mean of them; None where nothing was validated."""
        best: dict[str, float] = {}
        for one in self.epochs:
            if one.auc is not None:
                best[one.model] = max(one.auc, best.get(one.model, -math.inf))
        return sum(best.values()) / len(best) if best else None


@dataclass(frozen=True)
class Run:
    """A run folder.

    Attributes:
        name: Of the folder.
        folder: Where it is.
        recipe: Its recipe, as TOML has it.
        stages: At least one.
        ensemble: The ensemble file that it made; None where there is none (yet).
        began: When its folder was claimed, Unix seconds.
        problem: Why it can't be read; empty where it can.
    """

    name: str
    folder: Path
    recipe: Mapping[str, Any] = field(default_factory=dict)
    stages: tuple[RunStage, ...] = ()
    ensemble: Path | None = None
    began: float = 0.0
    problem: str = ""

    @property
    def is_staged(self) -> bool:
        """Whether its recipe has stages."""
        return bool(self.recipe.get("stages"))

    @property
    def stage(self) -> RunStage | None:
        """The newest stage that has begun, else the first."""
        begun = [one for one in self.stages if one.epochs or one.pseudo is not None]
        return begun[-1] if begun else next(iter(self.stages), None)

    @property
    def best_auc(self) -> float | None:
        """That of the newest stage which has one."""
        known = [one.best_auc for one in self.stages if one.best_auc is not None]
        return known[-1] if known else None

    @property
    def latest(self) -> Epoch | None:
        """The newest epoch."""
        done = [one.epochs[-1] for one in self.stages if one.epochs]
        return done[-1] if done else None

    @property
    def done(self) -> int:
        """Epochs done, over all stages and models."""
        return sum(len(one.epochs) for one in self.stages)

    @property
    def planned(self) -> int:
        """Epochs in all."""
        return sum(one.planned * one.models for one in self.stages)

    @property
    def left_s(self) -> float | None:
        """Training left at the pace of the newest epochs, without validation; None before one."""
        newest = [epoch.seconds for stage in self.stages for epoch in stage.epochs][-_PACE:]
        if not newest:
            return None
        return (self.planned - self.done) * sum(newest) / len(newest)

    @property
    def is_finished(self) -> bool:
        """Whether every model of every stage is trained."""
        return bool(self.stages) and all(one.finished >= one.models for one in self.stages)

    @property
    def seconds(self) -> float:
        """Training took, without validation."""
        return sum(epoch.seconds for stage in self.stages for epoch in stage.epochs)


Points = tuple[tuple[float, ...], tuple[float, ...]]


def curve_of(run: Run, value: Callable[[Epoch], float | None], model: str | None = None) -> Points:
    """A value over epochs, later stages after the earlier ones': x and y, as many.

    Args:
        run: Whose.
        value: Of an epoch; None where it has none.
        model: Only this one; None takes the mean over the models that have got so far.
    """
    points: list[tuple[float, float]] = []
    before = 0
    for stage in run.stages:
        at: dict[int, list[float]] = {}
        for epoch in stage.epochs:
            found = value(epoch)
            if found is not None and math.isfinite(found) and model in (None, epoch.model):
                at.setdefault(epoch.number, []).append(found)
        points += [(float(before + one), sum(at[one]) / len(at[one])) for one in sorted(at)]
        before += stage.planned
    return tuple(x for x, _ in points), tuple(y for _, y in points)


class Runs:
    """The runs in a folder, read again only where a file changed.

    Args:
        folder: `runs/` of a session.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self._recipes: dict[Path, tuple[int, Mapping[str, Any]]] = {}
        self._epochs: dict[Path, tuple[int, tuple[Epoch, ...]]] = {}

    def list(self) -> tuple[Run, ...]:
        """All runs, the newest first."""
        try:
            folders = [one for one in self.folder.iterdir() if (one / RECIPE).is_file()]
        except OSError:
            return ()
        found = [self.read(one) for one in folders]
        return tuple(sorted(found, key=lambda one: (-one.began, one.name)))

    def read(self, folder: Path) -> Run:
        """One run; what is wrong with a damaged one is its `problem`."""
        began = _mtime_ns(folder / RECIPE) / 1e9
        try:
            recipe = self._recipe(folder / RECIPE)
            stages = tuple(self._stages(folder, recipe))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            return Run(folder.name, folder, began=began, problem=f"can't be read: {error}")
        ensemble = folder / ENSEMBLE
        made = ensemble if ensemble.is_file() else None
        return Run(folder.name, folder, recipe, stages, made, began)

    def free_name(self, name: str) -> str:
        """A name like this one that no run has, which can be a folder's."""
        base = name if fits_a_file(name) else "run"
        taken = {one.name for one in self.folder.iterdir()} if self.folder.is_dir() else set()
        number, free = 1, base
        while {free, f"{free}.toml"} & taken:
            number += 1
            free = f"{base}-{number}"
        return free

    def _recipe(self, path: Path) -> Mapping[str, Any]:
        stamp = _mtime_ns(path)
        if path not in self._recipes or self._recipes[path][0] != stamp:
            body = tomllib.loads(path.read_text(encoding="utf-8"))
            self._recipes[path] = (stamp, body["recipe"])
        return self._recipes[path][1]

    def _stages(self, folder: Path, recipe: Mapping[str, Any]) -> Iterable[RunStage]:
        stages = recipe.get("stages", [])
        if not stages:
            yield self._stage("", folder, recipe)
        for number, one in enumerate(stages):
            own = folder / _STAGES / f"{number + 1}-{one['name'].replace(' ', '-')}"
            optim = {**recipe.get("optim", {}), **one.get("optim", {})}
            yield self._stage(one["name"], own, {**recipe, "optim": optim})

    def _stage(self, name: str, folder: Path, recipe: Mapping[str, Any]) -> RunStage:
        pseudo, held_out = folder / _PSEUDO, folder / _OUT_OF_FOLD
        return RunStage(
            name=name,
            folder=folder,
            epochs=self._metrics(folder / METRICS),
            planned=int(recipe.get("optim", {}).get("epochs", 0)),
            models=int(recipe.get("folds", 1)) * int(recipe.get("seeds", 1)),
            finished=sum(1 for _ in (folder / _FOLDS).glob(f"*/{_RESULT}")),
            pseudo=pseudo if (pseudo / _META).is_file() else None,
            out_of_fold=held_out if held_out.is_dir() else None,
        )

    def _metrics(self, path: Path) -> tuple[Epoch, ...]:
        stamp = _mtime_ns(path)
        if not stamp:
            return ()
        if path not in self._epochs or self._epochs[path][0] != stamp:
            lines = path.read_text(encoding="utf-8").splitlines()
            self._epochs[path] = (stamp, tuple(_epoch(json.loads(line)) for line in lines))
        return self._epochs[path][1]


def differences(runs: Iterable[Run]) -> list[tuple[str, tuple[str, ...]]]:
    """Keys of the recipes that are not alike in all runs, with each run's value as text."""
    bodies = [flat_recipe(one.recipe) for one in runs]
    keys = list(dict.fromkeys(key for body in bodies for key in body))
    rows = [(key, tuple(body.get(key, "—") for body in bodies)) for key in keys]
    return [(key, values) for key, values in rows if len(set(values)) > 1]


def flat_recipe(recipe: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Dotted key → value as text, without name, note and provenance."""
    found: dict[str, str] = {}
    for key, value in recipe.items():
        if not prefix and key in ("name", "note", "provenance"):
            continue
        if isinstance(value, Mapping):
            found |= flat_recipe(value, f"{prefix}{key}.")
        elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
            for number, one in enumerate(value):
                found |= flat_recipe(one, f"{prefix}{key}.{one.get('name', number)}.")
        else:
            found[f"{prefix}{key}"] = str(value)
    return found


def _epoch(line: Mapping[str, Any]) -> Epoch:
    auc = line.get("val_macro_roc_auc")
    return Epoch(
        model=str(line["model"]),
        number=int(line["epoch"]),
        loss=float(line["loss"]),
        learning_rate=float(line.get("learning_rate", math.nan)),
        auc=None if auc is None else float(auc),
        seconds=float(line.get("seconds", 0.0)),
    )


def _mtime_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
