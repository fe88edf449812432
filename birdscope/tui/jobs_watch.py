"""Watches the session's jobs: looks in a thread, at most four times a second, and tells."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from textual.signal import Signal

from birdscope.core.errors import BirdscopeError

if TYPE_CHECKING:
    from textual.app import App

    from birdscope.jobs.job import Job
    from birdscope.jobs.manager import Jobs

ResultT = TypeVar("ResultT")
BUSY_S, QUIET_S = 0.25, 1.0
STEPS = {
    "SIGINT sent": "asked to stop; it keeps what is finished",
    "SIGTERM sent": "told to end",
    "SIGKILL sent": "ended by force",
}


@dataclass(frozen=True, slots=True)
class JobView:
    """A job, and what only its files tell.

    Attributes:
        job: As it stands.
        seconds: Since it was started; for an ended one, until its last event.
        note: What cancelling it has come to; empty where nobody cancels it.
    """

    job: Job
    seconds: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class JobsSnapshot:
    """All jobs at one moment.

    Attributes:
        views: Newest first.
        problem: Why they can't be looked at; empty where they can.
        looked: Whether anybody has looked yet.
    """

    views: tuple[JobView, ...] = ()
    problem: str = ""
    looked: bool = False

    @property
    def live(self) -> tuple[JobView, ...]:
        """Those that run or wait, the oldest first."""
        return tuple(one for one in reversed(self.views) if one.job.live)

    def get(self, job_id: str) -> JobView | None:
        """The job of that name."""
        return next((one for one in self.views if one.job.id == job_id), None)


@dataclass(frozen=True, slots=True)
class Ended:
    """Jobs that ended since the last look."""

    views: tuple[JobView, ...] = field(default=())


class JobsWatch:
    """The jobs of a session as the interface sees them.

    Args:
        app: Its loop runs the watch.
        open_jobs: Makes a manager; called in threads.

    Attributes:
        changed: Published with a snapshot whenever it differs, and at each look while a
            job runs (time passes).
        ended: Published with the jobs that ended while one watched.
        starting: Published with a job's title before its process is there.
    """

    def __init__(self, app: App[Any], open_jobs: Callable[[], Jobs]) -> None:
        self._app = app
        self._open_jobs = open_jobs
        self._lock = threading.Lock()
        self._manager: Jobs | None = None
        self._wake: asyncio.Event | None = None
        self._cancelling: dict[str, str] = {}
        self._took_s: dict[str, float] = {}
        self._known_live: dict[str, bool] = {}
        self._since = time.time()
        self.snapshot = JobsSnapshot()
        self.changed: Signal[JobsSnapshot] = Signal(app, "jobs-changed")
        self.ended: Signal[Ended] = Signal(app, "jobs-ended")
        self.starting: Signal[str] = Signal(app, "jobs-starting")

    def begin(self) -> None:
        """Start watching; a second call does nothing."""
        if self._wake is None:
            self._wake = asyncio.Event()
            self._app.run_worker(self._watch(self._wake), group="jobs", exit_on_error=False)

    def restart(self) -> None:
        """Watch another folder, if `open_jobs` now makes a manager of another one."""
        with self._lock:
            self._manager = None
        self._known_live, self._since = {}, time.time()
        self.snapshot = JobsSnapshot()
        self.changed.publish(self.snapshot)
        self._look_soon()

    async def start(
        self, argv: Sequence[str], title: str, before: Callable[[], object] | None = None
    ) -> Job:
        """Start a subcommand as a job.

        Args:
            argv: Of the subcommand.
            title: Says what is done.
            before: Writes what the job needs; called in a thread.

        Raises:
            JobError: it can't be started.
            BirdscopeError: as `before` does.
        """
        self.starting.publish(title)
        try:
            if before is not None:
                await asyncio.to_thread(before)
            return await self._with_manager(lambda jobs: jobs.start(argv, title))
        except BirdscopeError:
            self.changed.publish(self.snapshot)
            raise

    async def resume(self, job_id: str) -> Job:
        """Start an ended job's command again, as a new job.

        Raises:
            JobError: there is none, or it still runs.
        """
        return await self._with_manager(lambda jobs: jobs.resume(job_id))

    async def remove(self, job_id: str) -> None:
        """Delete an ended job's folder.

        Raises:
            JobError: there is none, or it still runs.
        """
        await self._with_manager(lambda jobs: jobs.remove(job_id))

    def cancel(self, job_id: str) -> None:
        """Stop a job in three steps, in a thread that doesn't hold up the end of the app."""
        if job_id not in self._cancelling:
            self._cancelling[job_id] = "being cancelled"
            threading.Thread(target=self._cancel, args=(job_id,), daemon=True).start()
            self._look_soon()

    async def _with_manager(self, work: Callable[[Jobs], ResultT]) -> ResultT:
        def locked() -> ResultT:
            with self._lock:
                return work(self._jobs())

        result = await asyncio.to_thread(locked)
        self._look_soon()
        return result

    def _jobs(self) -> Jobs:
        """The manager; only with the lock held, in a thread."""
        if self._manager is None:
            self._manager = self._open_jobs()
        return self._manager

    def _cancel(self, job_id: str) -> None:
        """In a thread of its own, with a manager of its own: it waits for many seconds."""

        def told(text: str) -> None:
            self._cancelling[job_id] = STEPS.get(text, text)

        try:
            self._open_jobs().cancel(job_id, told=told)
        except BirdscopeError as error:
            self._app.call_later(self._say, error)
        finally:
            self._cancelling.pop(job_id, None)

    def _say(self, error: BirdscopeError) -> None:
        self._app.notify(str(error), title="Cancel", severity="error", markup=False)

    def _look_soon(self) -> None:
        if self._wake is not None:
            self._wake.set()

    async def _watch(self, wake: asyncio.Event) -> None:
        while True:
            wake.clear()
            self._take(await asyncio.to_thread(self._look))
            pause_s = BUSY_S if self.snapshot.live else QUIET_S
            # two looks are never nearer than this, however often somebody wakes
            await asyncio.sleep(BUSY_S)
            try:
                await asyncio.wait_for(wake.wait(), pause_s - BUSY_S)
            except TimeoutError:
                continue

    def _look(self) -> JobsSnapshot:
        """In a thread. A watch must not die of one odd file: what is wrong is said instead."""
        try:
            with self._lock:
                jobs = self._jobs().list()
            return JobsSnapshot(tuple(self._view(job) for job in jobs), looked=True)
        except Exception as error:
            return replace(self.snapshot, problem=f"{error}", looked=True)

    def _view(self, job: Job) -> JobView:
        if job.live:
            return JobView(job, time.time() - job.spec.created, self._cancelling.get(job.id, ""))
        if job.id not in self._took_s:
            self._took_s[job.id] = _ended_at(job.folder, job.spec.created) - job.spec.created
        return JobView(job, self._took_s[job.id])

    def _take(self, snapshot: JobsSnapshot) -> None:
        before, self.snapshot = self.snapshot, snapshot
        ended = tuple(one for one in snapshot.views if self._has_just_ended(one.job))
        self._known_live = {one.job.id: one.job.live for one in snapshot.views}
        if ended:
            self.ended.publish(Ended(ended))
        if snapshot.live or snapshot != before:
            self.changed.publish(snapshot)

    def _has_just_ended(self, job: Job) -> bool:
        """It was live at the last look, or began and ended since."""
        new = job.spec.created >= self._since
        return not job.live and self._known_live.get(job.id, new)


def _ended_at(folder: Path, otherwise: float) -> float:
    for name in ("events.jsonl", "log.txt"):
        try:
            return (folder / name).stat().st_mtime
        except OSError:
            continue
    return otherwise
