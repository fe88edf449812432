"""Create and remove sessions as folders, without opening them."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from birdscope.core.errors import SessionError
from birdscope.session.lock import holder
from birdscope.session.names import checked_name, folder_of
from birdscope.session.session import Session


def create_session(root: Path, name: str, *, dataset: str = "", ensemble: str = "") -> Path:
    """Make a session that begins with a dataset and an ensemble; returns its folder.

    Raises:
        UsageError: the name can't be a folder's name.
        SessionError: there is something of that name, or it can't be written.
    """
    refuse_taken(root, name)
    session = Session.open(root, name)
    try:
        session.update(dataset=dataset, ensemble=ensemble)
    finally:
        session.close()
    if session.notice or session.problem:
        if session.problem:
            shutil.rmtree(session.folder, ignore_errors=True)
        raise SessionError(
            session.notice or session.problem, remedy="make room, or choose BIRDSCOPE_HOME"
        )
    return session.folder


def remove_session(root: Path, name: str) -> None:
    """Delete a session with all that is in it.

    Raises:
        UsageError: there is none of that name.
        SessionError: it is open in a birdscope, or can't be deleted.
    """
    folder = folder_of(root, name)
    pid = holder(folder)
    if pid is not None:
        raise SessionError(
            f"is open in a birdscope (process {pid or 'unknown'})",
            path=folder,
            remedy="close that one first",
        )
    try:
        # out of the list in one step: a removal that is interrupted leaves no half session
        doomed = Path(tempfile.mkdtemp(prefix=".removed-", dir=root))
        folder.rename(doomed / folder.name)
        shutil.rmtree(doomed)
    except OSError as error:
        raise SessionError(f"can't be removed: {error.strerror}", path=folder) from error


def refuse_taken(root: Path, name: str) -> Path:
    """The folder that a new session of that name gets.

    Raises:
        UsageError: the name can't be a folder's name.
        SessionError: something of that name is there.
    """
    folder = Path(root) / checked_name(name)
    if folder.exists():
        raise SessionError(
            "is there already, and nothing is overwritten",
            path=folder,
            remedy="choose another name, or remove it: birdscope sessions remove",
        )
    return folder
