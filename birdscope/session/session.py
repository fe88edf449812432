"""A session folder: opened, locked, remembered."""

from __future__ import annotations

import fcntl
import os
import re
import threading
from pathlib import Path
from typing import IO, Any

from birdscope.core.errors import UsageError
from birdscope.session.state import SessionState, changed, load_state, save_state

STATE_FILE = "session.toml"
LOCK_FILE = ".lock"


class Session:
    """One folder `sessions/<name>/`, held by one process at a time.

    A second process gets the session read-only: it sees everything, `notice` says who holds
    it, and nothing it does is written.

    Attributes:
        name: Its name, also the folder's.
        folder: Where it is.
        notice: Why it is read-only; empty where it is not.
    """

    def __init__(self, folder: Path, state: SessionState, lock: IO[str] | None, notice: str):
        self.name = folder.name
        self.folder = folder
        self.notice = notice
        self._state = state
        self._lock = lock
        self._changing = threading.Lock()

    @classmethod
    def open(cls, root: Path, name: str = "default") -> Session:
        """Open `root/name`, and create it where it is new.

        Raises:
            UsageError: the name can't be a folder's name.
            ConfigError: its session.toml is not valid.
        """
        folder = Path(root) / _checked(name)
        folder.mkdir(parents=True, exist_ok=True)
        lock, notice = _lock(folder)
        try:
            state = load_state(folder / STATE_FILE)
        except BaseException:
            if lock is not None:
                lock.close()
            raise
        return cls(folder, state, lock, notice)

    @property
    def state(self) -> SessionState:
        """What is remembered; frozen, see `update`."""
        return self._state

    @property
    def read_only(self) -> bool:
        """True where another process holds the session, or this one closed it."""
        return self._lock is None

    def update(self, **changes: Any) -> None:
        """Remember some keys of the state; written at once, unless read-only. Thread-safe.

        Raises:
            ConfigError: an unknown key or a value that is not allowed.
        """
        with self._changing:
            state = changed(self._state, changes)
            if state == self._state:
                return
            self._state = state
            if not self.read_only:
                save_state(self.folder / STATE_FILE, state)

    def scores_folder(self, dataset: str, ensemble: str) -> Path:
        """Where the scores of an ensemble on a dataset belong.

        Args:
            dataset: Fingerprint of the dataset.
            ensemble: Fingerprint of the ensemble.
        """
        return scores_folder(self.folder, dataset, ensemble)

    def close(self) -> None:
        """Give the session to whoever wants it next."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def scores_folder(session_folder: Path, dataset: str, ensemble: str) -> Path:
    """`scores/<ensemble>/<dataset>` in a session, by their fingerprints."""
    return Path(session_folder) / "scores" / ensemble[:16] / dataset[:16]


def list_sessions(root: Path) -> list[str]:
    """Names of the sessions in `root`, the last used first."""
    states = [path for path in Path(root).glob(f"*/{STATE_FILE}") if path.is_file()]
    states.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    return [path.parent.name for path in states]


def _checked(name: str) -> str:
    if not re.fullmatch(r"[\w][\w .+-]{0,99}", name):
        raise UsageError(
            f"a session can't be called {name!r}",
            remedy="use letters, digits, spaces and . + - _, beginning with a letter or digit",
        )
    return name


def _lock(folder: Path) -> tuple[IO[str] | None, str]:
    """The held lock and no notice, or none and the reason."""
    try:
        file = (folder / LOCK_FILE).open("a+", encoding="ascii")
    except OSError as error:
        return None, f"session {folder.name!r} can't be written ({error.strerror}): read-only"
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        return None, (
            f"session {folder.name!r} is open in another birdscope (process {holder}): "
            "read-only here, nothing new is kept"
        )
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file, ""
