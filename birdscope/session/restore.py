"""A session out of its zip file: nothing is overwritten, nothing lands outside its folder."""

from __future__ import annotations

import shutil
import stat
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from birdscope.core.errors import SessionError
from birdscope.core.events import Emit, Stop, silent
from birdscope.core.units import size
from birdscope.session.copying import Copying
from birdscope.session.folders import refuse_taken
from birdscope.session.names import STATE_FILE
from birdscope.session.portable import settle_state

_ROOM_BYTES = 10_000_000
_NOT_OURS = "is not an archive of a session"
_REMEDY = "take a file that `birdscope sessions archive` has written"


def restore_session(
    archive: Path,
    root: Path,
    name: str = "",
    *,
    emit: Emit = silent,
    stop: Stop | None = None,
) -> Path:
    """Unpack an archived session; returns its folder, there whole or not at all.

    Args:
        archive: The zip file.
        root: The folder of sessions.
        name: What to call the session; empty takes the archived name.
        emit: Told of the progress.
        stop: Asked whether to stop.

    Raises:
        SessionError: the file is damaged or no archive of ours, the session is there already,
            or the disk has no room.
        ConfigError: the session.toml in it is not valid.
        UsageError: the name can't be a session's.
        Cancelled: if stopped; nothing is left behind.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            top, members = _members(opened, archive)
            folder = refuse_taken(root, name or top)
            root.mkdir(parents=True, exist_ok=True)
            total_bytes = sum(info.file_size for info in members.values())
            _check_room(root, total_bytes)
            scratch = Path(tempfile.mkdtemp(prefix=".restoring-", dir=root))
            try:
                unpacked = scratch / "session"
                _unpack(opened, members, unpacked, Copying(total_bytes, emit, stop))
                settle_state(unpacked / STATE_FILE)
                unpacked.rename(folder)
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
    except FileNotFoundError:
        raise SessionError("there is no such file", path=archive) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise SessionError(
            f"is damaged or no zip file: {error}", path=archive, remedy=_REMEDY
        ) from None
    except OSError as error:
        raise SessionError(
            f"can't be unpacked: {error.strerror or error}",
            path=error.filename or archive,
            remedy="make room, or choose BIRDSCOPE_HOME",
        ) from error
    return folder


def _members(opened: zipfile.ZipFile, archive: Path) -> tuple[str, dict[Path, zipfile.ZipInfo]]:
    """The session's name, and its files by their place in the session.

    Raises:
        SessionError: a member would land elsewhere, or there is no session in it.
    """
    tops: set[str] = set()
    members: dict[Path, zipfile.ZipInfo] = {}
    for info in opened.infolist():
        if info.is_dir():
            continue
        top, place = _place(info, archive)
        tops.add(top)
        if place in members:
            raise SessionError(f"holds {info.filename!r} twice", path=archive, remedy=_REMEDY)
        members[place] = info
    if len(tops) != 1 or Path(STATE_FILE) not in members:
        raise SessionError(_NOT_OURS, path=archive, remedy=_REMEDY)
    return tops.pop(), members


def _place(info: zipfile.ZipInfo, archive: Path) -> tuple[str, Path]:
    """The top folder and the path below it; only plain files with plain names."""
    # ZipInfo cuts a name at a zero byte: the name as it is written tells
    parts = PurePosixPath(info.orig_filename).parts
    kind = stat.S_IFMT(info.external_attr >> 16)
    is_plain = kind in (0, stat.S_IFREG)
    odd = any(part in ("..", "/") or set(part) & set("\\:\0") for part in parts)
    if odd or not is_plain or len(parts) < 2 or info.orig_filename.startswith("/"):
        raise SessionError(
            f"holds {info.filename!r}, which does not belong in a session",
            path=archive,
            remedy=_REMEDY,
        )
    return parts[0], Path(*parts[1:])


def _check_room(root: Path, needed_bytes: int) -> None:
    free = shutil.disk_usage(root).free
    if needed_bytes + _ROOM_BYTES > free:
        raise SessionError(
            f"the archive needs {size(needed_bytes)}, and {size(free)} are free", path=root
        )


def _unpack(
    opened: zipfile.ZipFile, members: dict[Path, zipfile.ZipInfo], folder: Path, copying: Copying
) -> None:
    """Write the members; one that holds more than it says is an error of zipfile."""
    for place, info in members.items():
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        with opened.open(info) as source, target.open("wb") as file:
            copying.copy(source, file, info.filename)
    copying.finish()
