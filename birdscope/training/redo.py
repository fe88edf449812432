"""Train a stage anew, with the pseudo labels that a person went through."""

from __future__ import annotations

import shutil
from pathlib import Path

from birdscope.core.config import read_toml
from birdscope.core.errors import TrainingError

_RECIPE, _STAGES, _PSEUDO, _TEACHER = "recipe.toml", "stages", "pseudo", "teacher.toml"


def forget_from(run: Path, stage: str) -> None:
    """Delete what a stage and those after it trained; the stage's own pseudo labels stay.

    Resuming the run trains them again. The caller sees to it that nobody trains meanwhile.

    Raises:
        TrainingError: if the run has no such stage, or a file can't be deleted.
        ConfigError: if its recipe can't be read.
    """
    stages = read_toml(run / _RECIPE).get("recipe", {}).get("stages", [])
    names = [one["name"] for one in stages]
    if stage not in names:
        raise TrainingError(f"there is no stage {stage!r}", path=run)
    first = names.index(stage)
    try:
        for number in range(len(names) - 1, first - 1, -1):
            folder = run / _STAGES / f"{number + 1}-{names[number].replace(' ', '-')}"
            _clear(folder, keep=(_PSEUDO, _TEACHER) if number == first else ())
    except OSError as error:
        raise TrainingError(f"can't be deleted: {error}", path=run) from error


def _clear(folder: Path, keep: tuple[str, ...]) -> None:
    if not folder.is_dir():
        return
    for one in sorted(folder.iterdir()):
        if one.name in keep:
            continue
        if one.is_dir():
            shutil.rmtree(one)
        else:
            one.unlink()
