"""The log of the interface: what went wrong, in the session's folder."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

_LARGEST_BYTES = 1_000_000


def open_log(folder: Path, debug: bool) -> Path | None:
    """Send birdscope's log to `birdscope.log` in a folder, and no longer to another one.

    Args:
        folder: The session's, or the cache's where the session is read-only.
        debug: Whether to log everything, not only what went wrong.

    Returns:
        The file; None where it can't be written, which is no reason to stop.
    """
    logger = logging.getLogger("birdscope")
    file = folder.absolute() / "birdscope.log"
    for before in [one for one in logger.handlers if isinstance(one, RotatingFileHandler)]:
        if Path(before.baseFilename) == file:
            return file
        logger.removeHandler(before)
        before.close()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(file, maxBytes=_LARGEST_BYTES, backupCount=1, delay=True)
    except OSError:
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG if debug else logging.WARNING)
    logger.propagate = False
    # on a full disk it must not print its own traceback over the screen
    logging.raiseExceptions = False
    return file
