"""Verdicts of a session, in `verdicts.sqlite`: each one is on the disk when `put` returns.

SQLite in WAL mode with synchronous=FULL, one transaction a change. Nothing is overwritten: a
table row is added for every answer, the latest of an annotator for a window and a species
counts, and one that was undone is marked. The version of the table is in `user_version`.
"""

from __future__ import annotations

import getpass
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from birdscope.core.errors import SessionError
from birdscope.core.verdicts import Verdict
from birdscope.session.verdict_file import (
    COLUMNS,
    PLACES,
    VERDICTS_FILE,
    begin_again,
    connect,
    look,
    refused,
)

__all__ = ["VERDICTS_FILE", "Counts", "Verdicts", "default_annotator", "now"]

_LATEST = f"""
SELECT {COLUMNS} FROM verdicts AS one WHERE undone_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM verdicts AS later
    WHERE later.label = one.label AND later.recording = one.recording
    AND later."index" = one."index" AND later.annotator = one.annotator
    AND later.id > one.id AND later.undone_at IS NULL
)
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many verdicts of each answer a species has."""

    yes: int = 0
    no: int = 0
    maybe: int = 0
    correct: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.yes + self.no + self.maybe + self.correct


def now() -> str:
    """The time as verdicts keep it: UTC with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def default_annotator() -> str:
    """Who sits here: BIRDSCOPE_ANNOTATOR, else the name of the login."""
    named = os.environ.get("BIRDSCOPE_ANNOTATOR", "").strip()
    if named:
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "annotator"


class Verdicts:
    """The verdicts of one session; every method may be called from any thread.

    Attributes:
        path: The file.
        read_only: Whether this process may only look.
        notice: What was wrong with the file and where the old one is; empty where nothing was.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection | None, read_only: bool):
        self.path = path
        self.read_only = read_only
        self.notice = ""
        self._connection = connection
        self._lock = threading.RLock()

    @classmethod
    def open(cls, session_folder: Path, *, read_only: bool = False) -> Verdicts:
        """Open a session's verdicts; the file is made where it is new.

        A damaged file is set aside, what can be read of it is taken over, and `notice` says so.

        Args:
            session_folder: The session's folder.
            read_only: Look, don't write (a session that another process holds); a missing file
                is no verdicts.

        Raises:
            SessionError: the file can't be opened or was written by a newer birdscope.
        """
        path = Path(session_folder) / VERDICTS_FILE
        verdicts = cls(path, None, read_only)
        if read_only:
            verdicts._connection = look(path)
            return verdicts
        try:
            verdicts._connection = connect(path)
        except sqlite3.OperationalError as error:
            raise refused(path, error) from error
        except sqlite3.DatabaseError as error:
            verdicts._connection, verdicts.notice = begin_again(path, error)
        return verdicts

    def put(self, verdict: Verdict) -> None:
        """Keep a verdict; it is on the disk when this returns.

        A window that a queue drew by chance, judged again without one, stays part of that
        sample: whoever corrects an answer must not make the sample unfair.

        Raises:
            SessionError: read-only, or the disk refuses; then nothing was kept.
        """
        with self._lock:
            earlier = self._mine(verdict) if verdict.sampling_probability is None else None
            if earlier is not None and earlier.sampling_probability is not None:
                verdict = replace(
                    verdict,
                    queue=earlier.queue,
                    sampling_probability=earlier.sampling_probability,
                )
            self.put_all((verdict,))

    def put_all(self, verdicts: Iterable[Verdict]) -> int:
        """Keep many in one transaction, all or none; gives how many.

        Raises:
            SessionError: as `put`.
        """
        rows = [astuple(one) for one in verdicts]
        with self._writing() as connection:
            connection.executemany(f"INSERT INTO verdicts ({COLUMNS}) VALUES ({PLACES})", rows)
        return len(rows)

    def undo(self, annotator: str) -> Verdict | None:
        """Take back the last verdict that this annotator gave by hand; None if there is none.

        The one before it, of the same window and species, counts again. Imports stay.

        Raises:
            SessionError: as `put`.
        """
        with self._writing() as connection:
            found = connection.execute(
                f"SELECT id, {COLUMNS} FROM verdicts WHERE annotator = ? AND undone_at IS NULL "
                "AND origin = '' ORDER BY id DESC LIMIT 1",
                (annotator,),
            ).fetchone()
            if found is None:
                return None
            number, *values = found
            connection.execute("UPDATE verdicts SET undone_at = ? WHERE id = ?", (now(), number))
        return Verdict(*values)

    def all(self) -> list[Verdict]:
        """Every verdict that counts, in the order they were given."""
        return self._latest("", ())

    def of(self, label: str) -> list[Verdict]:
        """The verdicts that count and tell of a species, also those corrected to it.

        In the order they were given; `Verdict.says(label)` tells which is which.
        """
        return self._latest("AND (label = ? OR corrected_label = ?)", (label, label))

    def for_recording(self, key: str) -> list[Verdict]:
        """The verdicts that count about windows of a recording, in the order they were given."""
        return self._latest("AND recording = ?", (key,))

    def history(self, recording: str, index: int) -> list[Verdict]:
        """Every answer ever given about a window, the first first, undone ones included."""
        return self._read(
            f'SELECT {COLUMNS} FROM verdicts WHERE recording = ? AND "index" = ? ORDER BY id',
            (recording, index),
        )

    def counts(self) -> Mapping[str, Counts]:
        """Species → how many verdicts of each answer count."""
        found: dict[str, dict[str, int]] = {}
        for one in self.all():
            of_label = found.setdefault(one.label, {})
            of_label[one.answer] = of_label.get(one.answer, 0) + 1
        return {label: Counts(**by_answer) for label, by_answer in found.items()}

    def close(self) -> None:
        """Close the file; what was put is there already."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _mine(self, one: Verdict) -> Verdict | None:
        """The verdict that one takes the place of."""
        found = self._latest(
            'AND label = ? AND recording = ? AND "index" = ? AND annotator = ?',
            (one.label, one.recording, one.index, one.annotator),
        )
        return found[-1] if found else None

    def _latest(self, condition: str, values: Sequence[object]) -> list[Verdict]:
        return self._read(f"{_LATEST} {condition} ORDER BY id", values)

    def _read(self, query: str, values: Sequence[object]) -> list[Verdict]:
        with self._lock:
            if self._connection is None and self.read_only:
                self._connection = look(self.path)
            if self._connection is None:
                return []
            try:
                return [Verdict(*row) for row in self._connection.execute(query, values)]
            except sqlite3.Error as error:
                raise refused(self.path, error) from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, whole or not at all."""
        with self._lock:
            if self.read_only:
                raise SessionError(
                    "this session is read-only here: the verdict was not kept",
                    path=self.path,
                    remedy="close the other birdscope that has it open, or open another session",
                )
            if self._connection is None:
                raise SessionError("the session is closed: nothing was kept", path=self.path)
            try:
                with self._connection:
                    self._connection.execute("BEGIN IMMEDIATE")
                    yield self._connection
            except sqlite3.Error as error:
                raise refused(self.path, error) from error
