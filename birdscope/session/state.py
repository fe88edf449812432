"""`session.toml`: where the user was, as a file a person can read and edit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from birdscope.core import atomic, config
from birdscope.core.config import Config
from birdscope.core.errors import ConfigError
from birdscope.core.settings import Settings


class SessionState(Config):
    """What is remembered between two runs.

    Attributes:
        dataset: Folder of the dataset last opened; empty before the first.
        ensemble: Ensemble file last chosen; empty before the first.
        tab: Id of the tab last shown.
        recording: Key of the recording last shown.
        position_s: Where in it, in seconds.
        volume: Playback volume, 0 to 1.
        settings: Post-processing of the session; None takes the ensemble's default.
    """

    dataset: str = ""
    ensemble: str = ""
    tab: str = "browse"
    recording: str = ""
    position_s: Annotated[float, Field(ge=0)] = 0.0
    volume: Annotated[float, Field(ge=0, le=1)] = 0.8
    settings: Settings | None = None


def load_state(path: Path) -> SessionState:
    """Read session.toml; a missing file gives the defaults.

    Raises:
        ConfigError: names the file, the key and what is allowed.
    """
    return config.load(SessionState, path) if path.exists() else SessionState()


def save_state(path: Path, state: SessionState) -> None:
    """Write session.toml whole or not at all; a person's comments in it stay."""
    import tomlkit

    document = tomlkit.parse(path.read_text("utf-8")) if path.exists() else tomlkit.document()
    values = _plain(state.model_dump(mode="json"))
    for key in [key for key in document if key not in values]:
        del document[key]
    for key, value in values.items():
        if key not in document or document[key] != value:
            document[key] = value
    atomic.write_text(path, tomlkit.dumps(document))


def changed(state: SessionState, changes: dict[str, Any]) -> SessionState:
    """The state with some keys replaced, validated.

    Raises:
        ConfigError: an unknown key or a value that is not allowed.
    """
    unknown = set(changes) - set(SessionState.model_fields)
    if unknown:
        raise ConfigError(f"a session has no key {sorted(unknown)[0]!r}")
    return config.parse(SessionState, {**dict(state), **changes})


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """Drop None, which TOML can't say."""
    return {
        key: _plain(item) if isinstance(item, dict) else _plain_list(item)
        for key, item in value.items()
        if item is not None
    }


def _plain_list(item: Any) -> Any:
    if not isinstance(item, list):
        return item
    return [_plain(one) if isinstance(one, dict) else one for one in item]
