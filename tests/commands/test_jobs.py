from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from birdscope.cli import main


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BIRDSCOPE_HOME", str(tmp_path))
    return tmp_path


def test_a_subcommand_runs_as_a_job_and_its_log_is_followed(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["jobs", "start", "scan", "--data", str(home / "nowhere")]) == 0
    job = capsys.readouterr().out.strip()
    assert main(["jobs", "tail", job]) == 1
    shown = capsys.readouterr()
    assert "nowhere" in shown.out + shown.err
    assert main(["jobs", "--json", "show", job[:-2]]) == 1
    assert json.loads(capsys.readouterr().out)["state"] == "failed"


def test_list_says_when_there_is_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["jobs"]) == 0
    assert "no jobs" in capsys.readouterr().out


def test_what_can_not_be_done_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["jobs", "cancel", "none"]) == 11
    assert main(["jobs", "start"]) == 2
    assert "no subcommand" in capsys.readouterr().err


def test_a_resumed_job_names_its_parent(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["jobs", "start", "scan", "--data", str(home / "nowhere")])
    first = capsys.readouterr().out.strip()
    main(["jobs", "tail", first])
    time.sleep(0.01)
    assert main(["jobs", "resume", first]) == 0
    second = capsys.readouterr().out.strip().splitlines()[-1]
    main(["jobs", "tail", second])
    capsys.readouterr()
    main(["jobs", "--json", "list"])
    jobs = json.loads(capsys.readouterr().out)["jobs"]
    assert [job["id"] for job in jobs] == [second, first]
    assert jobs[0]["parents"] == [first]


def test_a_recorded_job_is_replayed_as_a_job(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from birdscope.core.events import Event

    recorded = home / "events.jsonl"
    events = [
        Event("started", t=1.0),
        Event("progress", "one", 1, 3, "step", t=2.0),
        Event("metric", data={"loss": 0.5}, t=2.0),
        Event("failed", "out of luck", data={"remedy": "try again"}, t=61.0),
    ]
    recorded.write_text("".join(event.to_json() + "\n" for event in events))
    assert main(["jobs", "replay", str(recorded), "--speed", "1000"]) == 0
    job = capsys.readouterr().out.strip()
    assert main(["jobs", "tail", job]) == 1
    capsys.readouterr()
    main(["jobs", "--json", "show", job])
    shown = json.loads(capsys.readouterr().out)
    assert (shown["state"], shown["reason"], shown["remedy"]) == (
        "failed",
        "out of luck",
        "try again",
    )
    assert shown["metrics"] == {"loss": 0.5} and shown["progress"] == "1/3 step"
    assert main(["jobs", "replay", str(home / "none")]) == 11
