"""The session's training runs: what their folders say, and the jobs that train them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.widget import Widget

from birdscope.core.units import clock

if TYPE_CHECKING:
    from birdscope.jobs.job import State
    from birdscope.session.runs import Run, Runs
    from birdscope.tui.jobs_watch import JobView
    from birdscope.tui.services import Services

LOOK_S = 1.0


@dataclass(frozen=True)
class RunView:
    """A run and the newest job that trains it.

    Attributes:
        run: As its folder says.
        job: None where it was trained otherwise.
    """

    run: Run
    job: JobView | None = None

    @property
    def name(self) -> str:
        """Of the run's folder."""
        return self.run.name

    @property
    def is_live(self) -> bool:
        """Whether it is being trained or waits to be."""
        return self.job is not None and self.job.job.live

    @property
    def state(self) -> State:
        """Of its job; of a run without one, whether it is finished."""
        if self.job is not None and not (self.run.is_finished and not self.is_live):
            return self.job.job.state
        return "finished" if self.run.is_finished else "interrupted"

    @property
    def time_text(self) -> str:
        """Time left of a live one, time that training took of another."""
        if self.job is not None and self.is_live:
            left_s = self.run.left_s
            return f"{clock(left_s)} left" if left_s is not None else clock(self.job.seconds)
        return clock(self.run.seconds) if self.run.seconds else ""


class TrainRuns:
    """Looks at the runs of the session, in a thread, at most once a second.

    Args:
        owner: The widget whose workers are used.
        services: The app's.
        changed: Called when something is to be drawn anew.
    """

    def __init__(self, owner: Widget, services: Services, changed: Callable[[], None]) -> None:
        self._owner = owner
        self._services = services
        self._changed = changed
        self._runs: Runs | None = None
        self._looking = False
        self._looked = 0.0
        self.views: tuple[RunView, ...] = ()

    @property
    def folder(self) -> Path:
        """Where the runs are."""
        return self._services.session.folder / "runs"

    def look(self, *, at_once: bool = False) -> None:
        """Look again, unless that was done a moment ago."""
        if self._looking or (not at_once and time.monotonic() - self._looked < LOOK_S):
            return
        self._looking = True
        self._owner.run_worker(self._look(), group="train-runs", exit_on_error=False)

    def forget(self) -> None:
        """Another session: nothing that is known holds any more."""
        self._runs, self.views, self._looked = None, (), 0.0

    def free_name(self, name: str) -> str:
        """A name like this one that no run has; reads the folder."""
        return self._reader().free_name(name)

    async def _look(self) -> None:
        try:
            runs = await asyncio.to_thread(lambda: self._reader().list())
            self.views = self._joined(runs)
        finally:
            self._looking, self._looked = False, time.monotonic()
        self._changed()

    def _reader(self) -> Runs:
        from birdscope.session.runs import Runs

        if self._runs is None or self._runs.folder != self.folder:
            self._runs = Runs(self.folder)
        return self._runs

    def _joined(self, runs: tuple[Run, ...]) -> tuple[RunView, ...]:
        """Runs with their newest jobs; a job that has no folder yet, or never got one, too."""
        from birdscope.session.runs import Run

        jobs: dict[str, JobView] = {}
        for view in self._services.jobs.snapshot.views:
            folder = _out_of(view.job.spec.argv)
            if folder is not None and folder.parent == self.folder:
                jobs.setdefault(folder.name, view)
        found = [RunView(run, jobs.pop(run.name, None)) for run in runs]
        waiting = [
            RunView(Run(name, self.folder / name, began=view.job.spec.created), view)
            for name, view in jobs.items()
        ]
        return tuple(sorted([*found, *waiting], key=lambda one: -one.run.began))


def _out_of(argv: tuple[str, ...]) -> Path | None:
    """Where a training job writes; None of another job."""
    if not argv or argv[0] != "train" or "--out" not in argv[:-1]:
        return None
    return Path(argv[argv.index("--out") + 1])
