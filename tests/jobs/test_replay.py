from __future__ import annotations

import math
from pathlib import Path

import pytest

from birdscope.core.errors import Cancelled, JobError
from birdscope.core.events import Event, Stop
from birdscope.jobs.replay import replay


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    events = [
        Event("started", t=100.0),
        Event("progress", "a", 1, 2, "step", t=101.0),
        Event("progress", "b", 2, 2, "step", t=104.0),
        Event("finished", t=104.5),
    ]
    lines = [event.to_json() for event in events]
    lines.insert(2, "garbage")
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_it_keeps_the_pauses_and_skips_garbage(recorded: Path) -> None:
    heard: list[Event] = []
    slept: list[float] = []
    assert replay(recorded, heard.append, speed=2.0, sleep=slept.append) == "finished"
    assert [event.kind for event in heard] == ["started", "progress", "progress", "finished"]
    assert sum(slept) == pytest.approx(4.5 / 2) and max(slept) <= 0.1 + 1e-9
    assert all(event.t > 1_000_000 for event in heard)


def test_a_recording_without_an_end_says_so(recorded: Path) -> None:
    recorded.write_text("\n".join(recorded.read_text().splitlines()[:2]) + "\n")
    assert replay(recorded, lambda event: None, speed=math.inf) == ""


def test_it_stops_when_asked(recorded: Path) -> None:
    stop = Stop()
    heard: list[Event] = []

    def sleep(seconds: float) -> None:
        stop.set()

    with pytest.raises(Cancelled):
        replay(recorded, heard.append, stop=stop, sleep=sleep)
    assert len(heard) == 1


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="no such file"):
        replay(tmp_path / "none", lambda event: None)
    (tmp_path / "empty").write_text("garbage\n{}\n")
    with pytest.raises(JobError, match="holds no events"):
        replay(tmp_path / "empty", lambda event: None)
