"""What files a dataset folder has, by listing folders: no file is opened."""

from __future__ import annotations

import os
from pathlib import Path

from birdscope.core.errors import DatasetError
from birdscope.core.types import SPLITS

TABLES = ("train.csv", "taxonomy.csv", "sample_submission.csv")
AUDIO_SUFFIXES = (".ogg", ".wav", ".flac", ".mp3")


def check_folder(root: Path) -> None:
    """Make sure that `root` is a dataset.

    Raises:
        DatasetError: if it is missing, no folder, or has no part of a BirdCLEF dataset.
    """
    if not root.exists():
        raise DatasetError(
            "there is no such folder",
            path=root,
            remedy="check --data; `birdscope demo` makes a dataset to try things on",
        )
    if not root.is_dir():
        raise DatasetError(
            "is not a folder", path=root, remedy="give the folder that holds train.csv"
        )
    if not _has_part(root):
        raise DatasetError(
            "is not a BirdCLEF dataset: it has none of " + ", ".join((*TABLES, *SPLITS)),
            path=root,
            remedy=_remedy(root),
        )


def _has_part(root: Path) -> bool:
    return any((root / part).exists() for part in (*TABLES, *SPLITS))


def _remedy(root: Path) -> str:
    """Point to a dataset one level down, where unzipping often puts it."""
    try:
        inner = [one for one in sorted(root.iterdir())[:200] if one.is_dir() and _has_part(one)]
    except OSError:
        inner = []
    if inner:
        return f"the dataset seems to be inside it: use --data {inner[0]}"
    return "give the folder of the unpacked download; `birdscope demo` makes a synthetic one"


def audio_names(folder: Path) -> list[str]:
    """Sorted names of the sound files directly in a folder; empty where it is missing."""
    try:
        with os.scandir(folder) as entries:
            names = [one.name for one in entries]
    except OSError:
        return []
    return sorted(
        name for name in names if name.lower().endswith(AUDIO_SUFFIXES) and name[0] != "."
    )


def subfolders(folder: Path) -> list[str]:
    """Sorted names of the folders in a folder; empty where it is missing."""
    try:
        with os.scandir(folder) as entries:
            return sorted(one.name for one in entries if one.is_dir() and one.name[0] != ".")
    except OSError:
        return []
