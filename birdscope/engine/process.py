"""What every helper process of the engine does first, seen from inside it."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection

from birdscope.core.collecting import collect_seldom

NICENESS = 10


class Channel:
    """The pipe to the interface; sending is safe from any thread.

    Attributes:
        on_lost: What is done when nobody listens any more.
    """

    def __init__(self, handle: int) -> None:
        self.on_lost: Callable[[], None] = leave
        self._connection = Connection(handle)
        self._sending = threading.Lock()

    def send(self, message: object) -> None:
        """Send; when nobody listens any more, the process ends."""
        try:
            with self._sending:
                self._connection.send(message)
        except OSError:
            self.on_lost()

    def listen(
        self,
        on_message: Callable[[object], None],
        on_end: Callable[[], None] | None = None,
    ) -> None:
        """Give every message to `on_message` in a thread; end the process with the pipe.

        Args:
            on_message: Called in the thread.
            on_end: Called there at the pipe's end, in place of ending the process.
        """
        arguments = (on_message, on_end or leave)
        threading.Thread(target=self._listen, args=arguments, daemon=True).start()

    def _listen(self, on_message: Callable[[object], None], on_end: Callable[[], None]) -> None:
        while True:
            try:
                message = self._connection.recv()
            except (EOFError, OSError):
                message = None
            if message is None:
                on_end()
                return
            on_message(message)


def settle_in(handle: int, *, niceness: int = NICENESS, batch: bool = True) -> Channel:
    """Ignore Ctrl+C, step behind the interface and the sound, open the pipe.

    Args:
        handle: File number of the pipe.
        niceness: How far behind.
        batch: Whether never to preempt a thread that just woke, such as the audio callback.
    """
    collect_seldom()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: leave())
    faulthandler.enable()
    with suppress(OSError):
        os.nice(niceness)
    if batch and hasattr(os, "sched_setscheduler"):
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    return Channel(handle)


def leave() -> None:
    """End at once: results are on disk as soon as they are told, there is nothing to save."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
