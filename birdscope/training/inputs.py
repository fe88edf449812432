"""What a stage takes over from the stages before it; can be sent to other processes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from birdscope.core.errors import TrainingError
from birdscope.training.recipe import DistillConfig, PseudoConfig


@dataclass(frozen=True)
class Inputs:
    """What a stage begins from; the default is nothing.

    Attributes:
        init: Weights to begin from, by the model's name (`run_folder.Unit.name`); "" is for
            every model.
        teachers: Checkpoints to follow, by the model's name; "" is for every model.
        distill: How they are followed.
        labels: A folder of pseudo labels.
        pseudo: How those are used.
        parents: What the checkpoints come from, beside the dataset.
        avoid: Classes whose clips are left out: the main dataset's, in pretraining.
    """

    init: Mapping[str, Path] = field(default_factory=dict)
    teachers: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    distill: DistillConfig | None = None
    labels: Path | None = None
    pseudo: PseudoConfig | None = None
    parents: tuple[str, ...] = ()
    avoid: tuple[str, ...] = ()

    def init_of(self, unit: str) -> Path | None:
        """The weights that a model begins from."""
        return self.init.get(unit, self.init.get(""))

    def teachers_of(self, unit: str) -> tuple[Path, ...]:
        """The checkpoints that a model follows."""
        return self.teachers.get(unit, self.teachers.get("", ()))

    def deciding(self) -> dict[str, Any]:
        """All of it that decides what is trained, for JSON and TOML."""
        return {
            "distill": self.distill.model_dump(mode="json") if self.distill else None,
            "pseudo": self.pseudo.model_dump(mode="json") if self.pseudo else None,
            "parents": list(self.parents),
            "avoid": list(self.avoid),
        }


NOTHING = Inputs()


def file_fingerprint(path: Path) -> str:
    """The first 16 digits of a file's SHA-256.

    Raises:
        TrainingError: if it can't be read.
    """
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError as error:
        raise TrainingError(f"can't be read: {error}", path=path) from error
