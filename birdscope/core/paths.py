"""Where birdscope keeps things. Nothing is ever written into a dataset folder."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def home() -> Path:
    """The folder that holds models/ and sessions/.

    `BIRDSCOPE_HOME` if set; else the source checkout when birdscope runs from one; else
    the current folder.
    """
    given = os.environ.get("BIRDSCOPE_HOME")
    if given:
        return Path(given).expanduser().resolve()
    return PROJECT if (PROJECT / "pyproject.toml").is_file() else Path.cwd()


def models() -> Path:
    """The folder of ensemble files and weights."""
    return home() / "models"


def sessions() -> Path:
    """The folder of sessions."""
    return home() / "sessions"


def demo_dataset() -> Path:
    """Where `make demo` puts the synthetic dataset."""
    return home() / "sessions" / "demo-data"


def cache() -> Path:
    """A folder for what can be made again: catalog caches, converted models."""
    given = os.environ.get("BIRDSCOPE_CACHE") or os.environ.get("XDG_CACHE_HOME")
    root = Path(given).expanduser() if given else Path.home() / ".cache"
    return root if os.environ.get("BIRDSCOPE_CACHE") else root / "birdscope"
