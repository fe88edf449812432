"""Names of sessions, and the folders behind them."""

from __future__ import annotations

import re
from pathlib import Path

from birdscope.core.errors import UsageError, nearest

STATE_FILE = "session.toml"
RESERVED = ("archives", "demo-data")
"""Folders beside the sessions that are none: zip files, the synthetic dataset."""


def checked_name(name: str) -> str:
    """The name, if a session can be called that.

    Raises:
        UsageError: it can't be a folder's name, or another folder has it.
    """
    if not fits_a_file(name):
        raise UsageError(
            f"a session can't be called {name!r}",
            remedy="use letters, digits, spaces and . + - _, beginning with a letter or digit",
        )
    if name in RESERVED:
        raise UsageError(
            f"a session can't be called {name!r}: that folder is for something else",
            remedy="choose another name",
        )
    return name


def fits_a_file(name: str) -> bool:
    """Whether a name can be that of a file or folder on any system."""
    return bool(re.fullmatch(r"[\w][\w .+-]{0,99}", name)) and not name.endswith((" ", "."))


def list_sessions(root: Path) -> list[str]:
    """Names of the sessions in `root`, the last used first."""
    states = [path for path in Path(root).glob(f"*/{STATE_FILE}") if path.is_file()]
    states = [path for path in states if not path.parent.name.startswith(".")]
    states.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    return [path.parent.name for path in states]


def folder_of(root: Path, name: str) -> Path:
    """The folder of a session that exists.

    Raises:
        UsageError: there is none of that name; says the nearest.
    """
    folder = Path(root) / checked_name(name)
    if not (folder / STATE_FILE).is_file():
        raise UsageError(
            f"there is no session {name!r}{nearest(name, list_sessions(root))}",
            remedy="`birdscope sessions list` shows them",
        )
    return folder
