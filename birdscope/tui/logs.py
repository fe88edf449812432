"""The log of the interface: what went wrong, in the session's folder."""

from __future__ import annotations

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from birdscope.core import paths

_LARGEST_BYTES = 1_000_000


def open_log(session: str, debug: bool) -> Path | None:
    """Send birdscope's log to `sessions/<session>/birdscope.log`.

    Args:
        session: Name of the session.
        debug: Whether to log everything, not only what went wrong.

    Returns:
        The file; None where it can't be written, which is no reason to stop.
    """
    logger = logging.getLogger("birdscope")
    for handler in logger.handlers:
        if isinstance(handler, RotatingFileHandler):
            return Path(handler.baseFilename)
    file = paths.sessions() / session / "birdscope.log"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(file, maxBytes=_LARGEST_BYTES, backupCount=1, delay=True)
    except OSError:
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG if debug else logging.WARNING)
    logger.propagate = False
    return file
