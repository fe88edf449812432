"""The files of a training run: recipe, metrics, report, ensemble."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tomlkit

from birdscope.core import atomic
from birdscope.core.config import read_toml
from birdscope.core.errors import TrainingError
from birdscope.training.fold import BEST, LAST, STATE
from birdscope.training.recipe import Recipe

RECIPE, METRICS, REPORT, ENSEMBLE = "recipe.toml", "metrics.jsonl", "report.toml", "ensemble.toml"
RESULT = "result.json"


@dataclass(frozen=True, order=True)
class Unit:
    """One model of a run: a fold, and which of the models trained on it."""

    fold: int
    repeat: int

    @property
    def name(self) -> str:
        """Its folder's name: the fold, and the repetition after the first."""
        return f"{self.fold}-{self.repeat}" if self.repeat else str(self.fold)


@dataclass(frozen=True)
class RunReport:
    """What a run came to.

    Attributes:
        folder: The run's folder.
        clips: Clips trained on or validated with.
        results: Metrics of each finished model's checkpoint, by unit name.
        mean_macro_roc_auc: Over validated models; None where nothing was validated.
        trained_everywhere: Classes never held out, because their groups reach one fold only.
        fold_notes: Which class lacks which fold, for people.
        without_clips: Classes of the dataset that no clip has as its primary label.
        left_out: Recordings that could not be used, with the reason.
    """

    folder: Path
    clips: int
    results: Mapping[str, Mapping[str, float]]
    mean_macro_roc_auc: float | None
    trained_everywhere: tuple[str, ...]
    fold_notes: tuple[str, ...]
    without_clips: tuple[str, ...]
    left_out: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON and TOML."""
        return asdict(self) | {"folder": str(self.folder)}


class RunFolder:
    """Knows where everything of a run lies."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    def begin(
        self, recipe: Recipe, fingerprint: str, inputs: Mapping[str, Any], *, resume: bool
    ) -> None:
        """Claim a new folder, or check that the one there belongs to the same run.

        Raises:
            TrainingError: if a run is there and `resume` was not asked for, or if it was
                made from another recipe or other data.
        """
        path = self.folder / RECIPE
        body = recipe.model_dump(mode="json")
        wanted = _toml({"data": fingerprint, "inputs": inputs, "recipe": body})
        if not path.is_file():
            atomic.write_text(path, tomlkit.dumps(wanted))
            return
        if not resume:
            raise TrainingError(
                "there is a run in this folder already",
                path=self.folder,
                remedy="go on with --resume, or give another --out",
            )
        differing = _differing(read_toml(path), wanted)
        if differing:
            raise TrainingError(
                f"the run here was begun with another {' and another '.join(differing)}",
                path=path,
                remedy="resume with the same recipe, options and data, or give another --out",
            )

    def unit_folder(self, unit: Unit) -> Path:
        """Where a model's files lie."""
        return self.folder / "folds" / unit.name

    def result(self, unit: Unit) -> dict[str, float] | None:
        """Metrics of a finished model; None where it isn't finished."""
        path = self.unit_folder(unit) / RESULT
        if not path.is_file():
            return None
        result: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
        return result

    def finish(self, unit: Unit, metrics: Mapping[str, float]) -> None:
        """Mark a model as finished; what was only needed to go on is deleted."""
        folder = self.unit_folder(unit)
        atomic.write_text(folder / RESULT, json.dumps(dict(metrics)))
        (folder / STATE).unlink(missing_ok=True)

    def write_metrics(self, unit: Unit, history: Sequence[Mapping[str, float]]) -> None:
        """Replace a model's lines in metrics.jsonl by its history so far."""
        path = self.folder / METRICS
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        others = [line for line in lines if json.loads(line)["model"] != unit.name]
        own = [json.dumps({"model": unit.name, **metrics}) for metrics in history]
        atomic.write_text(path, "".join(f"{line}\n" for line in [*others, *own]))

    def checkpoint(self, recipe: Recipe, unit: Unit) -> Path:
        """The file of a model that is used: of the best epoch, or of the last."""
        return self.unit_folder(unit) / (LAST if recipe.optim.use == "last" else BEST)

    def checkpoints(self, recipe: Recipe, units: Sequence[Unit]) -> list[Path]:
        """The files there are that are used."""
        return [path for unit in units if (path := self.checkpoint(recipe, unit)).is_file()]

    def write_ensemble(self, recipe: Recipe, checkpoints: Sequence[Path]) -> Path | None:
        """An ensemble file of one member, which prediction takes as it is."""
        if not checkpoints:
            return None
        path = self.folder / ENSEMBLE
        write_ensemble_file(
            path, recipe.name, [member_of(recipe, recipe.name, checkpoints, path)], recipe
        )
        return path

    def write_report(self, report: RunReport) -> None:
        """report.toml, for people."""
        atomic.write_text(self.folder / REPORT, tomlkit.dumps(_toml(report.as_dict())))


def member_of(
    recipe: Recipe, name: str, checkpoints: Sequence[Path], ensemble: Path
) -> dict[str, Any]:
    """A member of an ensemble file: checkpoints that a recipe trained."""
    folder = ensemble.parent
    return {
        "name": name,
        "architecture": recipe.model.architecture,
        "backbone": recipe.model.backbone,
        "checkpoints": [Path(os.path.relpath(path, folder)).as_posix() for path in checkpoints],
        "weight": 1.0,
        "front_end": recipe.resolved_front_end.model_dump(mode="json"),
        "context_s": recipe.member.context_s or recipe.data.context_s,
        "pooling": recipe.member.pooling,
    }


def write_ensemble_file(
    path: Path, name: str, members: Sequence[Mapping[str, Any]], recipe: Recipe
) -> None:
    """An ensemble of members, with the recipe's post-processing."""
    body: dict[str, Any] = {"name": name, "classes": "dataset", "members": list(members)}
    if recipe.steps:
        body["settings"] = {"steps": [one.model_dump(mode="json") for one in recipe.steps]}
    atomic.write_text(path, tomlkit.dumps(_toml(body)))


def _differing(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Names of what differs: "dataset", or keys of the inputs or the recipe."""
    names = ["dataset"] if there.get("data") != wanted["data"] else []
    for table, ignored in (("inputs", ()), ("recipe", ("note", "provenance"))):
        old, new = there.get(table, {}), wanted[table]
        keys = {*old, *new} - {*ignored}
        names += sorted(key for key in keys if old.get(key) != new.get(key))
    return names


def _toml(value: Any) -> Any:
    """Without None, which TOML doesn't have, and with lists for tuples."""
    if isinstance(value, Mapping):
        return {str(key): _toml(one) for key, one in value.items() if one is not None}
    if isinstance(value, list | tuple):
        return [_toml(one) for one in value]
    return value
