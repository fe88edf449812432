"""Copy streams block by block: how far it is, and whether to stop."""

from __future__ import annotations

import time
from typing import IO

from birdscope.core.events import Emit, Event, Stop

_BLOCK_BYTES = 1 << 20
_INTERVAL_S = 0.2


class Copying:
    """Many files copied one after the other, told as one progress.

    Attributes:
        done_bytes: Copied so far.
    """

    def __init__(self, total_bytes: int, emit: Emit, stop: Stop | None) -> None:
        self.done_bytes = 0
        self._total_bytes = total_bytes
        self._emit = emit
        # a Stop that nobody has set is false
        self._stop = stop if stop is not None else Stop()
        self._told = 0.0

    def copy(self, source: IO[bytes], target: IO[bytes], name: str) -> None:
        """Copy one.

        Raises:
            Cancelled: if stopped.
        """
        while block := source.read(_BLOCK_BYTES):
            self._stop.check()
            target.write(block)
            self.done_bytes += len(block)
            self._tell(name)
        self._stop.check()

    def finish(self) -> None:
        """Tell that all is copied, however long it turned out to be."""
        self._total_bytes = self.done_bytes
        self._told = 0.0
        self._tell("")

    def _tell(self, name: str) -> None:
        now = time.monotonic()
        if now - self._told < _INTERVAL_S:
            return
        self._told = now
        done_mb = round(self.done_bytes / 1e6, 1)
        total_mb = max(round(self._total_bytes / 1e6, 1), done_mb)
        self._emit(Event("progress", name, done_mb, total_mb, "MB"))
