"""A session folder: opened, locked, remembered."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import IO, Any

from birdscope.core.errors import ConfigError
from birdscope.session import lock
from birdscope.session.names import STATE_FILE, checked_name, list_sessions
from birdscope.session.state import SessionState, changed, load_state, save_state, set_aside

__all__ = ["STATE_FILE", "Session", "job_scores_folder", "list_sessions", "scores_folder"]


class Session:
    """One folder `sessions/<name>/`, written by one process at a time.

    A second process gets the session read-only: it sees everything, `notice` says who holds
    it, and nothing it does is written here. (A job has a folder of its own, so it may be
    started all the same.)

    Attributes:
        name: Its name, also the folder's.
        folder: Where it is.
        notice: Why it is read-only; empty where it is not.
        warning: What was wrong with its session.toml; empty where nothing was.
        problem: Why the latest state is not on the disk; empty where it is.
    """

    def __init__(
        self,
        folder: Path,
        state: SessionState,
        held: IO[bytes] | None,
        notice: str = "",
        warning: str = "",
    ):
        self.name = folder.name
        self.folder = folder
        self.notice = notice
        self.warning = warning
        self.problem = ""
        self._state = state
        self._held = held
        self._changing = threading.Lock()

    @classmethod
    def open(cls, root: Path, name: str = "default") -> Session:
        """Open `root/name`, and create it where it is new.

        A session.toml that is not valid is kept aside and a fresh one begun; `warning` says so.

        Raises:
            UsageError: the name can't be a folder's name.
        """
        folder = Path(root) / checked_name(name)
        held, notice = lock.take(folder)
        state, warning = _state_of(folder / STATE_FILE, may_write=held is not None)
        session = cls(folder, state, held, notice, warning)
        if held is not None and not (folder / STATE_FILE).exists():
            session._save()
        return session

    @property
    def state(self) -> SessionState:
        """What is remembered; frozen, see `update`."""
        return self._state

    @property
    def read_only(self) -> bool:
        """True where another process holds the session, or this one closed it."""
        return self._held is None

    def update(self, **changes: Any) -> None:
        """Remember some keys of the state; written at once, unless read-only. Thread-safe.

        A disk that refuses is no error: `problem` says so, and the next update tries again.

        Raises:
            ConfigError: an unknown key or a value that is not allowed.
        """
        with self._changing:
            state = changed(self._state, changes)
            if state == self._state and not self.problem:
                return
            self._state = state
            if not self.read_only:
                self._save()

    def scores_folder(self, dataset: str, ensemble: str) -> Path:
        """Where the scores of an ensemble on a dataset belong.

        Args:
            dataset: Fingerprint of the dataset.
            ensemble: Fingerprint of the ensemble.
        """
        return scores_folder(self.folder, dataset, ensemble)

    def job_scores_folder(self, dataset: str, ensemble: str) -> Path:
        """Where jobs keep the scores of an ensemble on a dataset; arguments as above."""
        return job_scores_folder(self.folder, dataset, ensemble)

    def close(self) -> None:
        """Give the session to whoever wants it next."""
        with self._changing:
            if self._held is not None:
                self._held.close()
                self._held = None

    def _save(self) -> None:
        path = self.folder / STATE_FILE
        try:
            save_state(path, self._state)
        except OSError as error:
            self.problem = f"{path} can't be written: {error.strerror or error}"
        else:
            self.problem = ""


def job_scores_folder(session_folder: Path, dataset: str, ensemble: str) -> Path:
    """`scores-jobs/<ensemble>/<dataset>`: jobs keep theirs below it, by code and part."""
    return Path(session_folder) / "scores-jobs" / ensemble[:16] / dataset[:16]


def scores_folder(session_folder: Path, dataset: str, ensemble: str) -> Path:
    """`scores/<ensemble>/<dataset>` in a session, by their fingerprints."""
    return Path(session_folder) / "scores" / ensemble[:16] / dataset[:16]


def _state_of(path: Path, *, may_write: bool) -> tuple[SessionState, str]:
    """The state on disk, or a fresh one and why."""
    try:
        return load_state(path), ""
    except ConfigError as error:
        where = "as it is"
        if may_write:
            try:
                where = f"as {set_aside(path).name}"
            except OSError:
                where = "until something new is remembered"
        return SessionState(), f"{path} {error.what}\n  → begun afresh; the file is kept {where}"
