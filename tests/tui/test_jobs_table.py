from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from birdscope.core.events import Event
from birdscope.jobs.job import Job, JobSpec, Progress, State
from birdscope.tui.jobs_watch import JobsSnapshot, JobView
from birdscope.tui.widgets.jobs_table import JobsTable

NOW = 1_700_000_000.0
TITLE = "Predict train_soundscapes · calfrog-two"


def view(state: State, title: str = TITLE, progress: Progress | None = None) -> JobView:
    spec = JobSpec(title, title, ("predict",), NOW - 10)
    return JobView(Job(spec, state, progress or Progress(), Path("/jobs/id")), 6.0)


def lines(width: int, *views: JobView) -> list[str]:
    table = JobsTable(lambda: NOW)
    table.refresh = table.rows_changed = lambda *args: table  # type: ignore[method-assign, assignment]
    table.show(JobsSnapshot(views))
    spans = [table.header_spans(width), *(table.spans_of(row, width) for row in range(len(views)))]
    return ["".join(text for text, _ in line) for line in spans]


def test_values_stand_under_their_headers() -> None:
    for states in (["finished", "interrupted"], ["running", "finished"]):
        header, *rows = lines(80, *(view(state, "Export") for state in states))
        assert all(row[header.index("begun") :].startswith("10 s ago") for row in rows)
        assert rows[-1][header.index("progress") :].startswith(states[-1])


@pytest.mark.parametrize("width", [58, 76, 78])
def test_titles_of_ended_jobs_come_before_ages(width: int) -> None:
    header, row = lines(width, view("finished"))
    whole = TITLE in row or len(TITLE) > width - 26
    assert whole and len(row) <= width and len(header) <= width


def test_a_job_that_loads_its_nets_has_an_empty_bar() -> None:
    loaded = Progress().after(Event("progress", "ensemble loaded", 2, 2, "checkpoint"))
    _, row = lines(80, view("running", progress=loaded))
    assert "━" not in row and "%" not in row


def test_a_long_note_leaves_titles_their_room() -> None:
    noted = replace(view("running"), note="asked to stop; it keeps what is finished")
    _, row = lines(80, noted)
    assert TITLE in row and "asked to stop" in row
