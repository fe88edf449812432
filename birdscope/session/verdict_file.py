"""The file of verdicts: opened, checked, and set aside where it is damaged."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import astuple, fields
from pathlib import Path

from birdscope.core.errors import SessionError
from birdscope.core.verdicts import Verdict
from birdscope.session.state import set_aside

VERDICTS_FILE = "verdicts.sqlite"
VERSION = 1
COLUMNS = ", ".join(f'"{one.name}"' for one in fields(Verdict))
PLACES = ", ".join("?" for _ in fields(Verdict))
_BUSY_S = 10.0
_SIDES = ("-wal", "-shm")
_SCHEMA = """
CREATE TABLE verdicts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    recording TEXT NOT NULL,
    "index" INTEGER NOT NULL,
    start_s REAL NOT NULL,
    end_s REAL NOT NULL,
    label TEXT NOT NULL,
    answer TEXT NOT NULL CHECK (answer IN ('yes', 'no', 'maybe', 'correct')),
    annotator TEXT NOT NULL,
    at TEXT NOT NULL,
    corrected_label TEXT,
    queue TEXT NOT NULL,
    sampling_probability REAL,
    score REAL,
    ensemble TEXT NOT NULL,
    origin TEXT NOT NULL,
    undone_at TEXT
);
CREATE INDEX verdicts_cell ON verdicts (label, recording, "index", annotator, id);
CREATE INDEX verdicts_corrected ON verdicts (corrected_label) WHERE corrected_label IS NOT NULL;
CREATE INDEX verdicts_recording ON verdicts (recording);
CREATE INDEX verdicts_annotator ON verdicts (annotator, id);
"""


def connect(path: Path) -> sqlite3.Connection:
    """Open for writing, with the table in place.

    Raises:
        sqlite3.DatabaseError: the file is damaged.
        SessionError: a newer birdscope wrote it.
    """
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, _BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        _check(connection, path)
        if _version(connection) == 0:
            # another process may be making it at the same moment
            connection.execute("BEGIN IMMEDIATE")
            if _version(connection) == 0:
                for statement in _SCHEMA.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if answer != "ok":
        raise sqlite3.DatabaseError(answer)
    if _version(connection) > VERSION:
        raise SessionError(
            f"was written by a newer birdscope (version {_version(connection)} of verdicts, this "
            f"one knows {VERSION})",
            path=path,
            remedy="use that birdscope, or another session",
        )


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def look(path: Path) -> sqlite3.Connection | None:
    """Open for reading; None where there is no file.

    Raises:
        SessionError: it can't be read.
    """
    if not path.exists():
        return None
    # a folder that can't be written has no room for the log beside the file
    mode = "mode=ro" if os.access(path.parent, os.W_OK) else "immutable=1"
    address = f"{path.resolve().as_uri()}?{mode}"
    try:
        connection = sqlite3.connect(
            address, _BUSY_S, isolation_level=None, check_same_thread=False, uri=True
        )
        try:
            _check(connection, path)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise refused(path, error) from error
    return connection


def begin_again(path: Path, error: sqlite3.DatabaseError) -> tuple[sqlite3.Connection, str]:
    """Set a damaged file aside, begin a new one with what can still be read of it."""
    try:
        aside = set_aside(path)
        for side in _SIDES:
            with suppress(FileNotFoundError):
                path.with_name(path.name + side).rename(aside.with_name(aside.name + side))
        connection = connect(path)
    except (OSError, sqlite3.Error) as again:
        raise refused(path, again) from again
    saved = list(_readable(aside))
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            f"INSERT INTO verdicts ({COLUMNS}, undone_at) VALUES ({PLACES}, ?)", saved
        )
    notice = (
        f"{path} was damaged ({error}): kept as {aside.name}; {len(saved)} verdicts could be "
        "read from it and are taken over"
    )
    return connection, notice


def _readable(path: Path) -> Iterator[tuple[object, ...]]:
    """The rows of a damaged file up to where it can't be read."""
    with suppress(sqlite3.Error):
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            for row in connection.execute(f"SELECT {COLUMNS}, undone_at FROM verdicts"):
                *values, undone_at = row
                yield *astuple(Verdict(*values)), undone_at
        finally:
            connection.close()


def refused(path: Path, error: Exception) -> SessionError:
    """What SQLite refuses, as an error that says what to do."""
    return SessionError(
        f"verdicts can't be kept or read here: {error}",
        path=path,
        remedy="make room, check that the folder can be written, then answer again",
    )
