"""Post-processing settings that a person keeps: `sessions/<s>/settings/<name>.toml`, one a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from birdscope.core import atomic, config
from birdscope.core.errors import ConfigError, SessionError, UsageError, nearest
from birdscope.core.settings import Settings
from birdscope.postprocess.baselines import NAMES
from birdscope.session.names import fits_a_file

FOLDER = "settings"


@dataclass(frozen=True, slots=True)
class SavedEntry:
    """One file of the folder.

    Attributes:
        name: Its name, also the settings'.
        path: Where it is.
        settings: What it says; None where it can't be read.
        problem: Why not; empty where it can.
    """

    name: str
    path: Path
    settings: Settings | None
    problem: str = ""


class SavedSettings:
    """The settings of a session.

    Args:
        session_folder: The session's.
        read_only: Another process holds the session: nothing is written.
    """

    def __init__(self, session_folder: Path, *, read_only: bool = False):
        self.folder = Path(session_folder) / FOLDER
        self._read_only = read_only

    def list(self) -> tuple[SavedEntry, ...]:
        """All of them by name; a damaged file is listed with what is wrong."""
        return tuple(_entry(path) for path in sorted(self.folder.glob("*.toml")))

    def load(self, name: str) -> Settings:
        """Some of them, under the name of their file.

        Raises:
            UsageError: there are none of that name; says the nearest.
            ConfigError: the file is not valid; names the key and what is allowed.
        """
        return _read(self._existing(name))

    def save(self, settings: Settings, *, replace: bool = False) -> Path:
        """Keep settings under their own name; returns the file.

        Raises:
            UsageError: the name can't be a file's, is a built-in one, or is taken and
                `replace` was not asked for.
            SessionError: the session is read-only, or the disk refuses.
        """
        path = self.check_free(settings.name, replace=replace)
        self._write(path, settings)
        return path

    def check_free(self, name: str, *, replace: bool = False) -> Path:
        """The file that settings of this name would get; raises as `save`."""
        self._check_writable()
        path = self._path(name)
        if path.exists() and not replace:
            raise UsageError(
                f"there are settings {name!r} already, and nothing is overwritten",
                path=path,
                remedy="choose another name, or delete those first",
            )
        return path

    def rename(self, name: str, new: str) -> Path:
        """Give settings another name; returns the file. Raises as `load` and `save`."""
        self._check_writable()
        path, settings = self._existing(name), self.load(name)
        if new == name:
            return path
        made = self.save(settings.model_copy(update={"name": new}))
        self._remove(path)
        return made

    def delete(self, name: str) -> bytes:
        """Forget settings; returns what stood in their file, for `put_back`.

        Raises:
            UsageError: there are none of that name; says the nearest.
            SessionError: the session is read-only, or the disk refuses.
        """
        self._check_writable()
        path = self._existing(name)
        try:
            body = path.read_bytes()
        except OSError as error:
            raise SessionError(f"can't be read: {error.strerror or error}", path=path) from error
        self._remove(path)
        return body

    def put_back(self, name: str, body: bytes) -> None:
        """Bring deleted settings back as they were, damaged ones too. Raises as `save`."""
        path = self.check_free(name)
        try:
            with atomic.replacing(path) as temporary:
                temporary.write_bytes(body)
        except OSError as error:
            raise SessionError(f"can't be written: {error.strerror or error}", path=path) from error

    def _existing(self, name: str) -> Path:
        path = self._path(name)
        if not path.is_file():
            names = [entry.stem for entry in self.folder.glob("*.toml")]
            raise UsageError(
                f"there are no settings {name!r} in this session{nearest(name, names)}",
                remedy=f"there are {', '.join(sorted(names))}" if names else "save some first",
            )
        return path

    def _path(self, name: str) -> Path:
        if not fits_a_file(name):
            raise UsageError(
                f"settings can't be called {name!r}",
                remedy="use letters, digits, spaces and . + - _, beginning with a letter or digit",
            )
        if name in NAMES:
            raise UsageError(
                f"{name!r} is the name of settings that are always there",
                remedy="choose another name",
            )
        return self.folder / f"{name}.toml"

    def _write(self, path: Path, settings: Settings) -> None:
        import tomlkit

        body = settings.model_dump(mode="json", exclude_none=True)
        try:
            atomic.write_text(path, tomlkit.dumps(body))
        except OSError as error:
            raise SessionError(f"can't be written: {error.strerror or error}", path=path) from error

    def _remove(self, path: Path) -> None:
        try:
            path.unlink()
        except OSError as error:
            raise SessionError(f"can't be deleted: {error.strerror or error}", path=path) from error

    def _check_writable(self) -> None:
        if self._read_only:
            raise SessionError(
                "the session is open in another birdscope: read-only here",
                path=self.folder.parent,
                remedy="save there, or start with another --session",
            )


def _read(path: Path) -> Settings:
    return config.load(Settings, path).model_copy(update={"name": path.stem})


def _entry(path: Path) -> SavedEntry:
    try:
        return SavedEntry(path.stem, path, _read(path))
    except ConfigError as error:
        return SavedEntry(path.stem, path, None, error.what)
