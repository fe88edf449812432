import errno
import subprocess
import sys

import pytest

from birdscope.core import atomic
from birdscope.core.errors import ConfigError, UsageError
from birdscope.core.paths import PROJECT
from birdscope.core.settings import Settings, Smooth
from birdscope.session.session import Session, list_sessions
from birdscope.session.state import BrowsePlace, ScopePlace, SessionState


def test_what_is_remembered_is_there_next_time(tmp_path):
    settings = Settings(name="mine", weights={"a": 1.0}, steps=(Smooth(weight=0.1),))
    session = Session.open(tmp_path, "field trip")
    session.update(recording="test_soundscapes/a.ogg", position_s=12.5, settings=settings)
    session.close()
    again = Session.open(tmp_path, "field trip")
    assert again.state.recording == "test_soundscapes/a.ogg"
    assert again.state.position_s == 12.5
    assert again.state.settings == settings
    again.close()


def test_comments_in_the_file_stay_and_settings_can_go(tmp_path):
    session = Session.open(tmp_path, "s")
    session.update(tab="scope", settings=Settings(name="x"))
    path = session.folder / "session.toml"
    path.write_text("# mine\n" + path.read_text())
    session.update(settings=None, volume=0.5)
    text = path.read_text()
    assert text.startswith("# mine")
    assert "[settings]" not in text
    assert "volume = 0.5" in text
    session.close()


def test_a_second_one_is_read_only_and_says_who_holds_it(tmp_path):
    first = Session.open(tmp_path, "s")
    second = Session.open(tmp_path, "s")
    assert not first.read_only
    assert second.read_only
    assert "read-only" in second.notice
    second.update(tab="scope")
    assert second.state.tab == "scope"
    second.close()
    first.close()
    third = Session.open(tmp_path, "s")
    assert third.state.tab == "browse", "nothing of the read-only one was written"
    assert not third.read_only
    third.close()


def test_another_process_is_locked_out_until_this_one_dies(tmp_path):
    code = (
        "import sys; from pathlib import Path; from birdscope.session.session import Session; "
        "s = Session.open(Path(sys.argv[1]), 's'); print(s.read_only, s.notice, flush=True); "
        "sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT
    ) as holder:
        assert holder.stdout.readline().startswith("False")
        blocked = Session.open(tmp_path, "s")
        assert blocked.read_only
        assert f"process {holder.pid}" in blocked.notice
        holder.kill()
    free = Session.open(tmp_path, "s")
    assert not free.read_only
    free.close()


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "-x", "archives", "a "])
def test_names_that_are_no_folder_names_are_refused(tmp_path, name):
    with pytest.raises(UsageError, match="can't be called"):
        Session.open(tmp_path / "sessions", name)


@pytest.mark.parametrize("text", ["tba = 'scope'\n", "tab = \n", "volume = 7\n"])
def test_a_wrong_file_is_kept_aside_and_named(tmp_path, text):
    (tmp_path / "s").mkdir()
    path = tmp_path / "s" / "session.toml"
    path.write_text(text)
    session = Session.open(tmp_path, "s")
    assert str(path) in session.warning
    assert "session.toml.broken" in session.warning
    assert path.with_name("session.toml.broken").read_text() == text
    assert session.state == SessionState()
    session.update(tab="scope")
    session.close()
    again = Session.open(tmp_path, "s")
    assert again.state.tab == "scope"
    assert not again.warning
    again.close()


def test_two_wrong_files_are_both_kept(tmp_path):
    (tmp_path / "s").mkdir()
    for number in range(2):
        (tmp_path / "s" / "session.toml").write_text(f"wrong = {number}\n")
        Session.open(tmp_path, "s").close()
    kept = sorted((tmp_path / "s").glob("session.toml.broken*"))
    assert [one.read_text() for one in kept] == ["wrong = 0\n", "wrong = 1\n"]


def test_a_wrong_file_of_another_process_stays_where_it_is(tmp_path):
    first = Session.open(tmp_path, "s")
    path = first.folder / "session.toml"
    path.write_text("tba = 'scope'\n")
    second = Session.open(tmp_path, "s")
    assert second.read_only and "tba" in second.warning
    assert path.read_text() == "tba = 'scope'\n"
    second.close()
    first.close()


def test_a_file_broken_while_open_is_kept_aside_too(tmp_path):
    session = Session.open(tmp_path, "s")
    path = session.folder / "session.toml"
    path.write_text("half a li")
    session.update(tab="scope")
    assert 'tab = "scope"' in path.read_text()
    assert path.with_name("session.toml.broken").read_text() == "half a li"
    session.close()


def test_a_full_disk_is_a_problem_and_no_error(tmp_path, monkeypatch):
    session = Session.open(tmp_path, "s")
    path = session.folder / "session.toml"
    before = path.read_text()

    def full(path, text):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(atomic, "write_text", full)
        session.update(tab="scope")
    assert "No space left" in session.problem and str(path) in session.problem
    assert session.state.tab == "scope"
    assert path.read_text() == before
    session.update(tab="scope")
    assert not session.problem, "there is room again: the same state is tried again"
    assert 'tab = "scope"' in path.read_text()
    session.close()


def test_a_folder_that_cannot_be_made_gives_a_session_in_memory(tmp_path):
    (tmp_path / "sessions").write_text("a file where the folder should be")
    session = Session.open(tmp_path / "sessions", "s")
    assert session.read_only and "can't be written" in session.notice
    session.update(tab="scope")
    assert session.state.tab == "scope"


def test_a_file_system_without_locks_still_works(tmp_path, monkeypatch):
    def none(file, kind):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", none)
    session = Session.open(tmp_path, "s")
    assert not session.read_only
    session.close()


def test_places_are_remembered_and_odd_ones_refused(tmp_path):
    session = Session.open(tmp_path, "s")
    place = BrowsePlace(row="aves", recording="a/b.ogg", folded=("x",), span_s=(1.0, 2.5))
    session.update(browse=place, scope=ScopePlace(window=3))
    with pytest.raises(ConfigError, match="window"):
        session.update(scope={"window": -1})
    session.close()
    again = Session.open(tmp_path, "s")
    assert again.state.browse == place
    assert again.state.scope == ScopePlace(window=3)
    again.close()


def test_wrong_changes_are_refused_and_nothing_changes(tmp_path):
    session = Session.open(tmp_path, "s")
    for wrong in ({"volume": 3}, {"colour": "red"}, {"position_s": -1}):
        with pytest.raises(ConfigError):
            session.update(**wrong)
    assert session.state.volume == 0.8
    session.close()


def test_sessions_are_listed_the_newest_first(tmp_path):
    import os

    for age, name in enumerate(["new", "old"]):
        session = Session.open(tmp_path, name)
        session.update(tab="scope")
        os.utime(session.folder / "session.toml", (1000 - age, 1000 - age))
        session.close()
    (tmp_path / "no session").mkdir()
    assert list_sessions(tmp_path) == ["new", "old"]
