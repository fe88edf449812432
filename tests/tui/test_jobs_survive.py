"""Jobs outlive a killed interface, a full disk is said, a cancelled prediction goes on equal."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from birdscope.core.errors import JobError
from birdscope.jobs import process
from birdscope.jobs.folder import load_mark
from birdscope.jobs.job import Job
from birdscope.jobs.manager import Jobs
from tests.commands.conftest import make_ensemble
from tests.tui.conftest import MakeApp
from tests.tui.jobs_kit import REAL, fake_program, states, stop_all, submit_tab, wait_for

# An app in a terminal whose keys nobody presses: it starts a job and waits.
STARTER = """
import sys
from pathlib import Path
from birdscope.jobs.manager import Jobs
from birdscope.tui.app import BirdscopeApp
from birdscope.tui.jobs_watch import JobsWatch

folder, script = Path(sys.argv[1]), sys.argv[2]

class Starting(BirdscopeApp):
    async def _after_first_paint(self):
        await super()._after_first_paint()
        self.set_timer(0.1, self.start_one)

    async def start_one(self):
        argv = ["--mode", "run", "--steps", "40", "--pause", "0.1"]
        await self.services.jobs.start(argv, "from a terminal")

app = Starting(None, session="test")
watch = JobsWatch(app, lambda: Jobs(folder, slots=2, program=(sys.executable, script)))
app.services.__dict__["jobs"] = watch
app.run()
"""


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return tmp_path / "home" / "sessions" / "test"


@pytest.fixture
def jobs(session: Path) -> Iterator[Jobs]:
    """Jobs that run birdscope itself."""
    manager = Jobs(session / "jobs", slots=2, program=REAL)
    yield manager
    stop_all(manager)


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)


def ended(jobs: Jobs, job: Job) -> Job:
    until(lambda: not jobs.get(job.id).live, 120)
    return jobs.get(job.id)


async def test_sigkill_of_the_interface_leaves_its_job_running(
    make_app: MakeApp, tmp_path: Path, session: Path
) -> None:
    program = fake_program(tmp_path)
    folder = session / "jobs"
    mine = Jobs(folder, slots=2, program=program)
    ours, theirs = pty.openpty()
    app = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(folder), program[1]],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env={**os.environ, "TERM": "xterm-256color"},
    )  # fmt: skip
    os.close(theirs)
    threading.Thread(target=_swallow, args=(ours,), daemon=True).start()
    try:
        until(lambda: mine.list() and mine.list()[0].progress.done >= 2)
        os.killpg(app.pid, signal.SIGKILL)
        assert app.wait(10) == -signal.SIGKILL
        job = mine.list()[0]
        assert job.state == "running"
        async with submit_tab(make_app(None), lambda: mine) as (pilot, pane):
            assert states(pane) == ["running"]
            await wait_for(pilot, lambda: states(pane) == ["finished"])
        assert mine.get(job.id).progress.done == 40
    finally:
        if app.poll() is None:
            os.killpg(app.pid, signal.SIGKILL)
        stop_all(mine)


def _swallow(terminal: int) -> None:
    """Read what the app paints, so that it never waits for the terminal."""
    try:
        while os.read(terminal, 65536):
            continue
    except OSError:
        return


@pytest.fixture(scope="module")
def many(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A dataset of 24 soundscapes (the same few under many names) and a tiny ensemble."""
    from birdscope.dataset.catalog import Catalog

    root = tmp_path_factory.mktemp("many") / "data"
    shutil.copytree(tiny_dataset, root, ignore=shutil.ignore_patterns("test_soundscapes"))
    (root / "test_soundscapes").mkdir()
    sources = sorted((tiny_dataset / "test_soundscapes").iterdir())
    for number in range(24):
        os.link(_copy(sources[number % 2], root), root / "test_soundscapes" / f"S_{number:03d}.ogg")
    ensemble = make_ensemble(root.parent / "ensemble", Catalog.open(root).taxonomy.labels)
    return root, ensemble


def _copy(source: Path, root: Path) -> Path:
    target = root.parent / source.name
    if not target.exists():
        shutil.copy(source, target)
    return target


def predict_argv(many: tuple[Path, Path], out: Path) -> list[str]:
    data, ensemble = many
    argv = ["predict", "--data", str(data), "--ensemble", str(ensemble), "--out", str(out)]
    return [*argv, "--threads", "1"]


def test_a_cancelled_prediction_resumed_equals_one_that_ran_through(
    jobs: Jobs, many: tuple[Path, Path], tmp_path: Path
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    straight = jobs.start(predict_argv(many, whole), "straight through")
    job = jobs.start(predict_argv(many, parts), "in two parts")
    marks = parts / "recordings.jsonl"
    until(lambda: marks.exists() and marks.read_bytes().count(b"\n") >= 3)
    mark = load_mark(job.folder)
    assert mark is not None
    assert jobs.cancel(job.id).state == "cancelled"
    assert process.group_members(mark.pid) == []
    done = marks.read_bytes().count(b"\n")
    assert 3 <= done < 24
    resumed = ended(jobs, jobs.resume(job.id))
    assert resumed.state == "finished", resumed.progress.reason
    assert ended(jobs, straight).state == "finished"
    assert f"{done} of 24 recordings are there already" in resumed.log.read_text()
    for name in ("values.npy", "rows.parquet", "recordings.jsonl"):
        assert (parts / name).read_bytes() == (whole / name).read_bytes(), name


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 kB."""
    folder = tmp_path / "small-disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if done.returncode:
        pytest.skip(f"a small disk can't be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Leave no room at all."""
    ballast = folder / "ballast"
    with pytest.raises(OSError, match="No space"), open(ballast, "wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    return ballast


def test_a_full_disk_fails_with_that_reason_and_goes_on_once_there_is_room(
    jobs: Jobs, many: tuple[Path, Path], small_disk: Path
) -> None:
    ballast = fill(small_disk)
    argv = [*predict_argv(many, small_disk / "scores"), "--limit", "2"]
    job = ended(jobs, jobs.start(argv, "no room"))
    assert job.state == "failed"
    assert "No space left on device" in job.progress.reason
    assert "make room" in job.progress.remedy
    ballast.unlink()
    assert ended(jobs, jobs.resume(job.id)).state == "finished"


def test_a_job_whose_own_folder_is_on_the_full_disk_still_says_why_it_failed(
    tmp_path: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "chatty.py"
    script.write_text(CHATTY)
    jobs = Jobs(small_disk / "jobs", program=(sys.executable, str(script)))
    job = jobs.start([], "talks until the disk is full")
    until(lambda: jobs.get(job.id).progress.done > 0)
    fill(small_disk)
    (tmp_path / "go").touch()
    job = ended(jobs, job)
    assert job.state == "failed" and "No space left on device" in job.progress.reason
    assert job.progress.remedy == "make room, then resume"
    assert not (job.folder / ".reserve").exists()


CHATTY = """
import argparse, sys, time
from pathlib import Path
from birdscope.commands._output import reporter
from birdscope.core.events import Event
args = argparse.Namespace(events=Path(sys.argv[2]), quiet=True)
with reporter(args) as emit:
    emit(Event("progress", "first", 1, 100))
    while not (Path(__file__).parent / "go").exists():
        time.sleep(0.02)
    for n in range(400):
        emit(Event("progress", "words " * 20, n, 400))
    raise OSError("words that find no room " * 200)
"""


def test_a_session_on_a_full_disk_can_not_start_a_job_and_says_so(small_disk: Path) -> None:
    fill(small_disk)
    with pytest.raises(JobError, match="No space left") as raised:
        Jobs(small_disk / "jobs").start(["predict"])
    assert "make room" in (raised.value.remedy or "")
