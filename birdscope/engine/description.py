"""What an ensemble file holds, as the picker shows it; loads no model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.core.errors import BirdscopeError
from birdscope.core.settings import Settings
from birdscope.engine.fingerprint import ensemble_fingerprint, weight_files
from birdscope.engine.messages import EnsembleInfo, MemberInfo

if TYPE_CHECKING:
    from birdscope.inference.ensemble import Member


def describe(path: Path) -> EnsembleInfo:
    """Read an ensemble file and look for its weights; problems are in the answer."""
    from birdscope.inference.ensemble import load_ensemble

    try:
        ensemble = load_ensemble(path)
    except BirdscopeError as error:
        problem = f"{error.what}\n→ {error.remedy}" if error.remedy else error.what
        return EnsembleInfo(path, path.stem, (), Settings(), "", problem)
    members = tuple(_member(path.parent, one) for one in ensemble.members)
    problem = "\n".join(one.problem for one in members if one.problem)
    fingerprint = "" if problem else ensemble_fingerprint(path)
    return EnsembleInfo(path, ensemble.name, members, ensemble.settings, fingerprint, problem)


def _member(folder: Path, member: Member) -> MemberInfo:
    given = member.model_dump(mode="json")
    files = weight_files(folder, [given])
    missing = [path for path in files if not path.is_file()]
    problem = ""
    if missing:
        problem = f"{member.name}: {missing[0]} is missing\n→ put the weights there"
    elif not files:
        problem = (
            f"{member.name}: there are no weights in {folder / str(given['checkpoints'])}\n"
            "→ put .pth or .safetensors files there"
        )
    model = f"{member.architecture} {member.backbone}".strip()
    return MemberInfo(member.name, model, member.weight, len(files) - len(missing), problem)
