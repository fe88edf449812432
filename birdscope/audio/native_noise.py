"""Keep what C libraries print on the standard error away from a full-screen interface.

mpg123 (inside libsndfile) reports every odd MP3 frame there, even after a normal seek, and
PortAudio some refusals. Such a line in the middle of a painted screen tears it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def diverted(log: Path | None = None) -> Iterator[None]:
    """Send descriptor 2 to `log` (None: nowhere), while Python's own stderr still shows.

    Enter it before the interface starts: textual draws through `sys.__stderr__`, which is
    pointed at a copy of the terminal here.
    """
    shown = os.dup(2)
    target = os.open(log or os.devnull, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    before = sys.stderr, sys.__stderr__
    stream = open(os.dup(shown), "w", encoding="utf-8", errors="replace", buffering=1)  # noqa: SIM115
    sys.stderr.flush()
    os.dup2(target, 2)
    sys.stderr = sys.__stderr__ = stream  # type: ignore[misc]
    try:
        yield
    finally:
        stream.flush()
        sys.stderr, sys.__stderr__ = before  # type: ignore[misc]
        os.dup2(shown, 2)
        os.close(shown)
        os.close(target)
        stream.close()
