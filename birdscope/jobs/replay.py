"""Play a recorded events file again, at its own pace or faster."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from birdscope.core.errors import JobError
from birdscope.core.events import FINAL, Emit, Stop
from birdscope.jobs.folder import EventTail

_STEP_S = 0.1


def replay(
    file: Path,
    emit: Emit,
    *,
    speed: float = 1.0,
    stop: Stop | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Emit the events of a file with the pauses between them; lines that are none are left out.

    Args:
        file: An `events.jsonl`.
        emit: Hears each event with the present time.
        speed: How many times faster; infinity leaves the pauses out.
        stop: Ends it early.
        sleep: Waits so many seconds.

    Returns:
        Kind of the last event; empty where that was not a final one.

    Raises:
        JobError: if the file is missing or holds no event.
        Cancelled: if stopped.
    """
    tail, before, last = EventTail(file), None, ""
    while events := tail.read():
        for event in events:
            pause_s = (event.t - before) / speed if before is not None else 0.0
            _wait(pause_s, stop, sleep)
            before, last = event.t, event.kind
            emit(replace(event, t=time.time()))
    if before is None:
        what = "holds no events" if file.exists() else "there is no such file"
        raise JobError(what, path=file, remedy="give a job's events.jsonl")
    return last if last in FINAL else ""


def _wait(seconds: float, stop: Stop | None, sleep: Callable[[float], None]) -> None:
    """Sleep in short steps, so that a stop is heeded soon."""
    while seconds > 0:
        if stop is not None:
            stop.check()
        sleep(min(seconds, _STEP_S))
        seconds -= _STEP_S
    if stop is not None:
        stop.check()
