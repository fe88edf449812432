"""A job on disk: `job.toml`, `process.json`, `events.jsonl`, `log.txt`."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from birdscope.core.atomic import write_text
from birdscope.core.config import read_toml
from birdscope.core.errors import JobError
from birdscope.core.events import Event
from birdscope.jobs.job import JobSpec

LONGEST_LINE = 1_000_000


@dataclass(frozen=True, slots=True)
class ProcessMark:
    """Who runs a job, told apart from a later process with the same number.

    Attributes:
        pid: The supervisor's process id, also its process group.
        started: The process's start time as the system gives it.
        slot: Whether it has a place to run; False while it queues.
    """

    pid: int
    started: float
    slot: bool


def save_spec(folder: Path, spec: JobSpec) -> None:
    """Write `job.toml`."""
    import tomlkit

    body = {**asdict(spec), "argv": list(spec.argv), "parents": list(spec.parents)}
    write_text(folder / "job.toml", tomlkit.dumps(body))


def load_spec(folder: Path) -> JobSpec:
    """Read `job.toml`.

    Raises:
        JobError: if the folder holds no valid job.
    """
    body = read_toml(folder / "job.toml")
    try:
        return JobSpec(
            id=str(body["id"]),
            title=str(body["title"]),
            argv=tuple(str(word) for word in body["argv"]),
            created=float(body["created"]),
            parents=tuple(str(parent) for parent in body.get("parents", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise JobError(
            f"job.toml is not a job's: {error!r}", path=folder, remedy="remove the folder"
        ) from None


def save_mark(folder: Path, mark: ProcessMark) -> None:
    """Write who runs the job."""
    write_text(folder / "process.json", json.dumps(asdict(mark)))


def load_mark(folder: Path) -> ProcessMark | None:
    """Who runs the job; None where nobody ever did or the file is damaged."""
    try:
        body = json.loads((folder / "process.json").read_text())
        return ProcessMark(int(body["pid"]), float(body["started"]), bool(body["slot"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def append_event(folder: Path, event: Event) -> None:
    """Add one line to `events.jsonl`, on a line of its own even after a torn one."""
    path = folder / "events.jsonl"
    with open(path, "ab+") as file:
        file.seek(0, os.SEEK_END)
        torn = False
        if file.tell() > 0:
            file.seek(-1, os.SEEK_END)
            torn = file.read(1) != b"\n"
        file.write((b"\n" if torn else b"") + event.to_json().encode() + b"\n")


class EventTail:
    """Reads `events.jsonl` as it grows; garbage lines are counted and passed over.

    Attributes:
        garbage: Lines that were no events.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.garbage = 0
        self._offset = 0
        self._rest = b""

    def read(self, limit: int = 4_000_000) -> list[Event]:
        """The events since the last call, at most `limit` bytes of them.

        A file that became shorter is read again from its beginning.
        """
        try:
            with open(self.path, "rb") as file:
                end = file.seek(0, os.SEEK_END)
                if end < self._offset:
                    self._offset, self._rest = 0, b""
                file.seek(self._offset)
                data = file.read(limit)
        except OSError:
            return []
        self._offset += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            self._rest, self.garbage = b"", self.garbage + 1
        return [event for line in lines if (event := self._event(line)) is not None]

    def _event(self, line: bytes) -> Event | None:
        if not line.strip():
            return None
        try:
            return Event.from_json(line.decode())
        except (ValueError, TypeError, RecursionError):
            self.garbage += 1
            return None


def tail_text(path: Path, lines: int, longest: int = 400_000) -> str:
    """The last `lines` lines of a text file, reading at most `longest` bytes of its end."""
    try:
        with open(path, "rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - longest))
            data = file.read()
    except OSError:
        return ""
    return "\n".join(data.decode(errors="replace").splitlines()[-lines:])
