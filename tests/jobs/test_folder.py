from __future__ import annotations

import time
from pathlib import Path

import pytest

from birdscope.core.errors import ConfigError, JobError
from birdscope.core.events import Event
from birdscope.jobs.folder import EventTail, append_event, load_spec, save_spec, tail_text
from birdscope.jobs.job import JobSpec, Progress
from birdscope.jobs.manager import Jobs


def test_a_spec_comes_back_from_toml(tmp_path: Path) -> None:
    spec = JobSpec("a", 'title "quoted"', ("predict", "--data", "ä b"), 12.5, ("b",))
    save_spec(tmp_path, spec)
    assert load_spec(tmp_path) == spec


@pytest.mark.parametrize("text", ["garbage", "id = 1", "[x]"])
def test_a_damaged_spec_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "job.toml").write_text(text)
    with pytest.raises((JobError, ConfigError)):
        load_spec(tmp_path)


def test_garbage_lines_are_counted_and_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    good = Event("progress", done=1, total=2).to_json()
    path.write_bytes(b"\xff\xfe\n" + good.encode() + b"\n{}\nnull\n" + b"[" * 5000 + b"\n")
    tail = EventTail(path)
    assert [event.done for event in tail.read()] == [1]
    assert tail.garbage == 4


def test_a_half_written_line_is_read_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    line = Event("progress", done=1, total=2).to_json()
    path.write_text(line[:10])
    tail = EventTail(path)
    assert tail.read() == []
    with open(path, "a") as file:
        file.write(line[10:] + "\n")
    assert len(tail.read()) == 1 and tail.garbage == 0


def test_an_event_after_a_torn_line_stands_on_its_own(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text('{"v": 1, "ki')
    append_event(tmp_path, Event("failed", message="x"))
    assert [event.kind for event in EventTail(tmp_path / "events.jsonl").read()] == ["failed"]


def test_the_end_of_a_huge_log_is_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    with open(path, "wb") as file:
        for number in range(100):
            file.write((f"line {number} " + "x" * 1000 + "\n").encode() * 1000)
    assert path.stat().st_size > 100_000_000
    start = time.perf_counter()
    lines = tail_text(path, 5).splitlines()
    assert time.perf_counter() - start < 0.1
    assert len(lines) == 5 and lines[-1].startswith("line 99 ")


def test_fifty_jobs_are_listed_quickly(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path)
    for number in range(50):
        folder = tmp_path / f"job-{number:03d}"
        folder.mkdir()
        save_spec(folder, JobSpec(folder.name, "t", ("predict",), time.time()))
        for step in range(200):
            append_event(folder, Event("progress", done=step, total=200))
        append_event(folder, Event("finished"))
    assert len(jobs.list()) == 50
    start = time.perf_counter()
    assert all(job.state == "finished" for job in jobs.list())
    assert time.perf_counter() - start < 0.05


def test_the_rate_gives_the_time_left() -> None:
    progress = Progress()
    for step in range(11):
        progress = progress.after(Event("progress", done=step, total=20, t=100.0 + 2 * step))
    assert progress.remaining_s(now=120.0) == pytest.approx(20.0)
    assert progress.remaining_s(now=125.0) == pytest.approx(15.0)
    assert Progress().remaining_s() is None


def test_a_resumed_job_starts_its_progress_anew_but_keeps_what_it_wrote() -> None:
    progress = Progress().after(Event("artifact", data={"path": "a.csv"}))
    progress = progress.after(Event("progress", done=5, total=9)).after(Event("cancelled"))
    again = progress.after(Event("started"))
    assert again.final == "" and again.done == 0 and again.artifacts == ("a.csv",)


def test_job_files_are_plain_text_a_person_can_read(tmp_path: Path) -> None:
    save_spec(tmp_path, JobSpec("a", "predict", ("predict",), 1.0))
    assert 'title = "predict"' in (tmp_path / "job.toml").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["job.toml"]
