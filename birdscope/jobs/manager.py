"""All jobs of a session: start, list, cancel, resume. Any process may hold a manager."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from birdscope.core import paths
from birdscope.core.errors import ConfigError, JobError, nearest
from birdscope.core.events import Event
from birdscope.jobs import process
from birdscope.jobs.folder import (
    EventTail,
    ProcessMark,
    append_event,
    load_mark,
    load_spec,
    save_spec,
)
from birdscope.jobs.job import Job, JobSpec, Progress, State

RESUME_FLAGS = {"train": "--resume"}
GRACES_S = (20.0, 5.0, 2.0)
STARTING_S = 15.0


class Jobs:
    """The jobs in one folder.

    Args:
        folder: `sessions/<session>/jobs`.
        slots: How many may run at once over all sessions; default `BIRDSCOPE_JOBS` or 2.
        program: What the job's arguments are given to; birdscope itself by default.
    """

    def __init__(
        self,
        folder: Path,
        slots: int | None = None,
        program: Sequence[str] = (sys.executable, "-m", "birdscope"),
    ) -> None:
        self.folder = folder
        self.program = tuple(program)
        self.slots = slots or int(os.environ.get("BIRDSCOPE_JOBS", "2"))
        self._tails: dict[str, tuple[EventTail, Progress]] = {}
        self._ended: dict[str, Job] = {}
        self._children: list[subprocess.Popen[bytes]] = []

    def start(self, argv: Sequence[str], title: str = "", parents: Sequence[str] = ()) -> Job:
        """Start a subcommand as a background job, or queue it.

        Raises:
            JobError: if its folder can't be written or its process not started.
        """
        spec = JobSpec(
            id=_new_id(),
            title=title or " ".join(argv),
            argv=tuple(argv),
            created=time.time(),
            parents=tuple(parents),
        )
        folder = self.folder / spec.id
        try:
            folder.mkdir(parents=True)
            save_spec(folder, spec)
            self._launch(folder)
        except OSError as error:
            raise JobError(
                f"the job can't be started: {error}",
                path=folder,
                remedy="make room or choose a session folder that can be written",
            ) from error
        return self.get(spec.id)

    def _launch(self, folder: Path) -> None:
        command = [sys.executable, "-m", "birdscope.jobs.supervisor", str(folder.resolve())]
        command += [str(paths.sessions() / ".slots"), str(self.slots), *self.program]
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._children.append(child)

    def list(self) -> list[Job]:
        """Every job, newest first; a folder that is no job is passed over."""
        self._children = [child for child in self._children if child.poll() is None]
        try:
            names = sorted((item.name for item in self.folder.iterdir()), reverse=True)
        except FileNotFoundError:
            return []
        jobs = []
        for name in names:
            try:
                jobs.append(self.get(name))
            except (JobError, ConfigError):
                continue
        return jobs

    def get(self, job_id: str) -> Job:
        """One job as it stands now.

        Raises:
            JobError: if there is none of that name.
        """
        if job_id in self._ended:
            return self._ended[job_id]
        folder = self.folder / job_id
        if not (folder / "job.toml").is_file():
            known = [item.name for item in self.folder.glob("*")]
            raise JobError(
                f"there is no job {job_id!r}{nearest(job_id, known)}",
                remedy="`birdscope jobs list` shows them",
            )
        spec = load_spec(folder)
        progress = self._progress(folder)
        state = _state(folder, spec, progress)
        if state == "interrupted":
            # it may have said its last words after they were looked for
            progress = self._progress(folder)
            state = _state(folder, spec, progress)
        job = Job(spec, state, progress, folder)
        if not job.live:
            self._ended[job_id] = job
            self._tails.pop(job_id, None)
        return job

    def _progress(self, folder: Path) -> Progress:
        tail, progress = self._tails.get(folder.name) or (
            EventTail(folder / "events.jsonl"),
            Progress(),
        )
        while events := tail.read():
            for event in events:
                progress = progress.after(event)
        self._tails[folder.name] = (tail, progress)
        return progress

    def cancel(
        self,
        job_id: str,
        graces_s: Sequence[float] = GRACES_S,
        told: Callable[[str], None] = lambda text: None,
    ) -> Job:
        """Stop a job in three steps; blocks for the grace periods at most.

        Raises:
            JobError: if there is no such job, or it does not run.
        """
        job = self.get(job_id)
        mark = _mark_soon(job.folder) if job.live else None
        if mark is None:
            raise JobError(f"job {job_id} is {job.state}: nothing to cancel")
        gone = process.stop_group(mark.pid, graces_s, told)
        if not gone:
            raise JobError(f"job {job_id} does not end", remedy=f"look at process {mark.pid}")
        job = self.get(job_id)
        if job.state == "interrupted":
            append_event(job.folder, Event("cancelled", message="stopped by force"))
            self._forget(job_id)
        return self.get(job_id)

    def resume(self, job_id: str) -> Job:
        """Start a job's command again as a new job; commands go on where they stopped.

        Raises:
            JobError: if there is no such job, or it still runs.
        """
        job = self.get(job_id)
        if job.live:
            raise JobError(f"job {job_id} still is {job.state}")
        argv = list(job.spec.argv)
        flag = RESUME_FLAGS.get(argv[0]) if argv else None
        if flag and flag not in argv:
            argv.append(flag)
        return self.start(argv, job.spec.title, (*job.spec.parents, job_id))

    def remove(self, job_id: str) -> None:
        """Delete an ended job's folder (its log and events, not what it made).

        Raises:
            JobError: if there is no such job, or it still runs.
        """
        job = self.get(job_id)
        if job.live:
            raise JobError(f"job {job_id} still is {job.state}", remedy="cancel it first")
        shutil.rmtree(job.folder)
        self._forget(job_id)

    def _forget(self, job_id: str) -> None:
        self._ended.pop(job_id, None)
        self._tails.pop(job_id, None)


def _state(folder: Path, spec: JobSpec, progress: Progress) -> State:
    if progress.final in ("finished", "failed", "cancelled"):
        return progress.final  # type: ignore[return-value]  # narrowed by the test above
    mark = load_mark(folder)
    if mark is None:
        return "queued" if time.time() - spec.created < STARTING_S else "interrupted"
    if not process.alive(mark):
        return "interrupted"
    return "running" if mark.slot else "queued"


def _mark_soon(folder: Path) -> ProcessMark | None:
    """The job's process; one that was started a moment ago is waited for."""
    deadline = time.monotonic() + STARTING_S
    while (mark := load_mark(folder)) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    return mark


def _new_id() -> str:
    now = time.time()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
    return f"{stamp}-{int(now * 1000) % 1000:03d}-{secrets.token_hex(2)}"
