"""Ensemble files: which models, how they listen, how they are blended. Free of torch."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from pydantic import Field, PrivateAttr, model_validator

from birdscope.core.config import Config, load
from birdscope.core.errors import CheckpointError, ConfigError, nearest
from birdscope.core.settings import Settings
from birdscope.core.windows import WINDOW_S
from birdscope.features.config import FrontEnd
from birdscope.nets.config import Architecture, Pooling

SUFFIXES = (".pth", ".safetensors")
DATASET = "dataset"
_NOT_CLASSES = ("row_id",)


class Member(Config):
    """Checkpoints that are asked the same way and averaged.

    What is None is taken from each checkpoint's own description (its sidecar, or the `cfg`
    of a public one).

    Attributes:
        name: Unique in the file.
        weight: In the blend; the weights are scaled to sum 1.
        checkpoints: A folder (every `.pth` and `.safetensors` in it, by name), a file, or a
            list of files, relative to the ensemble file.
        architecture: "timm_sed", "birdclef_model" or "sed".
        backbone: A timm name.
        front_end: A preset's name, or a table of its parameters.
        band_hz: Frequency limit (low, high) as test-time augmentation: mel bands outside
            are set to the window's minimum.
        context_s: Seconds of sound around the middle of each 5 s window that the net sees.
        pooling: "attention" (clip logits), "max" or "mean" of the central frames, "sliding"
            (windows of context_s every hop_s; frames averaged where windows overlap, then
            the maximum in each 5 s).
        hop_s: Seconds from one sliding window to the next; None takes half of the context.
        frame_shift: Frames of the delta-shift TTA of "max"; 0 leaves it out.
        through_half: Round weights to half precision first, as the public notebook does
            for its second member.
        classes: Labels of the outputs in order, a file of them, or "dataset".
    """

    name: str = Field(min_length=1)
    weight: float = Field(default=1.0, ge=0)
    checkpoints: str | tuple[str, ...]
    architecture: Architecture | None = None
    backbone: str | None = None
    front_end: str | FrontEnd | None = None
    band_hz: tuple[float, float] | None = None
    context_s: float | None = Field(default=None, ge=WINDOW_S)
    pooling: Pooling | None = None
    hop_s: float | None = Field(default=None, gt=0)
    frame_shift: int = Field(default=2, ge=0)
    through_half: bool = False
    classes: str | tuple[str, ...] | None = None


class EnsembleFile(Config):
    """An ensemble as a person writes it in `models/<name>.toml`.

    Attributes:
        name: What it is called.
        note: Free text.
        classes: Labels of the outputs in order, a file of them (one a line, or a CSV with
            the labels as columns like sample_submission.csv), or "dataset": the outputs
            follow the dataset's columns. A checkpoint or member that knows better wins.
        members: At least one.
        settings: The default post-processing stack.
    """

    name: str = "ensemble"
    note: str = ""
    classes: str | tuple[str, ...] = DATASET
    members: tuple[Member, ...] = Field(min_length=1)
    settings: Settings = Settings()
    _path: Path = PrivateAttr(default=Path("ensemble.toml"))

    @model_validator(mode="after")
    def _members_agree(self) -> EnsembleFile:
        names = [member.name for member in self.members]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two members are named {twice[0]!r}")
        if sum(member.weight for member in self.members) <= 0:
            raise ValueError("the members' weights must have a positive sum")
        used = [name for step in self.settings.steps for name in step.members or ()]
        for name in [*(self.settings.weights or {}), *used]:
            if name not in names:
                raise ValueError(f"settings name an unknown member {name!r}{nearest(name, names)}")
        return self

    @property
    def path(self) -> Path:
        """The file it was read from."""
        return self._path

    @property
    def folder(self) -> Path:
        """Where its relative paths begin."""
        return self._path.parent

    @property
    def weights(self) -> dict[str, float]:
        """Member → blend weight, scaled to sum 1."""
        total = sum(member.weight for member in self.members)
        return {member.name: member.weight / total for member in self.members}

    def files(self, member: Member) -> list[Path]:
        """The checkpoints of a member.

        Raises:
            CheckpointError: if a file or folder is missing, or the folder holds none.
        """
        given = member.checkpoints
        if isinstance(given, str) and (self.folder / given).is_dir():
            return _inside(self.folder / given, member, self._path)
        paths = [self.folder / name for name in ([given] if isinstance(given, str) else given)]
        for path in paths:
            if not path.is_file():
                raise _no_file(path, member, self._path)
        if not paths:
            raise ConfigError(f"member {member.name!r} lists no checkpoints", path=self._path)
        return paths

    def classes_of(self, member: Member) -> tuple[str, ...] | None:
        """The class list that the file gives for a member; None means the dataset's."""
        given = member.classes if member.classes is not None else self.classes
        if isinstance(given, tuple):
            return given
        return None if given == DATASET else read_classes(self.folder / given)


def load_ensemble(path: Path) -> EnsembleFile:
    """Read an ensemble file; weights are not looked at yet.

    Raises:
        ConfigError: names the file, the key, the value and what is allowed.
    """
    ensemble = load(EnsembleFile, Path(path))
    ensemble._path = Path(path)
    return ensemble


def read_classes(path: Path) -> tuple[str, ...]:
    """Class labels of a file: one a line; or of a CSV, its columns after `row_id`.

    A CSV with a column `primary_label` (taxonomy.csv) gives that column's values.

    Raises:
        ConfigError: if it is missing, empty, or names a class twice.
    """
    try:
        with open(path, encoding="utf-8", newline="") as file:
            labels = _csv_classes(file) if path.suffix == ".csv" else _lines(file)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"the list of classes can't be read: {error}",
            path=path,
            remedy="give one label a line in the order of the model's outputs",
        ) from error
    if not labels or len(set(labels)) != len(labels):
        raise ConfigError(
            "lists no classes" if not labels else "lists a class twice",
            path=path,
            remedy="give each label once, in the order of the model's outputs",
        )
    return tuple(labels)


def _lines(file: Iterable[str]) -> list[str]:
    return [line.strip() for line in file if line.strip()]


def _csv_classes(file: Iterable[str]) -> list[str]:
    rows = csv.reader(file)
    header = next(rows, [])
    if "primary_label" in header:
        column = header.index("primary_label")
        return [row[column] for row in rows if len(row) > column]
    return [name for name in header if name not in _NOT_CLASSES]


def _inside(folder: Path, member: Member, path: Path) -> list[Path]:
    found = sorted(
        one for one in folder.iterdir() if one.suffix in SUFFIXES and not one.name.startswith(".")
    )
    if not found:
        raise CheckpointError(
            f"holds no .pth or .safetensors file for member {member.name!r}",
            path=folder,
            remedy=f"put its checkpoints there, or correct `checkpoints` in {path}",
        )
    return found


def _no_file(wanted: Path, member: Member, path: Path) -> CheckpointError:
    near = nearest(wanted.name, [one.name for one in _siblings(wanted)])
    return CheckpointError(
        f"the checkpoints of member {member.name!r} are missing{near}",
        path=wanted,
        remedy=f"put them there, or correct `checkpoints` in {path}",
    )


def _siblings(path: Path) -> list[Path]:
    return list(path.parent.iterdir()) if path.parent.is_dir() else []
