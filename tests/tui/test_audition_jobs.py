"""Audition while a prediction runs: what it says, and when the queue changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from textual.widgets import Static

from birdscope.core.errors import EngineError
from birdscope.jobs.job import Job, JobSpec, Progress
from birdscope.tui.jobs_watch import JobsSnapshot, JobView
from birdscope.tui.screens.audition import AuditionPane
from tests.tui.audition_kit import LARGE, audition_tab, introduce, settled, study_of
from tests.tui.conftest import MakeApp
from tests.tui.jobs_kit import wait_for


def snapshot(done: float, state: str = "running") -> JobsSnapshot:
    """A prediction of five soundscapes."""
    spec = JobSpec("20250101-000000-000-0000", "Predict", ("predict", "--data", "x"), 0.0)
    progress = Progress(done=done, total=5, unit="recording", message="H01")
    return JobsSnapshot((JobView(Job(spec, state, progress, Path("job")), 12.0),), looked=True)


def hint_of(pane: AuditionPane) -> str:
    return str(pane.query_one("#audition-hint", Static).content)


async def test_the_wait_for_the_first_scores_is_told_and_ends_by_itself(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    introduce()
    study = study_of(tiny_dataset)
    study.scored = 0
    async with audition_tab(make_app(tiny_dataset), study) as (pilot, pane):
        jobs = pilot.app.services.jobs
        jobs.changed.publish(snapshot(0))
        await wait_for(pilot, lambda: "0 of 5 recordings" in hint_of(pane))
        assert "begins by itself" in hint_of(pane)
        study.scored = 2

        def arrived() -> bool:
            jobs.changed.publish(snapshot(2))  # as the watch does while a job runs
            return settled(pane) and len(pane.queue.items) == 8

        await wait_for(pilot, arrived)
        assert "2/5 files so far" in str(pane.queue.border_subtitle)


async def test_a_queue_nobody_has_begun_with_grows_around_its_window(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    introduce()
    study = study_of(tiny_dataset)
    study.scored, study.paths = 2, study.paths[::-1]
    async with audition_tab(make_app(tiny_dataset), study) as (pilot, pane):
        jobs, seen = pilot.app.services.jobs, pane.queue.item
        jobs.changed.publish(snapshot(2))
        study.scored, study.paths = 5, study.paths[::-1]
        jobs.changed.publish(snapshot(5, "finished"))
        await wait_for(pilot, lambda: settled(pane) and len(pane.queue.items) == 20)
        assert (pane.queue.item.recording, pane.queue.item.index) == (seen.recording, seen.index)
        assert "files" not in str(pane.queue.border_subtitle)
        assert f"{pane.queue.cursor} better: r" in str(pane.queue.border_title)
        await pilot.press("r")
        await wait_for(pilot, lambda: settled(pane) and pane.queue.cursor == 0)
        assert "better" not in str(pane.queue.border_title)


async def test_a_queue_that_is_judged_waits_for_r(make_app: MakeApp, tiny_dataset: Path) -> None:
    introduce()
    study = study_of(tiny_dataset)
    study.scored = 2
    async with audition_tab(make_app(tiny_dataset), study) as (pilot, pane):
        jobs = pilot.app.services.jobs
        await pilot.press("y", "n")
        await wait_for(pilot, lambda: len(pane.feed.verdicts) == 2)
        jobs.changed.publish(snapshot(2))
        study.scored = 5
        jobs.changed.publish(snapshot(5, "finished"))
        await wait_for(pilot, lambda: "r adds new files" in str(pane.queue.border_subtitle))
        assert len(pane.queue.items) == 8 and pane.queue.cursor == 2
        await pilot.press("down", "r")
        await wait_for(pilot, lambda: settled(pane) and len(pane.queue.items) == 20)
        assert pane.queue.cursor == 2, "the first window without a verdict"
        assert "r adds" not in str(pane.queue.border_subtitle)


async def test_another_queue_begins_at_its_top(make_app: MakeApp, tiny_dataset: Path) -> None:
    introduce()
    study = study_of(tiny_dataset)
    async with audition_tab(make_app(tiny_dataset), study, LARGE) as (pilot, pane):
        await pilot.press("down", "down", "down", "y")
        await wait_for(pilot, lambda: len(pane.feed.verdicts) == 1 and pane.queue.cursor == 4)
        await pilot.press("s", "down", "down", "enter")
        await wait_for(pilot, lambda: settled(pane) and study.asked[-1].kind == "disagreement")
        await wait_for(pilot, lambda: pane.queue.cursor == 0)
        assert "differ" in pane.queue.header_spans(100)[0][0]
        narrow = pane.queue.header_spans(30)[0][0]
        assert "differ" in narrow and "score" not in narrow
        assert pane.queue.spans_of(0, 30)[0][0].strip() == "0.060"
        study.refuses = EngineError("lost", remedy="press r")
        await pilot.press("r")
        await wait_for(pilot, lambda: "lost" in hint_of(pane))
        study.refuses = None
        pane.feed.choice = replace(pane.feed.choice, kind="score")
        await pilot.press("r")
        await wait_for(pilot, lambda: settled(pane) and pane.queue.cursor == 0)


async def test_members_of_the_window_are_named_below_it(
    make_app: MakeApp, tiny_dataset: Path
) -> None:
    introduce()
    async with audition_tab(make_app(tiny_dataset), study_of(tiny_dataset)) as (_, pane):
        assert str(pane.spectrogram.border_subtitle) == "alpha 0.990  beta 0.930"
