"""Folders as an archive names them: nothing in it says where a machine keeps its files."""

from __future__ import annotations

from pathlib import Path

from birdscope.core import atomic, paths
from birdscope.session.state import load_state

_PLACES = ("dataset", "ensemble")


def portable_state(path: Path) -> str:
    """The text of a session.toml with its folders named from birdscope's home, or by name only.

    Raises:
        ConfigError: the file is not valid.
    """
    import tomlkit

    load_state(path)
    document = tomlkit.parse(path.read_text("utf-8"))
    for key in _PLACES:
        text = str(document.get(key, ""))
        if Path(text).is_absolute():
            document[key] = _portable(Path(text))
    return tomlkit.dumps(document)


def settle_state(path: Path) -> None:
    """Name the folders of a restored session.toml as they are called on this machine.

    One that is not here keeps its portable name, by which the dataset is known again.

    Raises:
        ConfigError: the file is not valid.
    """
    import tomlkit

    load_state(path)
    document = tomlkit.parse(path.read_text("utf-8"))
    for key in _PLACES:
        text = str(document.get(key, ""))
        here = paths.home() / text
        if text and not Path(text).is_absolute() and here.exists():
            document[key] = str(here)
    atomic.write_text(path, tomlkit.dumps(document))


def _portable(path: Path) -> str:
    home = paths.home()
    return path.relative_to(home).as_posix() if path.is_relative_to(home) else path.name
