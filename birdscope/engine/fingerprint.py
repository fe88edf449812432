"""The fingerprint of an ensemble: what decides its raw scores, and nothing else."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from birdscope.core.config import read_toml

WEIGHTS = (".pth", ".safetensors")
SETTINGS_KEYS = ("name", "note", "settings")
MEMBER_SETTINGS_KEYS = ("weight",)


def ensemble_fingerprint(ensemble: Path) -> str:
    """Hash of the members and of every byte of their weights, 64 hexadecimal digits.

    Blend weights and post-processing are left out: they change what is shown of the scores,
    not the scores.

    Raises:
        ConfigError: the file is missing or not TOML.
    """
    body = {key: one for key, one in read_toml(ensemble).items() if key not in SETTINGS_KEYS}
    members = [
        {key: one for key, one in member.items() if key not in MEMBER_SETTINGS_KEYS}
        for member in body.pop("members", [])
    ]
    total = hashlib.sha256(json.dumps([body, members], sort_keys=True, default=str).encode())
    for path in weight_files(ensemble.parent, members):
        total.update(path.name.encode())
        if path.is_file():
            status = path.stat()
            total.update(_file_digest(path, status.st_size, status.st_mtime_ns))
    return total.hexdigest()


def weight_files(folder: Path, members: list[dict[str, Any]]) -> list[Path]:
    """Every file of weights that the members name, folders opened, in order."""
    found: list[Path] = []
    for member in members:
        given = member.get("checkpoints", [])
        for name in [given] if isinstance(given, str) else given:
            path = folder / str(name)
            inside = sorted(path.iterdir()) if path.is_dir() else [path]
            found += [one for one in inside if one.suffix in WEIGHTS]
    return found


@lru_cache(maxsize=256)
def _file_digest(path: Path, size: int, modified_ns: int) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
