from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from birdscope.core.events import Event
from birdscope.jobs.job import Job, JobSpec, Progress, State
from birdscope.submission.report import Finding, SubmissionReport
from birdscope.tui import jobs_text
from birdscope.tui.jobs_watch import Ended, JobsSnapshot, JobView
from birdscope.tui.wrapping import wrapped

NOW = 1_700_000_000.0
SPEC = JobSpec("id", "Predict all", ("predict", "--data", "a b"), NOW - 100)


def view(state: State, *events: Event, seconds: float = 100.0, note: str = "") -> JobView:
    progress = Progress()
    for event in events:
        progress = progress.after(event)
    return JobView(Job(SPEC, state, progress, Path("/jobs/id")), seconds, note)


def running(done: int) -> JobView:
    steps = [
        Event("progress", f"file {n}", n, 10, "recording", t=NOW - 100 + 10 * n)
        for n in range(1, done + 1)
    ]
    return view("running", Event("started", t=NOW - 100), *steps)


def test_the_indicator_counts_and_shows_the_first_running_job() -> None:
    assert jobs_text.indicator(JobsSnapshot(), NOW) == ""
    assert jobs_text.indicator(JobsSnapshot((view("finished"),)), NOW) == ""
    text = jobs_text.indicator(JobsSnapshot((view("queued"), running(4))), NOW)
    assert text.startswith("2 ") and text.endswith(" 40%") and text[2] in jobs_text.SPINNER
    assert jobs_text.indicator(JobsSnapshot((view("queued"),)), NOW) == "1 ◌"


def test_the_sign_of_a_running_job_turns_four_times_a_second() -> None:
    signs = [jobs_text.icon("running", NOW + n / 4)[0] for n in range(5)]
    assert len(set(signs[:4])) == 4 and signs[4] == signs[0]
    assert jobs_text.icon("failed", NOW) == jobs_text.icon("failed", NOW + 0.3)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "now"), (59, "59 s"), (61, "1 min"), (7300, "2 h"), (200_000, "2 d")],
)
def test_ages_are_short(seconds: float, text: str) -> None:
    assert jobs_text.ago(seconds) == text


def test_time_is_left_waited_or_taken() -> None:
    assert jobs_text.time_left(running(4), NOW - 60) == "1 min left"
    assert jobs_text.time_left(view("running", seconds=65), NOW) == "1:05"
    assert jobs_text.time_left(view("queued"), NOW) == "waits for a place"
    assert jobs_text.time_left(view("finished", seconds=7325), NOW) == "took 2 h 2 min"
    assert jobs_text.time_left(view("running", note="asked to stop"), NOW) == "asked to stop"


def test_bars_are_exact_to_half_a_cell() -> None:
    assert jobs_text.bar(0.25, 10) == ("━━╸", "───────")
    assert jobs_text.bar(7.0, 3) == ("━━━", "") and jobs_text.bar(-1.0, 3) == ("", "───")


def test_a_failure_shows_reason_remedy_and_the_key_that_goes_on() -> None:
    failed = Event("failed", "x: disk full\n  → make room", data={"remedy": "make room"})
    text = jobs_text.detail(view("failed", failed), "last words", None, NOW).plain
    assert "x: disk full" in text and text.count("make room") == 1
    assert "r goes on where it stopped" in text and "last words" in text
    assert "birdscope predict --data 'a b'" in text


def test_an_interrupted_job_says_so_and_resumes() -> None:
    text = jobs_text.detail(view("interrupted"), "", None, NOW).plain
    assert "without a last word" in text and "r goes on" in text and "log" not in text


def test_a_running_job_shows_its_bar_metrics_and_warnings() -> None:
    progress = running(4).job.progress.after(Event("metric", data={"val_auc": 0.91234}))
    progress = progress.after(Event("warning", "one file is damaged"))
    job = replace(running(4).job, progress=progress)
    text = jobs_text.detail(JobView(job, 60.0), "", None, NOW).plain
    assert "40%  4 of 10 recordings" in text and "val auc   0.9123" in text
    assert "one file is damaged" in text and "warnings  1" in text


def test_a_report_is_told_in_plain_words(tmp_path: Path) -> None:
    report = SubmissionReport(
        tmp_path / "s.csv", True, 8400, 206, (Finding("every value is a number", "ok"),),
        ("3 rows could not be predicted and are 0.0",), "demo", "train_soundscapes", "blend",
        "mine", 700, {"ok": 698, "damaged": 2}, 100, 3.0, NOW,
    )  # fmt: skip
    text = jobs_text.detail(view("finished"), "", report, NOW, 60).plain
    assert "✓ would be accepted: 8,400 rows × 206 classes" in text
    assert "for debugging: these are train_soundscapes" in text
    assert "✓ every value is a number" in text and "3 rows could not be predicted" in text
    assert text.index("c copies the path") < text.index("every value is a number")
    assert "698 ok, 2 damaged, 600 were" in text and "c copies the path" in text
    assert max(len(line) for line in text.splitlines()[:-2]) <= 60
    refused = replace(report, ok=False)
    assert "✗ would not be accepted" in jobs_text.detail(view("failed"), "", refused, NOW).plain


def test_logs_lose_colours_controls_and_rewritten_lines() -> None:
    text = "\x1b[31mred\x1b[0m\r\n10%\r20%\r\n\x1b]0;title\x07bell\x07\ttab"
    assert jobs_text.lines_of(text) == ["red", "20%", "bell    tab"]


def test_many_ends_are_one_notification() -> None:
    ended = Ended(tuple(view("finished") for _ in range(5)))
    assert jobs_text.ended_notices(ended) == [("Jobs", "5 jobs have ended", "information")]
    failed = view("failed", Event("failed", "no room", data={"remedy": "make some"}))
    assert jobs_text.ended_notice(failed) == (
        "Failed", "Predict all: no room\n→ make some", "error",
    )  # fmt: skip


def test_a_title_is_one_clean_line() -> None:
    job = replace(running(1).job, spec=replace(SPEC, title="two\nlines \x1b[2Jand a code"))
    assert jobs_text.title_of(job) == "two lines and a code"


def test_what_a_job_says_never_fills_the_screen() -> None:
    loud = view("running", Event("progress", "x" * 500_000, 1, 2, t=time.time()))
    assert len(jobs_text.detail(loud, "", None, NOW).plain) < 10_000


@pytest.mark.parametrize("state", ["running", "cancelled", "failed", "interrupted"])
@pytest.mark.parametrize(
    "loaded",
    [
        Event("progress", "ensemble loaded", 1, 1, "checkpoint"),
        Event("progress", "reading headers", 23, 23, "recording"),
    ],
)
def test_a_job_that_makes_ready_shows_no_full_bar(state: State, loaded: Event) -> None:
    ended = view(state, loaded)
    assert jobs_text.percent(ended.job) == ""
    text = jobs_text.detail(ended, "", None, NOW).plain
    assert "100%" not in text and "━" not in text
    assert "%" not in jobs_text.indicator(JobsSnapshot((ended,)), NOW)


def test_making_nets_is_progress() -> None:
    made = Event("progress", "quantising alpha (2 of 2)", 1, 2, "checkpoint")
    assert jobs_text.percent(view("running", made).job) == "50%"


def test_measured_speed_names_the_reserve() -> None:
    speed = {"s_per_soundscape": 0.079, "s_start_and_end": 16.7, "minutes_for_700": 1.2}
    text = jobs_text.detail(view("finished", Event("metric", data=speed)), "", None, NOW).plain
    assert "per soundscape   0.079 s" in text and "700 soundscapes  1.2 min" in text
    assert "start and end    16.7 s, with the reserve" in text


def test_a_job_has_begun_but_a_queued_one_waits() -> None:
    assert "finished · begun " in jobs_text.detail(view("finished"), "", None, NOW).plain
    assert "queued · since " in jobs_text.detail(view("queued"), "", None, NOW).plain


def test_paths_break_between_folders_and_names_between_words() -> None:
    path = "sessions/docs/submissions/calfrog32-calfrog-two-20261121-200421.csv"
    lines = wrapped(f"--out {path}", 30)
    assert "".join(lines) == f"--out {path}" and max(map(len, lines)) <= 30
    assert all(line[-1] in "/-" for line in lines[:-1])
    assert wrapped("--data /a/b", 8) == ["--data", "/a/b"]
