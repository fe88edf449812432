from __future__ import annotations

import errno
import json
import time
import zipfile
from pathlib import Path

import pytest

from birdscope.cli import main
from birdscope.core import atomic
from birdscope.session.session import Session

Out = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BIRDSCOPE_HOME", str(tmp_path))
    return tmp_path


def as_json(out: Out) -> dict:
    return json.loads(out.readouterr().out)


def test_list_says_when_there_is_nothing(capsys: Out) -> None:
    assert main(["sessions"]) == 0
    assert "no sessions" in capsys.readouterr().out


def test_a_session_is_made_and_listed(home: Path, tiny_dataset: Path, capsys: Out) -> None:
    assert main(["sessions", "create", "field trip", "--data", str(tiny_dataset)]) == 0
    scores = home / "sessions" / "field trip" / "scores" / "a.npy"
    scores.parent.mkdir()
    scores.write_bytes(bytes(2000))
    capsys.readouterr()
    assert main(["sessions", "list", "--json"]) == 0
    (one,) = as_json(capsys)["sessions"]
    assert one["name"] == "field trip"
    assert one["dataset"] == str(tiny_dataset)
    assert (one["scores_bytes"], one["verdicts_bytes"], one["jobs_bytes"]) == (2000, 0, 0)
    assert one["total_bytes"] > 2000
    assert one["holder"] is None
    assert time.time() - one["used"] < 60
    main(["sessions"])
    line = capsys.readouterr().out
    assert "field trip" in line and "scores 2.0 kB" in line and str(tiny_dataset) in line


def test_what_can_not_be_done_is_an_error(tmp_path: Path, capsys: Out) -> None:
    main(["sessions", "create", "reserve"])
    assert main(["sessions", "create", "reserve"]) == 12
    assert main(["sessions", "create", "../up"]) == 2
    assert main(["sessions", "create", "x", "--data", str(tmp_path / "none")]) == 3
    assert main(["sessions", "archive", "reservw"]) == 2
    assert "did you mean 'reserve'" in capsys.readouterr().err
    assert main(["sessions", "restore", str(tmp_path / "none.zip")]) == 12
    assert main(["sessions", "remove", "reserve"]) == 2, "nobody can be asked: nothing is removed"
    assert "--yes" in capsys.readouterr().err
    assert (tmp_path / "sessions" / "reserve").is_dir()


def test_a_full_disk_leaves_no_half_session(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(atomic, "write_text", full)
        assert main(["sessions", "create", "s"]) == 12
    assert "No space left" in capsys.readouterr().err
    assert main(["sessions", "create", "s"]) == 0


def test_archive_remove_restore(home: Path, capsys: Out) -> None:
    main(["sessions", "create", "reserve", "--ensemble", str(home / "models" / "x.toml")])
    capsys.readouterr()
    assert main(["sessions", "archive", "reserve", "--json", "--quiet"]) == 0
    result = as_json(capsys)
    archive = Path(result["archive"])
    assert archive.parent == home / "sessions" / "archives"
    assert result["files"] == 1 and result["archive_bytes"] == archive.stat().st_size
    assert main(["sessions", "remove", "reserve", "--yes"]) == 0
    assert [one.name for one in (home / "sessions").iterdir()] == ["archives"]
    assert main(["sessions", "restore", str(archive)]) == 0
    assert main(["sessions", "restore", str(archive)]) == 12, "it is there already"
    assert main(["sessions", "restore", str(archive), "--as", "copy"]) == 0
    capsys.readouterr()
    main(["sessions", "--json"])
    assert {one["name"] for one in as_json(capsys)["sessions"]} == {"copy", "reserve"}


def test_a_dataset_that_is_not_here_is_said(home: Path, capsys: Out) -> None:
    session = Session.open(home / "sessions", "s")
    session.update(dataset="/far/away/birdclef")
    session.close()
    main(["sessions", "archive", "s", "--out", str(home / "s.zip")])
    main(["sessions", "restore", str(home / "s.zip"), "--as", "t"])
    assert "'birdclef' is not here" in capsys.readouterr().out


def test_events_of_an_archive_end_with_the_file(home: Path) -> None:
    main(["sessions", "create", "s"])
    events = home / "events.jsonl"
    main(["sessions", "archive", "s", "--out", str(home / "s.zip"), "--events", str(events)])
    kinds = [json.loads(line)["kind"] for line in events.read_text().splitlines()]
    assert kinds[0] == "started" and kinds[-2:] == ["artifact", "finished"]


def test_an_open_session_is_named_and_not_removed(home: Path, capsys: Out) -> None:
    session = Session.open(home / "sessions", "s")
    main(["sessions", "--json"])
    assert as_json(capsys)["sessions"][0]["holder"] > 0
    assert main(["sessions", "remove", "s", "--yes"]) == 12
    assert "open in a birdscope (process" in capsys.readouterr().err
    session.close()
    assert main(["sessions", "remove", "s", "--yes"]) == 0


def test_jobs_that_run_are_left_out_and_keep_the_session(home: Path, capsys: Out) -> None:
    from birdscope.jobs.manager import Jobs

    main(["sessions", "create", "s"])
    jobs = Jobs(home / "sessions" / "s" / "jobs", program=["sleep"])
    job = jobs.start(["30"])
    try:
        capsys.readouterr()
        out = home / "s.zip"
        assert main(["sessions", "archive", "s", "--out", str(out), "--json", "--quiet"]) == 0
        assert as_json(capsys)["jobs_left_out"] == [job.id]
        with zipfile.ZipFile(out) as archive:
            assert archive.namelist() == ["s/session.toml"]
        assert main(["sessions", "remove", "s", "--yes"]) == 12
    finally:
        jobs.cancel(job.id, graces_s=(0.2, 0.2, 2.0))
    assert main(["sessions", "remove", "s", "--yes"]) == 0


def test_a_broken_file_is_listed_with_what_is_wrong(home: Path, capsys: Out) -> None:
    main(["sessions", "create", "s"])
    (home / "sessions" / "s" / "session.toml").write_text("tba = 1\n")
    main(["sessions"])
    assert "unknown key 'tba'" in capsys.readouterr().out
