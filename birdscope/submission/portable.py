"""An ensemble and everything it refers to, copied into one folder that can be taken anywhere."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import tomlkit

from birdscope.core import atomic
from birdscope.core.config import Config, load
from birdscope.core.errors import ConfigError, nearest
from birdscope.core.settings import Settings
from birdscope.inference.ensemble import DATASET, EnsembleFile, Member

ENSEMBLE, SETTINGS = "ensemble.toml", "settings.toml"


def copy_ensemble(ensemble: EnsembleFile, folder: Path) -> Path:
    """Write `folder/ensemble.toml` with its checkpoints, sidecars and class lists beside it.

    Checkpoints keep their order, so that the copy predicts the same bits.

    Raises:
        CheckpointError: if a checkpoint is missing.
    """
    members = [_copy_member(ensemble, member, folder) for member in ensemble.members]
    classes = _copy_classes(ensemble, ensemble.classes, folder)
    copy = ensemble.model_copy(update={"members": tuple(members), "classes": classes})
    write_config(copy, folder / ENSEMBLE)
    return folder / ENSEMBLE


def settings_for(ensemble: EnsembleFile, path: Path | None) -> Settings:
    """The settings of a file, or the ensemble's own.

    Raises:
        ConfigError: if they name a member that the ensemble doesn't have.
    """
    if path is None:
        return ensemble.settings
    settings = load(Settings, path)
    known = [member.name for member in ensemble.members]
    used = [name for step in settings.steps for name in step.members or ()]
    for name in [*(settings.weights or {}), *used]:
        if name not in known:
            raise ConfigError(
                f"names the member {name!r}, which the ensemble doesn't have{nearest(name, known)}",
                path=path,
                remedy=f"use the members {', '.join(known)}",
            )
    return settings


def write_config(config: Config, path: Path) -> None:
    """Write a configuration as TOML that `load` reads back as the same."""
    body = config.model_dump(mode="json", exclude_none=True)
    atomic.write_text(path, tomlkit.dumps(body))


def _copy_member(ensemble: EnsembleFile, member: Member, folder: Path) -> Member:
    names = []
    files = ensemble.files(member)
    for source, name in zip(files, _names(files), strict=True):
        target = f"weights/{member.name}/{name}"
        _copy(source, folder / target)
        sidecar = source.with_suffix(".toml")
        if sidecar.is_file():
            _copy(sidecar, (folder / target).with_suffix(".toml"))
        names.append(target)
    update: dict[str, object] = {"checkpoints": tuple(names)}
    if member.classes is not None:
        update["classes"] = _copy_classes(ensemble, member.classes, folder)
    return member.model_copy(update=update)


def _names(files: Sequence[Path]) -> list[str]:
    """Their file names, each once: what is there twice gets its folder's name before it."""
    names = [path.name for path in files]
    if len(set(names)) < len(names):
        names = [f"{path.parent.name}-{path.name}" for path in files]
    if len(set(names)) < len(names):
        names = [f"{number:02d}-{name}" for number, name in enumerate(names)]
    return names


def _copy_classes(
    ensemble: EnsembleFile, given: str | tuple[str, ...], folder: Path
) -> str | tuple[str, ...]:
    if isinstance(given, tuple) or given == DATASET:
        return given
    target = f"classes/{Path(given).name}"
    _copy(ensemble.folder / given, folder / target)
    return target


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(source, target)
    except FileNotFoundError:
        raise ConfigError(
            "is named by the ensemble but is not there", path=source, remedy="correct the ensemble"
        ) from None
