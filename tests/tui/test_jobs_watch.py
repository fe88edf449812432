"""The watch over the jobs: it looks in threads, tells what changed, and never dies."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.app import App

from birdscope.core.errors import JobError, SubmissionError
from birdscope.core.events import Event
from birdscope.jobs import process
from birdscope.jobs.folder import append_event, load_mark
from birdscope.jobs.manager import Jobs
from birdscope.tui.jobs_watch import Ended, JobsSnapshot, JobsWatch
from tests.tui.jobs_kit import LONG, fake_program, made_up, stop_all, wait_for

OpenJobs = Callable[[], Jobs]


@pytest.fixture
def open_jobs(tmp_path: Path) -> Iterator[OpenJobs]:
    program = fake_program(tmp_path)

    def make() -> Jobs:
        return Jobs(tmp_path / "jobs", slots=2, program=program)

    yield make
    stop_all(make())


class Watching(App[None]):
    """An app with a watch and nothing else."""

    def __init__(self, open_jobs: OpenJobs) -> None:
        super().__init__()
        self.watch_jobs = JobsWatch(self, open_jobs)
        self.seen: list[JobsSnapshot] = []
        self.ended: list[str] = []

    def on_mount(self) -> None:
        self.watch_jobs.changed.subscribe(self, self.seen.append)
        self.watch_jobs.ended.subscribe(self, self._ended)
        self.watch_jobs.begin()

    def _ended(self, ended: Ended) -> None:
        self.ended += [f"{one.job.spec.title} {one.job.state}" for one in ended.views]


async def test_a_job_of_another_process_is_seen_and_its_end_told_once(open_jobs: OpenJobs) -> None:
    app = Watching(open_jobs)
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: app.watch_jobs.snapshot.looked)
        open_jobs().start(["--mode", "run", "--steps", "8", "--pause", "0.1"], title="theirs")
        await wait_for(pilot, lambda: bool(app.watch_jobs.snapshot.live))
        await wait_for(pilot, lambda: bool(app.ended))
        await pilot.pause(0.6)
        assert app.ended == ["theirs finished"]
        fractions = [one.views[0].job.progress.fraction or 0.0 for one in app.seen if one.views]
        assert fractions == sorted(fractions) and fractions[-1] == 1.0


async def test_jobs_that_ended_before_are_listed_but_not_told(
    open_jobs: OpenJobs, tmp_path: Path
) -> None:
    made_up(tmp_path / "jobs", 1)
    app = Watching(open_jobs)
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: len(app.watch_jobs.snapshot.views) == 1)
        await pilot.pause(0.4)
        assert app.ended == []


async def test_a_job_too_short_to_be_seen_running_is_told(open_jobs: OpenJobs) -> None:
    app = Watching(open_jobs)
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: app.watch_jobs.snapshot.looked)
        jobs = open_jobs()
        with app.watch_jobs._lock:  # nobody looks while it lives
            job = jobs.start(["--mode", "fail"], title="short")
            while jobs.get(job.id).live:
                time.sleep(0.02)
        await wait_for(pilot, lambda: bool(app.ended))
        assert app.ended == ["short failed"]


async def test_it_looks_at_most_four_times_a_second_however_often_it_is_woken(
    open_jobs: OpenJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []
    threads: set[int] = set()
    original = Jobs.list

    def counted(self: Jobs) -> object:
        looks.append(time.monotonic())
        threads.add(threading.get_ident())
        return original(self)

    monkeypatch.setattr(Jobs, "list", counted)
    app = Watching(open_jobs)
    async with app.run_test() as pilot:
        deadline = time.monotonic() + 1.5
        while time.monotonic() < deadline:
            app.watch_jobs._look_soon()
            await pilot.pause(0.01)
        gaps = [later - earlier for earlier, later in itertools.pairwise(looks)]
        assert len(gaps) >= 3 and min(gaps) > 0.24
        assert threading.get_ident() not in threads


async def test_a_stubborn_job_is_cancelled_in_steps_that_are_said(
    open_jobs: OpenJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        Jobs, "cancel", lambda self, job_id, told, _real=Jobs.cancel: _real(
            self, job_id, (0.8, 0.8, 5.0), told
        ),
    )  # fmt: skip
    app = Watching(open_jobs)
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: app.watch_jobs.snapshot.looked)
        job = await app.watch_jobs.start(["--mode", "stubborn", *LONG], "stubborn")
        await wait_for(
            pilot, lambda: any(one.job.progress.done for one in app.watch_jobs.snapshot.live)
        )
        mark = load_mark(job.folder)
        assert mark is not None
        begin = time.monotonic()
        app.watch_jobs.cancel(job.id)
        app.watch_jobs.cancel(job.id)
        assert time.monotonic() - begin < 0.1
        await wait_for(pilot, lambda: bool(app.ended))
        notes = {one.views[0].note for one in app.seen if one.views}
        assert {"asked to stop; it keeps what is finished", "told to end"} <= notes
        assert app.ended == ["stubborn cancelled"]
        assert process.group_members(mark.pid) == []


async def test_cancelling_what_has_ended_is_a_notification(
    open_jobs: OpenJobs, tmp_path: Path
) -> None:
    made_up(tmp_path / "jobs", 1)
    app = Watching(open_jobs)
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: len(app.watch_jobs.snapshot.views) == 1)
        app.watch_jobs.cancel(app.watch_jobs.snapshot.views[0].job.id)
        await wait_for(pilot, lambda: len(app._notifications) > 0)
        assert "nothing to cancel" in next(iter(app._notifications)).message


async def test_resume_and_remove(open_jobs: OpenJobs, tmp_path: Path) -> None:
    app = Watching(open_jobs)
    async with app.run_test() as pilot:
        first = await app.watch_jobs.start(["--mode", "run"], "again")
        with pytest.raises(JobError, match="still"):
            await app.watch_jobs.remove(first.id)
        await wait_for(pilot, lambda: app.ended == ["again finished"])
        second = await app.watch_jobs.resume(first.id)
        assert second.spec.parents == (first.id,)
        await app.watch_jobs.remove(first.id)
        assert not first.folder.exists()
        await wait_for(pilot, lambda: app.ended == ["again finished"] * 2)


async def test_what_is_odd_in_the_folder_does_not_end_the_watch(
    open_jobs: OpenJobs, tmp_path: Path
) -> None:
    folder = tmp_path / "jobs"
    folder.write_text("a file where a folder should be")
    app = Watching(open_jobs)
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: bool(app.watch_jobs.snapshot.problem))
        folder.unlink()
        made_up(folder, 1)
        (folder / "20250101-000003").mkdir()
        (folder / "20250101-000003" / "job.toml").write_text("\x00garbage")
        made_up(folder, 2)
        garbage = b'\xff\xfe\n{"v": 1, "kind": "progress", "done": "many"}\n[[[\n{}\n'
        with open(folder / "20250101-000002-000-0000" / "events.jsonl", "ab") as file:
            file.write(garbage)
        append_event(folder / "20250101-000002-000-0000", Event("finished"))
        await wait_for(pilot, lambda: len(app.watch_jobs.snapshot.views) == 2)
        assert app.watch_jobs.snapshot.problem == ""
        assert {one.job.state for one in app.watch_jobs.snapshot.views} == {"finished"}


async def test_another_folder_is_watched_after_a_restart(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    made_up(folders[0], 1)
    made_up(folders[1], 2)
    made_up(folders[1], 3)
    app = Watching(lambda: Jobs(folders[0]))
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: len(app.watch_jobs.snapshot.views) == 1)
        folders.pop(0)
        app.watch_jobs.restart()
        await wait_for(pilot, lambda: len(app.watch_jobs.snapshot.views) == 2)
        assert app.ended == []


async def test_a_start_that_fails_before_the_job_takes_its_announcement_back(
    open_jobs: OpenJobs,
) -> None:
    app = Watching(open_jobs)
    said: list[str] = []

    def refuse() -> None:
        said.append("prepared")
        raise SubmissionError("can't be written")

    async with app.run_test():
        app.watch_jobs.starting.subscribe(app, lambda title: said.append(title))
        app.watch_jobs.changed.subscribe(app, lambda snapshot: said.append("as it was"))
        with pytest.raises(SubmissionError):
            await app.watch_jobs.start(LONG, "an export", refuse)
        await asyncio.sleep(0.1)
        assert "an export" in said and "as it was" in said[said.index("prepared") :]
        assert not app.watch_jobs.snapshot.views
