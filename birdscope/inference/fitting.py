"""Whether an ensemble speaks of a dataset's classes. Free of torch; reads headers only."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from birdscope.core.config import read_toml
from birdscope.core.errors import BirdscopeError, ConfigError
from birdscope.inference.ensemble import load_ensemble

_HEADER_LIMIT = 16 * 2**20


def fits(path: Path, dataset: Collection[str] | None) -> bool:
    """Whether an ensemble can predict something of a dataset.

    Its weights have to be there, and each checkpoint whose classes are known has to share one
    with the dataset; a checkpoint that doesn't tell its classes is given the benefit of doubt.

    Args:
        path: An ensemble file.
        dataset: Labels of the dataset's columns; None asks for the weights alone.
    """
    try:
        ensemble = load_ensemble(path)
        for member in ensemble.members:
            listed = ensemble.classes_of(member)
            for file in ensemble.files(member):
                known = checkpoint_classes(file) or listed
                if known and dataset is not None and set(known).isdisjoint(dataset):
                    return False
    except (BirdscopeError, OSError, ValueError):
        return False
    return True


def own_classes(path: Path) -> tuple[str, ...]:
    """Labels that an ensemble's checkpoints know, where no dataset says which are wanted.

    Raises:
        ConfigError: the ensemble file is wrong, or none of its checkpoints tells its classes.
    """
    ensemble = load_ensemble(path)
    found: dict[str, None] = {}
    for member in ensemble.members:
        listed = ensemble.classes_of(member)
        for file in ensemble.files(member):
            found.update(dict.fromkeys(checkpoint_classes(file) or listed or ()))
    if not found:
        raise ConfigError(
            "its checkpoints don't tell their classes, and no dataset does",
            path=path,
            remedy="open a dataset with --data, or choose another ensemble",
        )
    return tuple(found)


def checkpoint_classes(path: Path) -> tuple[str, ...] | None:
    """Labels of a checkpoint's outputs, from its sidecar or else its header; None if unknown.

    Raises:
        ConfigError: if the sidecar is not TOML.
        OSError: if the file can't be read.
        ValueError: if it is a damaged safetensors file.
    """
    sidecar = path.with_suffix(".toml")
    body = read_toml(sidecar) if sidecar.is_file() else _header(path)
    classes = body.get("classes")
    return tuple(map(str, classes)) if isinstance(classes, list) else None


def _header(path: Path) -> dict[str, Any]:
    """What our weights say of themselves: JSON in the metadata of the safetensors header."""
    if path.suffix != ".safetensors":
        return {}
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if size > _HEADER_LIMIT:
            raise ValueError(f"{path}: a header of {size} bytes")
        header = json.loads(file.read(size))
    text = header.get("__metadata__", {}).get("birdscope")
    body = json.loads(text) if text else {}
    return body if isinstance(body, dict) else {}
