"""Verdicts: on the disk when kept, whoever dies; undone, read-only, damaged, many threads."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading

import pytest

from birdscope.core.errors import SessionError, UsageError
from birdscope.core.verdicts import Verdict
from birdscope.session.archive import archive_session
from birdscope.session.restore import restore_session
from birdscope.session.session import Session
from birdscope.session.verdicts import VERDICTS_FILE, Counts, Verdicts, default_annotator, now

KEY = "train_soundscapes/H02_20230420_074000.ogg"

KEEP_AND_WAIT = """
import sys
from pathlib import Path
from birdscope.core.verdicts import Verdict
from birdscope.session.verdicts import Verdicts, now
verdicts = Verdicts.open(Path(sys.argv[1]))
for index in range(3):
    verdict = Verdict("a.ogg", index, index * 5.0, index * 5.0 + 5, "grekis", "yes", "ada", now())
    verdicts.put(verdict)
    print(index, flush=True)
sys.stdin.read()
"""


def verdict(index=0, answer="yes", label="grekis", annotator="ada", **more):
    start = index * 5.0
    return Verdict(KEY, index, start, start + 5, label, answer, annotator, now(), **more)


@pytest.fixture
def verdicts(tmp_path):
    opened = Verdicts.open(tmp_path)
    yield opened
    opened.close()


def test_every_field_comes_back(verdicts):
    given = verdict(
        3, "correct", corrected_label="bkmtou1", queue="stratified", sampling_probability=0.125,
        score=0.75, ensemble="0123abcd", origin="field.csv",
    )  # fmt: skip
    verdicts.put(given)
    assert verdicts.all() == [given]
    assert verdicts.for_recording(KEY) == [given]
    assert verdicts.for_recording("other.ogg") == []


def test_it_is_a_write_ahead_log_that_waits_for_the_disk(verdicts):
    connection = verdicts._connection
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,), "2 is FULL"
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)


def test_a_process_killed_right_after_put_has_kept_it(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", KEEP_AND_WAIT, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert [process.stdout.readline().strip() for _ in range(3)] == ["0", "1", "2"]
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    found = Verdicts.open(tmp_path)
    assert [one.index for one in found.all()] == [0, 1, 2]
    assert found.notice == ""
    process.stdin.close()
    process.stdout.close()


def test_the_latest_of_an_annotator_counts_and_history_stays(verdicts):
    for answer in ("yes", "maybe", "no"):
        verdicts.put(verdict(answer=answer))
    verdicts.put(verdict(answer="yes", annotator="ben"))
    assert [(one.annotator, one.answer) for one in verdicts.of("grekis")] == [
        ("ada", "no"),
        ("ben", "yes"),
    ]
    assert [one.answer for one in verdicts.history(KEY, 0)] == ["yes", "maybe", "no", "yes"]
    assert verdicts.counts() == {"grekis": Counts(yes=1, no=1)}


def test_undo_takes_back_the_last_of_this_annotator_and_the_one_before_counts(verdicts):
    verdicts.put(verdict(answer="yes"))
    verdicts.put(verdict(answer="no"))
    verdicts.put(verdict(1, annotator="ben"))
    assert verdicts.undo("ada").answer == "no"
    assert [one.answer for one in verdicts.of("grekis")] == ["yes", "yes"]
    assert verdicts.undo("ada").answer == "yes"
    assert verdicts.undo("ada") is None
    assert [one.annotator for one in verdicts.all()] == ["ben"]
    assert len(verdicts.history(KEY, 0)) == 2, "nothing is deleted"


def test_undo_leaves_imports_alone(verdicts):
    verdicts.put_all([verdict(0, origin="a.csv"), verdict(1, origin="a.csv")])
    assert verdicts.undo("ada") is None
    assert len(verdicts.all()) == 2


def test_a_correction_tells_of_both_species(verdicts):
    verdicts.put(verdict(answer="correct", corrected_label="bkmtou1"))
    (asked,), (heard,) = verdicts.of("grekis"), verdicts.of("bkmtou1")
    assert asked == heard
    assert (asked.says("grekis"), asked.says("bkmtou1"), asked.says("other")) == (False, True, None)
    assert verdict(answer="maybe").says("grekis") is None


def test_a_window_drawn_by_chance_stays_in_its_sample_when_judged_again(verdicts):
    verdicts.put(verdict(answer="yes", queue="stratified", sampling_probability=0.1))
    verdicts.put(verdict(answer="no", queue="score"))
    (found,) = verdicts.of("grekis")
    assert (found.answer, found.queue, found.sampling_probability) == ("no", "stratified", 0.1)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"answer": "perhaps"}, "perhaps"),
        ({"answer": "correct"}, "correct"),
        ({"answer": "yes", "corrected_label": "x"}, "correct"),
        ({"answer": "correct", "corrected_label": "grekis"}, "itself"),
        ({"annotator": ""}, "name"),
    ],
)
def test_a_verdict_that_makes_no_sense_is_refused(more, words):
    with pytest.raises(UsageError, match=words):
        verdict(**more)


def test_many_are_kept_all_or_none(verdicts):
    class Odd(Verdict):
        def __post_init__(self):
            pass

    broken = Odd(KEY, 1, 5.0, 10.0, "grekis", "perhaps", "ada", now())
    with pytest.raises(SessionError):
        verdicts.put_all([verdict(), broken])
    assert verdicts.all() == []


def test_a_read_only_session_looks_and_refuses(tmp_path):
    assert Verdicts.open(tmp_path / "none", read_only=True).all() == []
    assert not (tmp_path / "none").exists(), "looking makes nothing"
    first = Session.open(tmp_path, "s")
    second = Session.open(tmp_path, "s")
    looking = Verdicts.open(second.folder, read_only=second.read_only)
    writing = Verdicts.open(first.folder, read_only=first.read_only)
    writing.put(verdict())
    assert len(looking.all()) == 1, "it sees what the other one keeps, from the first on"
    for change in (lambda: looking.put(verdict(1)), lambda: looking.undo("ada")):
        with pytest.raises(SessionError, match="read-only") as refused:
            change()
        assert refused.value.remedy
    assert len(writing.all()) == 1
    for one in (looking, writing, first, second):
        one.close()


def test_a_damaged_file_is_set_aside_and_what_can_be_read_is_taken_over(tmp_path):
    first = Verdicts.open(tmp_path)
    first.put_all([verdict(index) for index in range(400)])
    first.close()
    path = tmp_path / VERDICTS_FILE
    whole = path.read_bytes()
    half = len(whole) // 2 // 4096 * 4096
    path.write_bytes(whole[:half] + b"\xff" * 4096 * 3 + whole[half + 4096 * 3 :])
    again = Verdicts.open(tmp_path)
    assert "damaged" in again.notice
    assert f"{VERDICTS_FILE}.broken" in again.notice
    assert (tmp_path / f"{VERDICTS_FILE}.broken").exists()
    assert len(again.all()) > 0
    assert f"{len(again.all())} verdicts" in again.notice
    again.put(verdict(7, "no"))
    again.close()
    assert Verdicts.open(tmp_path).notice == ""


def test_a_file_that_is_no_database_is_set_aside_untouched(tmp_path):
    (tmp_path / VERDICTS_FILE).write_text("no database, but a note that somebody wants\n" * 50)
    opened = Verdicts.open(tmp_path)
    assert opened.all() == []
    aside = tmp_path / f"{VERDICTS_FILE}.broken"
    assert aside.read_text().startswith("no database")
    assert str(aside.name) in opened.notice


def test_a_newer_version_is_refused_and_left_alone(tmp_path):
    Verdicts.open(tmp_path).close()
    with sqlite3.connect(tmp_path / VERDICTS_FILE) as connection:
        connection.execute("PRAGMA user_version = 99")
    for read_only in (False, True):
        with pytest.raises(SessionError, match="newer birdscope"):
            Verdicts.open(tmp_path, read_only=read_only)
    assert not list(tmp_path.glob("*.broken"))


def test_threads_may_share_it_and_processes_too(tmp_path, verdicts):
    other = Verdicts.open(tmp_path)

    def keep(where, annotator):
        for index in range(20):
            where.put(verdict(index, annotator=annotator))

    threads = [
        threading.Thread(target=keep, args=(where, name))
        for where, name in ((verdicts, "a"), (verdicts, "b"), (other, "c"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(verdicts.all()) == len(other.all()) == 60
    other.close()


def test_a_closed_one_says_so_instead_of_losing_a_verdict(verdicts):
    verdicts.close()
    with pytest.raises(SessionError, match="nothing was kept"):
        verdicts.put(verdict())


def test_a_session_that_is_archived_while_open_holds_them(tmp_path):
    session = Session.open(tmp_path / "sessions", "s")
    kept = Verdicts.open(session.folder)
    kept.put(verdict())
    archive_session(session.folder, tmp_path / "s.zip")
    folder = restore_session(tmp_path / "s.zip", tmp_path / "elsewhere")
    assert Verdicts.open(folder).all() == kept.all()
    session.close()


def test_the_annotator_is_named_by_the_environment_or_the_login(monkeypatch):
    monkeypatch.setenv("BIRDSCOPE_ANNOTATOR", "Ada L.")
    assert default_annotator() == "Ada L."
    monkeypatch.delenv("BIRDSCOPE_ANNOTATOR")
    monkeypatch.setenv("LOGNAME", "ada")
    assert default_annotator() == "ada"
