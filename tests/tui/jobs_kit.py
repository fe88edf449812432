"""Jobs for tests of the interface: a fake program, made-up jobs, an app that watches them."""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from birdscope.core.events import Event
from birdscope.engine.description import describe
from birdscope.engine.messages import EnsembleInfo
from birdscope.jobs.folder import append_event, save_spec
from birdscope.jobs.job import JobSpec
from birdscope.jobs.manager import Jobs
from birdscope.tui.app import BirdscopeApp
from birdscope.tui.jobs_watch import JobsWatch
from birdscope.tui.screens.submit import SubmitPane
from tests.jobs.conftest import PROGRAM
from tests.tui.fake_engine import FakeEngine, FakeQuestions

SMALL, LARGE = (80, 24), (160, 48)
LONG = ("--steps", "600", "--pause", "0.1")
REAL = (sys.executable, "-m", "birdscope")


class DescribingQuestions(FakeQuestions):
    """Describes ensembles as the real quick lane does."""

    async def describe(self, ensemble: Path) -> EnsembleInfo:
        return describe(ensemble)


def describing_engine() -> FakeEngine:
    """An engine without processes that knows real ensembles."""
    engine = FakeEngine()
    engine.questions = DescribingQuestions(engine)
    return engine


def fake_program(folder: Path) -> tuple[str, ...]:
    """The program of the jobs' own tests: it does as `--mode` says."""
    script = folder / "program.py"
    script.write_text(PROGRAM)
    return sys.executable, str(script)


def stop_all(jobs: Jobs) -> None:
    """End whatever a test has left running."""
    for job in jobs.list():
        if job.live:
            jobs.cancel(job.id, graces_s=(0.0, 0.0, 5.0))


def made_up(folder: Path, number: int, *events: Event, title: str = "", age_s: float = 60) -> None:
    """A job of the past: its folder and what it said."""
    spec = JobSpec(f"20250101-0000{number:02d}-000-0000", title or f"job {number}",
                   ("predict", "--data", "x"), time.time() - age_s)  # fmt: skip
    job = folder / spec.id
    job.mkdir(parents=True)
    save_spec(job, spec)
    (job / "log.txt").write_text(f"a line of job {number}\n")
    for event in events or (Event("started"), Event("finished")):
        append_event(job, event)


@asynccontextmanager
async def submit_tab(
    app: BirdscopeApp,
    jobs: Callable[[], Jobs],
    size: tuple[int, int] = SMALL,
    engine: FakeEngine | None = None,
) -> AsyncIterator[tuple[Pilot[None], SubmitPane]]:
    """The tab on show, its first look at the jobs taken."""
    app.services.__dict__["engine"] = engine or FakeEngine()
    app.services.__dict__["jobs"] = JobsWatch(app, jobs)
    async with app.run_test(size=size) as pilot:
        await wait_for(pilot, lambda: len(app.query(SubmitPane)) == 1)
        await wait_for(pilot, lambda: app.services.jobs.snapshot.looked)
        app.action_show_tab("submit")
        await pilot.pause()
        yield pilot, app.query_one(SubmitPane)


async def wait_for(pilot: Pilot[None], condition: Callable[[], Any], seconds: float = 40.0) -> None:
    """Let the app run until something is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the app never got there"
        await pilot.pause(0.02)
    await pilot.pause()


def states(pane: SubmitPane) -> list[str]:
    """The states of the listed jobs."""
    return [view.job.state for view in pane.app.services.jobs.snapshot.views]  # type: ignore[attr-defined]


def told(pane: SubmitPane) -> str:
    """All notifications so far."""
    return "\n".join(f"{one.title}: {one.message}" for one in pane.app._notifications)


def lines_of(strips: Sequence[Any]) -> str:
    """What a widget has painted."""
    return "\n".join(strip.text.rstrip() for strip in strips)
