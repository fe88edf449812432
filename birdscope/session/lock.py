"""One writer per session: an advisory lock that ends with its process, however that ends."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

LOCK_FILE = ".lock"
_PATIENCE_S = 0.2
_TAKEN = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)


def take(folder: Path) -> tuple[IO[bytes] | None, str]:
    """The held lock and no notice, or none and why the session is read-only.

    On a file system without locks the file is given all the same: writes are atomic, so the
    worst that two processes can do there is to remember the later one's place.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / LOCK_FILE).open("ab+", buffering=0)
    except OSError as error:
        return None, f"session {folder.name!r} can't be written ({error.strerror}): read-only here"
    # a listing looks at the lock for an instant (see `holder`): that is no second process
    deadline = time.monotonic() + _PATIENCE_S
    while not _locked(file, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            pid = _read_pid(file)
            file.close()
            return None, (
                f"session {folder.name!r} is open in another birdscope "
                f"(process {pid or 'unknown'}): read-only here"
            )
        time.sleep(0.02)
    with suppress(OSError):
        file.truncate(0)
        file.write(str(os.getpid()).encode())
    return file, ""


def holder(folder: Path) -> int | None:
    """The process that has the session open; 0 where its number is unknown, None for nobody."""
    try:
        file = (folder / LOCK_FILE).open("rb", buffering=0)
    except OSError:
        return None
    with file:
        return None if _locked(file, fcntl.LOCK_SH) else _read_pid(file)


def _locked(file: IO[bytes], kind: int) -> bool:
    """Whether the lock is ours now, or this file system knows none."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in _TAKEN
    return True


def _read_pid(file: IO[bytes]) -> int:
    file.seek(0)
    text = file.read(20).strip()
    return int(text) if text.isdigit() else 0
