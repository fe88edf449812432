"""The small process that owns a job: waits for a place, runs it, says how it ended.

`python -m birdscope.jobs.supervisor JOB_FOLDER SLOTS_FOLDER SLOTS PROGRAM …` leads the job's
process group. It exists so that a job killed from outside (out of memory, say) still gets a
final event with the reason.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from birdscope.core.errors import Cancelled
from birdscope.core.events import FINAL, Event
from birdscope.jobs import process
from birdscope.jobs.folder import (
    EventTail,
    ProcessMark,
    append_event,
    load_mark,
    load_spec,
    save_mark,
    tail_text,
)

POLL_S = 0.3
RESERVE, RESERVED_BYTES = ".reserve", 16_384
CANCELLED_CODES = frozenset({130, -signal.SIGINT, -signal.SIGTERM, 143})


def main(folder: Path, slots_folder: Path, slots: int, program: Sequence[str]) -> int:
    """Run the job of `folder` once one of `slots` places is free; give its exit code."""
    _mark(folder, slot=False)
    with suppress(OSError):
        (folder / RESERVE).write_bytes(b"\n" * RESERVED_BYTES)
    signal.signal(signal.SIGINT, _cancel)
    signal.signal(signal.SIGTERM, _cancel)
    try:
        place = _wait_for_place(folder, slots_folder, slots)
    except Cancelled:
        (folder / RESERVE).unlink(missing_ok=True)
        append_event(folder, Event("cancelled", message="cancelled while it waited"))
        return Cancelled.exit_code
    with place:
        # from here on signals are for the child, which shares this process group
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _mark(folder, slot=True)
        code = _run(folder, program)
    _say_how_it_ended(folder, code)
    return code


def _cancel(*_: object) -> None:
    raise Cancelled("cancelled while it waited")


def _mark(folder: Path, *, slot: bool) -> None:
    pid = os.getpid()
    save_mark(folder, ProcessMark(pid, process.start_time(pid) or time.time(), slot))


def _wait_for_place(folder: Path, slots_folder: Path, slots: int) -> IO[bytes]:
    """Block until a place is free and no older job waits for one; the open lock is the place."""
    slots_folder.mkdir(parents=True, exist_ok=True)
    while True:
        if not _older_waits(folder):
            for number in range(slots):
                lock = open(slots_folder / f"slot-{number}.lock", "ab")  # noqa: SIM115 - kept
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return lock
                except BlockingIOError:
                    lock.close()
        time.sleep(POLL_S)


def _older_waits(folder: Path) -> bool:
    for other in folder.parent.iterdir():
        if other.name < folder.name and (other / "process.json").exists():
            mark = load_mark(other)
            if mark is not None and not mark.slot and process.alive(mark):
                return True
    return False


def _run(folder: Path, program: Sequence[str]) -> int:
    spec = load_spec(folder)
    command = [*program, *spec.argv]
    command += ["--events", str(folder / "events.jsonl")]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with open(folder / "log.txt", "ab") as log:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            preexec_fn=_default_signals,
        )
        code = child.wait()
    _end_leftovers()
    return code


def _default_signals() -> None:
    """Signals that the supervisor ignores must reach the child as usual."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _end_leftovers() -> None:
    """Worker processes that outlived their parent are ended with the job."""
    for pid in process.group_members(os.getpgrp()):
        if pid != os.getpid():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def _say_how_it_ended(folder: Path, code: int) -> None:
    full = _is_full(folder)
    # room for a last word where the disk is full
    (folder / RESERVE).unlink(missing_ok=True)
    if not _has_final(folder):
        append_event(folder, final_event(code, tail_text(folder / "log.txt", 1), full=full))


def _is_full(folder: Path) -> bool:
    return shutil.disk_usage(folder).free < RESERVED_BYTES


def _has_final(folder: Path) -> bool:
    tail, final = EventTail(folder / "events.jsonl"), False
    while events := tail.read():
        for event in events:
            final = event.kind in FINAL or (final and event.kind != "started")
    return final


def final_event(code: int, last_line: str, *, full: bool = False) -> Event:
    """The final event of a child that ended with `code` without one of its own.

    Args:
        code: Its exit code; that of a signal is negative.
        last_line: Of its log.
        full: Whether there is no room on the disk.
    """
    if code == 0:
        return Event("finished")
    if code in CANCELLED_CODES:
        return Event("cancelled", message="stopped by a signal")
    if code == -signal.SIGKILL:
        return Event(
            "failed",
            message="killed by the system (signal 9), most often for lack of memory",
            data={"remedy": "free memory or lower the batch size, then resume"},
        )
    what = f"signal {-code}" if code < 0 else f"exit code {code}"
    said = f": {last_line.strip()}" if last_line.strip() else ""
    if full:
        message = f"No space left on device (it ended with {what}{said})"
        return Event("failed", message=message, data={"remedy": "make room, then resume"})
    return Event("failed", message=f"ended with {what}{said}", data={"remedy": "see the log"})


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]))
