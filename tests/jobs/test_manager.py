from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from birdscope.core.errors import JobError
from birdscope.core.events import Event
from birdscope.jobs import process
from birdscope.jobs.folder import ProcessMark, append_event, load_mark, save_mark
from birdscope.jobs.job import Job
from birdscope.jobs.manager import Jobs

Until = Callable[..., Job]
LONG = ("--steps", "600", "--pause", "0.1")


def _mark(job: Job) -> ProcessMark:
    mark = load_mark(job.folder)
    assert mark is not None
    return mark


def test_a_job_runs_to_its_end_and_tells_of_it(jobs: Jobs, until: Until) -> None:
    job = until(jobs.start(["--mode", "run"], title="three steps").id, "finished")
    assert job.progress.done == 3 and job.progress.fraction == 1
    assert job.spec.title == "three steps"
    assert "hello from the job" in job.log.read_text()


def test_two_jobs_run_at_once_and_the_third_waits_its_turn(jobs: Jobs, until: Until) -> None:
    first = jobs.start(["--mode", "polite", "--mark", os.devnull, *LONG])
    second = jobs.start(["--mode", "polite", "--mark", os.devnull, *LONG])
    until(first.id, "running")
    until(second.id, "running")
    third = jobs.start(["--mode", "run"])
    time.sleep(1.0)
    assert jobs.get(third.id).state == "queued"
    jobs.cancel(first.id)
    assert until(third.id, "finished").state == "finished"
    assert jobs.get(second.id).state == "running"


def test_a_polite_job_keeps_its_checkpoint_on_cancel(
    jobs: Jobs, until: Until, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "checkpoint"
    job = jobs.start(["--mode", "polite", "--mark", str(checkpoint), *LONG])
    until(job.id, "running")
    _until_progress(jobs, job.id)
    told: list[str] = []
    assert jobs.cancel(job.id, told=told.append).state == "cancelled"
    assert told == ["SIGINT sent"]
    assert checkpoint.read_text() == "checkpoint"


def test_a_stubborn_job_is_stopped_by_force(jobs: Jobs, until: Until) -> None:
    job = jobs.start(["--mode", "stubborn", *LONG])
    until(job.id, "running")
    _until_progress(jobs, job.id)
    told: list[str] = []
    ended = jobs.cancel(job.id, graces_s=(0.3, 0.3, 5.0), told=told.append)
    assert told == ["SIGINT sent", "SIGTERM sent", "SIGKILL sent"]
    assert ended.state == "cancelled" and ended.progress.reason == "stopped by force"


def test_no_worker_survives_a_cancel(jobs: Jobs, until: Until) -> None:
    job = jobs.start(["--mode", "workers", *LONG])
    until(job.id, "running")
    _until_progress(jobs, job.id)
    group = _mark(job).pid
    assert len(process.group_members(group)) == 4
    jobs.cancel(job.id, graces_s=(0.3, 0.3, 5.0))
    assert process.group_members(group) == []


def test_leftover_workers_end_with_their_job(jobs: Jobs, until: Until) -> None:
    job = jobs.start(["--mode", "workers"])
    until(job.id, "finished")
    group = _mark(job).pid
    deadline = time.monotonic() + 5
    while process.group_members(group) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert process.group_members(group) == []


def test_a_failure_carries_its_reason(jobs: Jobs, until: Until) -> None:
    job = until(jobs.start(["--mode", "fail"]).id, "failed")
    assert "disk is full" in job.progress.reason


def test_a_job_killed_from_outside_says_why(jobs: Jobs, until: Until) -> None:
    job = until(jobs.start(["--mode", "killed"]).id, "failed")
    assert "memory" in job.progress.reason and job.progress.remedy


def test_a_killed_supervisor_leaves_an_interrupted_job_that_resumes(
    jobs: Jobs, until: Until
) -> None:
    job = jobs.start(["--mode", "run", *LONG])
    until(job.id, "running")
    _until_progress(jobs, job.id)
    os.killpg(_mark(job).pid, signal.SIGKILL)
    until(job.id, "interrupted")
    again = jobs.resume(job.id)
    assert again.spec.parents == (job.id,)
    assert again.spec.argv == job.spec.argv
    jobs.cancel(again.id, graces_s=(0.0, 0.0, 5.0))


def test_a_job_outlives_its_starter_and_is_found_again(
    jobs: Jobs, until: Until, tmp_path: Path
) -> None:
    code = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from birdscope.jobs.manager import Jobs\n"
        f"jobs = Jobs(Path({str(jobs.folder)!r}), slots=2, program={jobs.program!r})\n"
        "print(jobs.start(['--mode', 'run', '--steps', '40', '--pause', '0.05']).id, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL
    job = until(done.stdout.strip(), "finished")
    assert job.progress.done == 40


def test_a_job_killed_together_with_its_starter_is_interrupted_and_resumes(
    jobs: Jobs, until: Until
) -> None:
    code = (
        "import os, signal, time\nfrom pathlib import Path\n"
        "from birdscope.jobs.folder import load_mark\n"
        "from birdscope.jobs.manager import Jobs\n"
        f"jobs = Jobs(Path({str(jobs.folder)!r}), slots=2, program={jobs.program!r})\n"
        f"job = jobs.start(['--mode', 'run', *{LONG!r}])\n"
        "while jobs.get(job.id).progress.done < 1: time.sleep(0.02)\n"
        "print(job.id, flush=True)\n"
        "os.killpg(load_mark(job.folder).pid, signal.SIGKILL)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL
    job = until(done.stdout.strip(), "interrupted")
    again = jobs.resume(job.id)
    until(again.id, "running")
    _until_progress(jobs, again.id)
    jobs.cancel(again.id, graces_s=(0.0, 0.0, 5.0))


def test_another_process_with_the_same_number_is_not_the_job(jobs: Jobs, until: Until) -> None:
    job = jobs.start(["--mode", "run", *LONG])
    until(job.id, "running")
    os.killpg(_mark(job).pid, signal.SIGKILL)
    until(job.id, "interrupted")
    save_mark(job.folder, ProcessMark(os.getpid(), _mark(job).started - 3600, slot=True))
    assert Jobs(jobs.folder).get(job.id).state == "interrupted"


def test_last_words_said_while_one_looks_are_heard(
    jobs: Jobs, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job ends between the look at its events and the look at its process."""
    job = jobs.start(["--mode", "run", *LONG])
    until(job.id, "running")
    _until_progress(jobs, job.id)
    alive = process.alive

    def ends_now(mark: ProcessMark) -> bool:
        process.stop_group(mark.pid, (0.0, 0.0, 5.0))
        append_event(job.folder, Event("finished"))
        monkeypatch.setattr(process, "alive", alive)
        return alive(mark)

    monkeypatch.setattr(process, "alive", ends_now)
    assert jobs.get(job.id).state == "finished"


def test_an_ended_job_can_be_removed_a_running_one_not(jobs: Jobs, until: Until) -> None:
    ended = until(jobs.start(["--mode", "run"]).id, "finished")
    jobs.remove(ended.id)
    assert not ended.folder.exists()
    running = jobs.start(["--mode", "run", *LONG])
    with pytest.raises(JobError, match="cancel it first"):
        jobs.remove(running.id)


def test_unknown_jobs_and_stray_files_are_told_or_passed_over(jobs: Jobs) -> None:
    jobs.folder.mkdir(parents=True)
    (jobs.folder / "stray.txt").write_text("not a job")
    assert jobs.list() == []
    with pytest.raises(JobError, match="no job"):
        jobs.get("nothing")


def _until_progress(jobs: Jobs, job_id: str) -> None:
    deadline = time.monotonic() + 20
    while jobs.get(job_id).progress.done < 1:
        assert time.monotonic() < deadline
        time.sleep(0.02)
