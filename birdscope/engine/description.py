"""What an ensemble file holds, as the picker shows it; loads no model."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.core.config import read_toml
from birdscope.core.errors import BirdscopeError
from birdscope.core.settings import Settings
from birdscope.engine.fingerprint import ensemble_fingerprint
from birdscope.engine.messages import EnsembleInfo, MemberInfo

if TYPE_CHECKING:
    from birdscope.inference.ensemble import EnsembleFile, Member


def describe(path: Path) -> EnsembleInfo:
    """Read an ensemble file and look for its weights; problems are in the answer."""
    from birdscope.inference.ensemble import load_ensemble

    try:
        ensemble = load_ensemble(path)
    except BirdscopeError as error:
        return EnsembleInfo(path, path.stem, (), Settings(), "", _say(error))
    members = tuple(_member(ensemble, one) for one in ensemble.members)
    problem = "\n".join(one.problem for one in members if one.problem)
    fingerprint = "" if problem else ensemble_fingerprint(path)
    return EnsembleInfo(path, ensemble.name, members, ensemble.settings, fingerprint, problem)


def fits(path: Path, dataset: Collection[str] | None) -> bool:
    """Whether an ensemble's weights are there and know one of a dataset's classes."""
    from birdscope.inference import fitting

    return fitting.fits(path, dataset)


def _member(ensemble: EnsembleFile, member: Member) -> MemberInfo:
    named = [part for part in (member.architecture, member.backbone) if part]
    try:
        files = ensemble.files(member)
    except BirdscopeError as error:
        return MemberInfo(member.name, " ".join(named), member.weight, 0, _say(error))
    model = " ".join(named) or _model_of(files[0])
    return MemberInfo(member.name, model, member.weight, len(files))


def _model_of(checkpoint: Path) -> str:
    """Architecture and backbone from the description beside a checkpoint of ours."""
    sidecar = checkpoint.with_suffix(".toml")
    try:
        model = read_toml(sidecar).get("model", {}) if sidecar.is_file() else {}
    except BirdscopeError:
        return ""
    return " ".join(str(model[key]) for key in ("architecture", "backbone") if key in model)


def _say(error: BirdscopeError) -> str:
    where = f"{error.path}: " if error.path is not None else ""
    return f"{where}{error.what}" + (f"\n→ {error.remedy}" if error.remedy else "")
