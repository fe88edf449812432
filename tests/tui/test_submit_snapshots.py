"""What the tab Submit looks like, with jobs of every kind and a measured budget."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from birdscope.core.events import Event
from birdscope.jobs.folder import ProcessMark, save_mark
from birdscope.jobs.manager import Jobs
from birdscope.submission.budget import Speed, keep_speed
from birdscope.submission.report import SubmissionReport, findings_of, write_report
from birdscope.tui import jobs_text
from birdscope.tui.jobs_watch import JobsWatch
from birdscope.tui.screens.submit import SubmitPane
from birdscope.tui.widgets import budget_meter
from birdscope.tui.widgets.job_detail import JobDetail
from birdscope.tui.widgets.jobs_table import JobsTable
from tests.tui.conftest import MakeApp
from tests.tui.fake_engine import FINGERPRINT, FakeEngine
from tests.tui.jobs_kit import LARGE, SMALL, made_up, wait_for

SIZES = {"small": SMALL, "large": LARGE}


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A session of five jobs; words that depend on the clock are fixed."""
    for module in (jobs_text, budget_meter):
        monkeypatch.setattr(module, "ago", lambda seconds: "5 min")
    monkeypatch.setattr(jobs_text, "_when", lambda view, now: " · begun 12:00")
    monkeypatch.setattr(jobs_text, "time_left", lambda view, now: "took 8 s")
    monkeypatch.setattr(jobs_text, "SPINNER", "◐")
    models = tmp_path / "home" / "models"
    models.mkdir(parents=True)
    (models / "demo.toml").write_text('[[members]]\nname = "alpha"\ncheckpoints = "alpha.pth"\n')
    (models / "demo.toml").with_name("alpha.pth").touch()
    session = tmp_path / "home" / "sessions" / "test"
    csv = session / "submissions" / "tiny-demo-20250101-120000.csv"
    report = write_report(
        SubmissionReport(
            csv, True, 8400, 206, findings_of(()), ("3 rows could not be predicted and are 0.0",),
            "tiny", "test_soundscapes", "demo", "demo", 700, {"ok": 699, "damaged": 1}, 700, 8.0,
        )
    )  # fmt: skip
    jobs = session / "jobs"
    made_up(jobs, 1, Event("started"), title="Measure demo")
    made_up(jobs, 2, Event("failed", "disk full", data={"remedy": "make room"}), title="Predict")
    made_up(jobs, 3, Event("cancelled"), title="Train nfnet")
    steps = [Event("progress", "H01.ogg", n, 60, "recording") for n in range(25)]
    made_up(jobs, 4, Event("started"), *steps, title="Predict train_soundscapes · demo")
    done = [Event("artifact", data={"path": str(path)}) for path in (csv, report)]
    made_up(jobs, 5, Event("started"), *done, Event("finished"), title="Export tiny · demo")
    _pretend_to_run(jobs)
    return session


def _pretend_to_run(jobs: Path) -> None:
    """The fourth job is run by this process."""
    import os

    from birdscope.jobs.process import start_time

    pid = os.getpid()
    save_mark(sorted(jobs.iterdir())[3], ProcessMark(pid, start_time(pid) or 0.0, slot=True))


def _speed(**changes: Any) -> Speed:
    values: dict[str, Any] = {
        "ensemble": "demo",
        "fingerprint": FINGERPRINT,
        "backend": "torch",
        "device": "cpu",
        "threads": 2,
        "seconds": {"alpha/a": 2.0, "beta/a": 0.8, "beta/b": 0.8},
        "members": {"alpha/a": "alpha", "beta/a": "beta", "beta/b": "beta"},
        "order": ("beta/b", "beta/a", "alpha/a"),
        "other_s": 0.2,
        "start_s": 5.0,
        "made": time.time(),
    }
    return Speed(**{**values, **changes})


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", ["fits", "over"])
def test_submit(
    state: str, size: str, snap_compare: Any, make_app: MakeApp, tiny_dataset: Path, session: Path
) -> None:
    slow = {"alpha/a": 6.0, "beta/a": 1.6, "beta/b": 1.6}
    keep_speed(session / "budget", _speed(seconds=slow) if state == "over" else _speed())
    app = make_app(tiny_dataset)
    app.services.__dict__["engine"] = FakeEngine()
    app.services.__dict__["jobs"] = JobsWatch(app, lambda: Jobs(session / "jobs"))

    async def before(pilot: Pilot[None]) -> None:
        await wait_for(pilot, lambda: len(app.query(SubmitPane)) == 1)
        app.action_show_tab("submit")
        pane = app.query_one(SubmitPane)
        table = pane.query_one(JobsTable)
        await wait_for(pilot, lambda: len(table.views) == 5 and pane.plan.speed is not None)
        table.focus()
        if state == "over":
            await pilot.press("down", "down", "down")
        wanted = "disk full" if state == "over" else "would be accepted"
        detail = pane.query_one(JobDetail)
        await wait_for(pilot, lambda: wanted in detail.content.plain)
        app.clear_notifications()
        await pilot.pause(0.1)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)
