import subprocess
import sys

import pytest

from birdscope.core.errors import ConfigError, UsageError
from birdscope.core.paths import PROJECT
from birdscope.core.settings import Settings, Smooth
from birdscope.session.session import Session, list_sessions


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


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "-x"])
def test_names_that_are_no_folder_names_are_refused(tmp_path, name):
    with pytest.raises(UsageError, match="can't be called"):
        Session.open(tmp_path / "sessions", name)


def test_a_wrong_file_names_the_key_and_keeps_no_lock(tmp_path):
    (tmp_path / "s").mkdir()
    path = tmp_path / "s" / "session.toml"
    path.write_text("tba = 'scope'\n")
    with pytest.raises(ConfigError, match="tba") as caught:
        Session.open(tmp_path, "s")
    assert caught.value.path == path
    path.write_text("tab = 'scope'\n")
    session = Session.open(tmp_path, "s")
    assert not session.read_only
    session.close()


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
