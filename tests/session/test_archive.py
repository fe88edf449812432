from __future__ import annotations

import errno
import os
import sqlite3
import stat
import warnings
import zipfile
from pathlib import Path

import pytest

from birdscope.core.errors import Cancelled, SessionError, UsageError
from birdscope.core.events import Event, Stop
from birdscope.session.archive import archive_path, archive_session
from birdscope.session.restore import restore_session
from birdscope.session.session import Session
from birdscope.session.state import load_state

NAMES = [
    "work/jobs/1/job.toml",
    "work/scores/f/d/live.json",
    "work/scores/f/d/live.npy",
    "work/session.toml",
    "work/verdicts.sqlite",
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    (home / "models").mkdir(parents=True)
    (home / "models" / "demo.toml").touch()
    monkeypatch.setenv("BIRDSCOPE_HOME", str(home))
    return home


@pytest.fixture
def work(home: Path) -> Path:
    """A session with a bit of everything, still open in another connection."""
    dataset = home.parent / "far away" / "birdclef"
    session = Session.open(home / "sessions", "work")
    session.update(dataset=str(dataset), ensemble=str(home / "models" / "demo.toml"), tab="scope")
    session.close()
    folder = session.folder
    (folder / "session.toml").write_text("# mine\n" + (folder / "session.toml").read_text())
    for name in ("scores/f/d/live.npy", "scores/f/d/live.json", "jobs/1/job.toml"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(3_000_000) if name.endswith("npy") else name.encode())
    (folder / "jobs" / "1" / "process.json").write_text('{"pid": 1}')
    (folder / "birdscope.log").write_text("what went wrong here")
    (folder / ".session.toml.x.part").write_text("half")
    (folder / "link").symlink_to("/etc/passwd")
    with sqlite3.connect(folder / "verdicts.sqlite") as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE verdicts (row_id TEXT, verdict TEXT)")
    database.close()
    return folder


def entries(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_there_and_back(work: Path, home: Path) -> None:
    out = home / "a.zip"
    events: list[Event] = []
    report = archive_session(work, out, emit=events.append)
    assert report.files == len(NAMES)
    assert report.archive_bytes == out.stat().st_size
    assert events[-1].done == events[-1].total == pytest.approx(report.content_bytes / 1e6, abs=0.1)
    restored = restore_session(out, home / "sessions", "again")
    assert restored == home / "sessions" / "again"
    found = {one.relative_to(restored).as_posix() for one in restored.rglob("*") if one.is_file()}
    assert {f"work/{name}" for name in found} == set(NAMES)
    for name in ("scores/f/d/live.npy", "jobs/1/job.toml"):
        assert (restored / name).read_bytes() == (work / name).read_bytes()
    session = Session.open(home / "sessions", "again")
    assert session.state.tab == "scope" and not session.warning
    assert session.state.ensemble == str(home / "models" / "demo.toml")
    assert session.state.dataset == "birdclef", "it is not on this machine: known by its name"
    session.close()


def test_names_are_sorted_and_nothing_says_where_it_was(work: Path, home: Path) -> None:
    out = home / "a.zip"
    archive_session(work, out)
    content = entries(out)
    assert list(content) == NAMES
    state = content["work/session.toml"].decode()
    assert str(home.parent) not in state
    assert 'dataset = "birdclef"' in state and 'ensemble = "models/demo.toml"' in state
    assert state.startswith("# mine")


def test_an_unchanged_session_gives_the_same_bytes(work: Path, home: Path) -> None:
    first, second = home / "a.zip", home / "b.zip"
    archive_session(work, first)
    archive_session(work, second)
    assert first.read_bytes() == second.read_bytes()


def test_a_database_that_is_being_written_is_taken_whole(work: Path, home: Path) -> None:
    writer = sqlite3.connect(work / "verdicts.sqlite")
    writer.execute("INSERT INTO verdicts VALUES ('a_5', 'yes')")
    writer.commit()
    assert (work / "verdicts.sqlite-wal").stat().st_size > 0, "the row is only in the side file"
    writer.execute("INSERT INTO verdicts VALUES ('a_10', 'no')")
    archive_session(work, home / "a.zip")
    writer.close()
    restored = restore_session(home / "a.zip", home / "sessions", "again")
    with sqlite3.connect(restored / "verdicts.sqlite") as database:
        assert database.execute("SELECT * FROM verdicts").fetchall() == [("a_5", "yes")]
    database.close()


def test_jobs_that_run_can_be_left_out(work: Path, home: Path) -> None:
    archive_session(work, home / "a.zip", leave_out=[work / "jobs" / "1"])
    assert "work/jobs/1/job.toml" not in entries(home / "a.zip")


def test_an_open_session_can_be_archived(work: Path, home: Path) -> None:
    session = Session.open(home / "sessions", "work")
    archive_session(work, home / "a.zip")
    session.update(tab="browse")
    assert load_state(work / "session.toml").tab == "browse"
    session.close()


def test_stopping_leaves_nothing(work: Path, home: Path) -> None:
    stop = Stop()
    with pytest.raises(Cancelled):
        archive_session(work, home / "a.zip", emit=lambda event: stop.set(), stop=stop)
    assert not list(home.glob("*.zip*")) and not list(home.glob(".*"))
    archive_session(work, home / "a.zip")
    with pytest.raises(Cancelled):
        restore_session(home / "a.zip", home / "sessions", "again", stop=stop)
    assert [one.name for one in (home / "sessions").iterdir()] == ["work"]


def test_a_full_disk_leaves_nothing(
    work: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive_session(work, home / "a.zip")
    written = Path.open

    def full(path: Path, mode: str = "r", *more: object) -> object:
        if "w" in mode:
            raise OSError(errno.ENOSPC, "No space left on device")
        return written(path, mode)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        with pytest.raises(SessionError, match="No space left"):
            restore_session(home / "a.zip", home / "sessions", "again")
    assert [one.name for one in (home / "sessions").iterdir()] == ["work"]
    monkeypatch.setattr("birdscope.session.restore._ROOM_BYTES", 1 << 60)
    with pytest.raises(SessionError, match="are free"):
        restore_session(home / "a.zip", home / "sessions", "again")


def test_nothing_is_overwritten(work: Path, home: Path) -> None:
    out = home / "a.zip"
    archive_session(work, out)
    before = out.read_bytes()
    with pytest.raises(SessionError, match="is there already"):
        archive_session(work, out)
    assert out.read_bytes() == before
    with pytest.raises(SessionError, match="is there already"):
        restore_session(out, home / "sessions")
    with pytest.raises(SessionError, match="in the session itself"):
        archive_session(work, work / "a.zip")
    with pytest.raises(UsageError, match="can't be called"):
        restore_session(out, home / "sessions", "../elsewhere")


def forged(path: Path, *members: str | zipfile.ZipInfo) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("work/session.toml", "")
        for one in members:
            archive.writestr(one, "mischief")
    return path


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("work/link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    "member",
    [
        "../evil.txt",
        "work/../../evil.txt",
        "/tmp/evil.txt",
        "work/C:\\evil.txt",
        "work\\..\\evil.txt",
        "evil.txt",
        "other/evil.txt",
        "work/session.toml",
        link(),
    ],
    ids=str,
)
def test_a_member_that_would_land_elsewhere_is_refused(
    home: Path, member: str | zipfile.ZipInfo
) -> None:
    with warnings.catch_warnings(action="ignore"):
        archive = forged(home / "forged.zip", member)
    before = sorted(home.parent.rglob("*"))
    with pytest.raises(SessionError) as caught:
        restore_session(archive, home / "sessions")
    assert caught.value.path == archive
    left = [one for one in sorted(home.parent.rglob("*")) if one not in before]
    assert left == [], "nothing was unpacked"


def test_other_files_are_no_archives(home: Path) -> None:
    (home / "text.zip").write_text("no zip")
    (home / "whole.zip").write_bytes(forged(home / "x.zip", "work/a").read_bytes()[:60])
    with zipfile.ZipFile(home / "other.zip", "w") as archive:
        archive.writestr("papers/one.txt", "")
    for name in ("text.zip", "whole.zip", "other.zip", "missing.zip"):
        with pytest.raises(SessionError):
            restore_session(home / name, home / "sessions")
    assert not list((home / "sessions").glob("*"))


def test_a_flipped_bit_is_found(work: Path, home: Path) -> None:
    out = home / "a.zip"
    archive_session(work, out)
    body = bytearray(out.read_bytes())
    body[len(body) // 2] ^= 1
    out.write_bytes(body)
    with pytest.raises(SessionError, match="damaged"):
        restore_session(out, home / "sessions", "again")
    assert not (home / "sessions" / "again").exists()


def test_a_name_nobody_gave_tells_the_session_and_the_time() -> None:
    path = archive_path(Path("archives"), "field trip", 0.0)
    assert path.name.startswith("field trip-1970") or path.name.startswith("field trip-1969")
    assert path.suffix == ".zip"
