"""A session as one zip file, and back.

The members are `<session>/<path>`, sorted, with the times of the files, so that a session
that did not change gives the same bytes again. Left out is what means nothing elsewhere:
locks, logs of the interface, marks of running processes, halves of files. A SQLite file is
taken through SQLite, so that it is whole also while birdscope writes it. Of a folder of scores
the marks of what is done (`recordings.jsonl`) come before the values, by their names: a block
that is being written is not marked yet, and is predicted again.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
import zipfile
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

from birdscope.core import atomic
from birdscope.core.errors import SessionError
from birdscope.core.events import Emit, Stop, silent
from birdscope.session.copying import Copying
from birdscope.session.lock import LOCK_FILE
from birdscope.session.names import STATE_FILE
from birdscope.session.portable import portable_state

_SQLITE = (".sqlite", ".sqlite3", ".db")
_SQLITE_SIDES = tuple(f"{kind}-{side}" for kind in _SQLITE for side in ("wal", "shm", "journal"))
_LEFT_OUT_NAMES = (LOCK_FILE, "process.json")
_LEFT_OUT_ENDINGS = (".part", *_SQLITE_SIDES)
_LOG = "birdscope.log"


@dataclass(frozen=True, slots=True)
class ArchiveReport:
    """What an archive holds.

    Attributes:
        path: The zip file.
        files: Files in it.
        content_bytes: Their size.
        archive_bytes: The zip's size.
    """

    path: Path
    files: int
    content_bytes: int
    archive_bytes: int


def archive_path(archives: Path, name: str, now: float | None = None) -> Path:
    """Where an archive goes that nobody named: `<session>-<date>-<time>.zip`."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
    return Path(archives) / f"{name}-{stamp}.zip"


def archive_session(
    folder: Path,
    out: Path,
    *,
    leave_out: Collection[Path] = (),
    emit: Emit = silent,
    stop: Stop | None = None,
) -> ArchiveReport:
    """Write a session to a zip file, whole or not at all. It may be open meanwhile.

    Args:
        folder: The session's folder.
        out: The zip file; there must be none yet.
        leave_out: Folders to leave out, such as those of jobs that run.
        emit: Told of the progress.
        stop: Asked whether to stop.

    Raises:
        SessionError: `out` is there, lies in the session, or can't be written.
        ConfigError: session.toml is not valid.
        Cancelled: if stopped; nothing is left behind.
    """
    if out.exists():
        raise SessionError("is there already", path=out, remedy="choose another --out")
    if out.resolve().is_relative_to(folder.resolve()):
        raise SessionError("lies in the session itself", path=out, remedy="choose another --out")
    files = list(_files(folder, set(leave_out)))
    copying = Copying(sum(path.stat().st_size for path in files), emit, stop)
    try:
        with (
            atomic.replacing(out) as temporary,
            zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        ):
            count = sum(_add(archive, folder, path, copying) for path in files)
            copying.finish()
    except OSError as error:
        raise SessionError(
            f"can't be written: {error.strerror or error}",
            path=error.filename or out,
            remedy="make room, or choose another --out",
        ) from error
    return ArchiveReport(out, count, copying.done_bytes, out.stat().st_size)


def _files(folder: Path, leave_out: Collection[Path]) -> Iterator[Path]:
    """The files to keep, sorted by their place in the session; links are not followed."""
    for path in sorted(folder.iterdir(), key=lambda one: one.name):
        if path in leave_out or path.is_symlink():
            continue
        if path.is_dir():
            yield from _files(path, leave_out)
        elif path.is_file() and _belongs(path.name):
            yield path


def _belongs(name: str) -> bool:
    if name in _LEFT_OUT_NAMES or name.startswith(_LOG):
        return False
    return not name.endswith(_LEFT_OUT_ENDINGS)


def _add(archive: zipfile.ZipFile, folder: Path, path: Path, copying: Copying) -> bool:
    """Add one file; False where it is gone meanwhile."""
    name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
    try:
        stat = path.stat()
        info = zipfile.ZipInfo(name, _zip_time(stat.st_mtime))
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        with _content(folder, path) as source, archive.open(info, "w", force_zip64=True) as target:
            copying.copy(source, target, name)
    except FileNotFoundError:
        return False
    return True


def _zip_time(seconds: float) -> tuple[int, int, int, int, int, int]:
    """A time as zip files keep it: UTC, not before 1980."""
    moment = time.gmtime(max(seconds, 315532800.0))
    return moment[:6]


@contextmanager
def _content(folder: Path, path: Path) -> Iterator[IO[bytes]]:
    if path == folder / STATE_FILE:
        yield BytesIO(portable_state(path).encode())
    elif path.suffix in _SQLITE:
        with _database_copy(path) as copy, copy.open("rb") as source:
            yield source
    else:
        with path.open("rb") as source:
            yield source


@contextmanager
def _database_copy(path: Path) -> Iterator[Path]:
    """A whole copy of a database that may be open elsewhere."""
    scratch = Path(tempfile.mkdtemp(prefix="birdscope-archive-"))
    try:
        copy = scratch / path.name
        try:
            with (
                closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as source,
                closing(sqlite3.connect(copy)) as target,
            ):
                source.backup(target)
        except sqlite3.Error as error:
            raise SessionError(
                f"can't be read as a database: {error}",
                path=path,
                remedy="move it out of the session",
            ) from error
        yield copy
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
