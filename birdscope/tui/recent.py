"""The datasets opened lately, newest first; kept in the cache folder."""

from __future__ import annotations

import json
from pathlib import Path

from birdscope.core import atomic, paths

_KEPT = 6


def known_datasets() -> list[Path]:
    """Datasets that are still there: opened lately, and the demo set."""
    found = [*_read(), paths.demo_dataset()]
    return [one for one in dict.fromkeys(found) if one.is_dir()]


def remember(folder: Path) -> None:
    """Put a dataset first. A cache folder that can't be written is no reason to stop."""
    resolved = folder.resolve()
    others = [one for one in _read() if one != resolved]
    text = json.dumps([str(one) for one in [resolved, *others][:_KEPT]], indent=1)
    try:
        atomic.write_text(_file(), text)
    except OSError:
        return


def _file() -> Path:
    return paths.cache() / "recent-datasets.json"


def _read() -> list[Path]:
    try:
        return [Path(one) for one in json.loads(_file().read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return []
