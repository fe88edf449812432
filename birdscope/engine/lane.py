"""One helper process and the pipe to it, seen from the interface's side."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import IO

from birdscope.core.errors import EngineError

LOG_LIMIT_BYTES = 1_000_000


class Lane:
    """Starts `python -m module`, sends it messages, and tells of its messages and its end.

    A fresh interpreter on a socket pair, not `multiprocessing.Process`: that one passes on
    sys.stderr, which has no file number under Textual, runs the main module again, and
    leaves a resource tracker behind. The process sits in a session of its own, so Ctrl+C in
    the terminal doesn't reach it, and it leaves by itself when its end of the pipe closes:
    however the interface dies, no process stays.

    Args:
        module: What to run.
        arguments: Its arguments, after the number of the pipe.
        log_path: Takes its standard output and errors.
        on_message: Called in the reader thread with each message.
        on_end: Called in the reader thread with the exit status when the process ended
            without `stop`; negative for a signal.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        log_path: Path,
        on_message: Callable[[object], None],
        on_end: Callable[[int], None],
    ) -> None:
        self._module = module
        self._arguments = tuple(arguments)
        self._log_path = log_path
        self._on_message = on_message
        self._on_end = on_end
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._sending = threading.Lock()
        self._stopping = False

    @property
    def pid(self) -> int | None:
        """Process id; None before start."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start the process (again); returns before it is ready."""
        ours, theirs = Pipe(duplex=True)
        command = [sys.executable, "-m", self._module, str(theirs.fileno()), *self._arguments]
        with _open_log(self._log_path) as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
                env=_environment(),
            )
        theirs.close()
        self._connection = ours
        self._stopping = False
        threading.Thread(
            target=self._read, args=(self._process, ours), name=self._module, daemon=True
        ).start()

    def send(self, message: object) -> None:
        """Send a message; may wait while a large one is taken over.

        Raises:
            EngineError: the process is not there.
        """
        try:
            with self._sending:
                if self._connection is None:
                    raise EngineError("the engine is not running")
                self._connection.send(message)
        except OSError:
            raise EngineError("the engine process went away") from None

    def stop(self, grace_s: float = 1.0) -> None:
        """End the process: by closing the pipe, then by force."""
        self._stopping = True
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(OSError):
                connection.send(None)
        if self._process is not None:
            try:
                self._process.wait(grace_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if connection is not None:
            connection.close()

    def _read(self, process: subprocess.Popen[bytes], connection: Connection) -> None:
        try:
            while True:
                self._on_message(connection.recv())
        except (EOFError, OSError):
            pass
        with suppress(subprocess.TimeoutExpired):
            process.wait(2.0)
        if process.poll() is None:
            process.kill()
        status = process.wait()
        if not self._stopping:
            connection.close()
            self._on_end(status)


def _open_log(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    large = path.exists() and path.stat().st_size > LOG_LIMIT_BYTES
    return path.open("wb" if large else "ab")


def _environment() -> dict[str, str]:
    """Ours, with the folder this package comes from on the module path."""
    import birdscope

    root = str(Path(birdscope.__file__).resolve().parents[1])
    known = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([root, known] if known else [root])}


def end_text(status: int) -> str:
    """A process's end in words.

    >>> end_text(-11)
    'signal 11'
    """
    if status == -9:
        return "killed, signal 9: by hand, or for want of memory"
    return f"signal {-status}" if status < 0 else f"exit status {status}"
