from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from birdscope.jobs.job import Job
from birdscope.jobs.manager import Jobs

PROGRAM = """
import multiprocessing, os, signal, sys, time
from pathlib import Path
from birdscope.core.events import Event
args = dict(zip(sys.argv[1::2], sys.argv[2::2]))
events = open(args["--events"], "a")
def emit(*a, **k):
    events.write(Event(*a, **k).to_json() + "\\n"); events.flush()
mode = args["--mode"]
def asked(*_):
    if mode == "polite":
        Path(args["--mark"]).write_text("checkpoint")
        emit("cancelled"); sys.exit(130)
    print("I do not listen", flush=True)
signal.signal(signal.SIGINT, asked)
if mode == "stubborn":
    signal.signal(signal.SIGTERM, asked)
emit("started")
print("hello from the job", flush=True)
if mode == "workers":
    for _ in range(2):
        if os.fork() == 0:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            time.sleep(60); os._exit(0)
if mode == "fail":
    sys.exit("disk is full")
if mode == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
for n in range(int(args.get("--steps", "3"))):
    emit("progress", done=n + 1, total=int(args.get("--steps", "3")), unit="step")
    time.sleep(float(args.get("--pause", "0.02")))
while "--until" in args and not Path(args["--until"]).exists():
    time.sleep(0.05)
"""


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    monkeypatch.setenv("BIRDSCOPE_HOME", str(tmp_path / "home"))
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    manager = Jobs(tmp_path / "jobs", slots=2, program=(sys.executable, str(script)))
    yield manager
    for job in manager.list():
        if job.live:
            manager.cancel(job.id, graces_s=(0.0, 0.0, 5.0))


@pytest.fixture
def until(jobs: Jobs) -> Callable[..., Job]:
    def wait(job_id: str, *states: str, seconds: float = 20.0) -> Job:
        deadline = time.monotonic() + seconds
        while (job := jobs.get(job_id)).state not in states:
            assert time.monotonic() < deadline, f"still {job.state}: {job.log.read_text()}"
            time.sleep(0.02)
        return job

    return wait
