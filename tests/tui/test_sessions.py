from __future__ import annotations

import errno
import fcntl
import os
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import ContentSwitcher, Input, OptionList

from birdscope.core import atomic
from birdscope.core.paths import PROJECT
from birdscope.session.session import Session
from birdscope.session.state import SessionState, load_state
from birdscope.tui.app import BirdscopeApp
from birdscope.tui.screens.browse import BrowsePane
from birdscope.tui.screens.choose_session import ChooseSession, used
from birdscope.tui.screens.name_session import NameSession
from birdscope.tui.screens.scope import ScopePane
from birdscope.tui.tour import seen_file
from birdscope.tui.widgets.heatmap import HeatMap
from birdscope.tui.widgets.notice_line import NoticeLine
from birdscope.tui.widgets.player_bar import PlayerBar
from birdscope.tui.widgets.recordings import RecordingsTable
from birdscope.tui.widgets.species_list import SpeciesList
from birdscope.tui.widgets.spectrogram import SpectrogramView
from birdscope.tui.widgets.tab_strip import TabStrip
from tests.tui.conftest import Clock, MakeApp, Until

Filled = Callable[[Pilot[None]], Awaitable[None]]
SMALL, LARGE = (80, 24), (160, 48)


def sessions(tmp_path: Path) -> Path:
    return tmp_path / "home" / "sessions"


def kept(tmp_path: Path, name: str = "test") -> SessionState:
    return load_state(sessions(tmp_path) / name / "session.toml")


def said(app: BirdscopeApp) -> str:
    return "\n".join(f"{one.title}: {one.message}" for one in app._notifications)


def browse_view(app: BirdscopeApp) -> SpectrogramView:
    return app.query_one("#spectrogram", SpectrogramView)


@pytest.fixture
def ensemble(tmp_path: Path) -> Path:
    """A file in the home's models, which the fake engine does not read."""
    path = tmp_path / "home" / "models" / "demo.toml"
    path.parent.mkdir(parents=True)
    path.write_text('[[members]]\nname = "alpha"\ncheckpoints = "alpha.pth"\n')
    path.with_name("alpha.pth").touch()
    return path


async def test_browse_is_as_it_was(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until, clock: Clock,
    tmp_path: Path,
) -> None:  # fmt: skip
    app = make_app(tiny_dataset)
    async with app.run_test(size=LARGE) as pilot:
        await filled(pilot)
        await pilot.press("s", "home", "left", "down")
        species, table = app.query_one(SpeciesList), app.query_one(RecordingsTable)
        while species.row.kind != "species" or len(table.recordings) < 2:
            await pilot.press("down")
        await pilot.press("enter", "down")
        view = browse_view(app)
        await until(pilot, lambda: view.path == table.recordings[1].path)
        await pilot.press("space")
        await until(pilot, lambda: app.services.playback.status.state == "playing")
        clock.seconds += 0.7
        await until(pilot, lambda: app.services.playback.position_s > 0.5)
        await pilot.press("space", "plus", "f", "p", "right_square_bracket")
        app.theme = "paper"
        row, folded, recording = species.row, species.folded, table.recording
        seen = (view.view_start_s, view.view_end_s)
        await pilot.press("q")
    state = kept(tmp_path)
    assert state.browse.recording == recording.key == state.playing
    again = make_app(None)
    async with again.run_test(size=LARGE) as pilot:
        await filled(pilot)
        await until(pilot, lambda: browse_view(again).path == recording.path)
        species = again.query_one(SpeciesList)
        assert again.services.catalog.root == tiny_dataset, "the session's dataset is opened"
        assert again.query_one(BrowsePane).sort == "count"
        assert species.row == row
        assert species.folded == folded
        assert again.query_one(RecordingsTable).recording == recording
        view, playback = browse_view(again), again.services.playback
        await until(pilot, lambda: view.view_end_s == pytest.approx(seen[1], abs=0.01))
        assert view.view_start_s == pytest.approx(seen[0], abs=0.01)
        assert (view.scale, view.palette) == ("linear", "viridis")
        assert again.theme == "paper"
        await until(pilot, lambda: playback.path == recording.path)
        assert playback.status.state == "stopped", "nothing sounds by itself"
        assert playback.position_s == pytest.approx(0.7, abs=0.05)
        assert playback.status.volume == pytest.approx(0.9)
        assert again.query_one(PlayerBar).tenths == 7
        await pilot.press("space")
        await until(pilot, lambda: playback.status.state == "playing")
        assert playback.position_s == pytest.approx(0.7, abs=0.05), "it goes on from there"


async def test_a_filter_is_as_it_was(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until, tmp_path: Path
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test() as pilot:
        await filled(pilot)
        await pilot.press("slash", *"frog", "enter")
        shown = app.query_one(SpeciesList).species_shown
        await until(pilot, lambda: kept(tmp_path).browse.filter == "frog")
    again = make_app(None)
    async with again.run_test() as pilot:
        await filled(pilot)
        assert again.query_one("#filter", Input).value == "frog"
        assert 0 < again.query_one(SpeciesList).species_shown == shown < 10


async def test_scope_is_as_it_was(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until, clock: Clock,
    tmp_path: Path, ensemble: Path,
) -> None:  # fmt: skip
    app = make_app(tiny_dataset)
    async with app.run_test(size=LARGE) as pilot:
        await filled(pilot)
        await pilot.press("2")
        pane = app.query_one(ScopePane)
        await until(pilot, lambda: pane.feed.n_windows > 0)
        first = pane.feed.recording
        await pilot.press("N")
        await until(pilot, lambda: pane.feed.recording != first and pane.feed.n_windows > 0)
        await pilot.press("right", "right", "space")
        await until(pilot, lambda: app.services.playback.status.state == "playing")
        clock.seconds += 1.2
        await until(pilot, lambda: app.services.playback.position_s > 11.0)
        await pilot.press("space", "plus")
        view = pane.query_one(SpectrogramView)
        await pilot.pause()
        recording, seen = pane.feed.recording, (view.view_start_s, view.view_end_s)
        assert pane.window == 2
        await until(pilot, lambda: kept(tmp_path).scope.span_s is not None)
        await until(pilot, lambda: kept(tmp_path).ensemble == str(ensemble))
    again = make_app(None)
    async with again.run_test(size=LARGE) as pilot:
        await until(pilot, lambda: again.query_one(ContentSwitcher).current == "scope")
        pane = again.query_one(ScopePane)
        await until(pilot, lambda: pane.feed.n_windows > 0)
        view = pane.query_one(SpectrogramView)
        await until(pilot, lambda: view.view_end_s == pytest.approx(seen[1], abs=0.01))
        assert view.view_start_s == pytest.approx(seen[0], abs=0.01)
        assert pane.feed.recording == recording
        assert pane.window == 2
        assert again.query_one(TabStrip).active == "scope"
        playback = again.services.playback
        await until(pilot, lambda: playback.path == recording.path)
        await pilot.press("space")
        await until(pilot, lambda: playback.status.state == "playing")
        assert playback.position_s == pytest.approx(11.2, abs=0.05), "it goes on from there"


@pytest.mark.parametrize("tab", ["browse", "scope"])
async def test_the_row_is_in_sight_and_lengths_are_known(
    tab: str, make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until, tmp_path: Path
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=SMALL) as pilot:
        await filled(pilot)
        await pilot.press("end")
        table = app.query_one(RecordingsTable)
        await until(pilot, lambda: table.recordings[0].split == "test_soundscapes")
        if tab == "scope":
            await pilot.press("2")
            await until(pilot, lambda: app.query_one(ContentSwitcher).current == "scope")
        await pilot.press("q")
    again = make_app(None)
    async with again.run_test(size=SMALL) as pilot:
        species, table = again.query_one(SpeciesList), again.query_one(RecordingsTable)
        await until(pilot, lambda: len(table.recordings) > 1)
        await until(pilot, lambda: again.query_one(ContentSwitcher).current == tab)
        await until(pilot, lambda: again.query_one(BrowsePane).place is not None)
        await pilot.press("1")
        assert species.cursor == species.row_total() - 1 > species.size.height > 0
        await until(pilot, lambda: species.scroll_offset.y == species.max_scroll_y)
        probed = again.query_one(BrowsePane).probes.get
        await until(pilot, lambda: len(table.seen()) > 1 and all(map(probed, table.seen())))


async def test_another_dataset_begins_afresh(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until, tmp_path: Path
) -> None:
    session = Session.open(sessions(tmp_path), "test")
    session.update(dataset="/far/away/birdclef", tab="scope", playing="train_audio/x/y.ogg")
    session.close()
    app = make_app(tiny_dataset)
    async with app.run_test() as pilot:
        await filled(pilot)
        assert app.query_one(ContentSwitcher).current == "browse"
        await until(pilot, lambda: kept(tmp_path).dataset == str(tiny_dataset))


async def test_a_dataset_that_is_gone_is_named_and_the_place_is_kept(
    make_app: MakeApp, until: Until, tmp_path: Path
) -> None:
    session = Session.open(sessions(tmp_path), "test")
    session.update(dataset="/far/away/birdclef", tab="scope")
    session.close()
    app = make_app(None)
    async with app.run_test() as pilot:
        await until(pilot, lambda: len(app.query("#welcome-problem")) == 1)
        assert "/far/away/birdclef" in str(app.query_one("#welcome-problem").render())
        await pilot.pause(0.7)
    assert kept(tmp_path).tab == "scope"


async def test_the_second_of_two_apps_is_read_only(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until, tmp_path: Path,
    ensemble: Path,
) -> None:  # fmt: skip
    first, second = make_app(tiny_dataset), make_app(tiny_dataset)
    folder = sessions(tmp_path) / "test"
    async with second_after(first, until, filled, folder):
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        async with second.run_test(size=LARGE) as pilot:
            await filled(pilot)
            strip = second.query_one(TabStrip)
            assert "read-only" in str(strip.render()) and "test" in str(strip.render())
            line = str(second.query_one(NoticeLine).render())
            assert f"process {os.getpid()}" in line and "read-only" in line
            assert f"process {os.getpid()}" in said(second)
            await pilot.press("s", "2", "r")
            pane = second.query_one(ScopePane)
            await until(pilot, lambda: 0 < len(pane.feed.done) == pane.feed.n_windows)
            await pilot.pause(0.7)
            assert second.services.session.state.browse.sort == "count", "remembered, not written"
            after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
            assert after == before
            first.services.session.close()
            await pilot.press("ctrl+s")
            await until(pilot, lambda: isinstance(second.screen, ChooseSession))
            await until(pilot, lambda: second.screen.query_one(OptionList).highlighted is not None)
            await pilot.press("enter")
            await until(pilot, lambda: not second.services.session.read_only)
            await until(pilot, lambda: not second.query(NoticeLine))
            assert "read-only" not in str(strip.render())


class second_after:  # noqa: N801 (reads like the context manager it is)
    """The first app, open and settled, for as long as the second one runs."""

    def __init__(self, app: BirdscopeApp, until: Until, filled: Filled, folder: Path) -> None:
        self._app, self._until, self._filled = app, until, filled
        self._folder = folder
        self._context = app.run_test(size=LARGE)

    async def __aenter__(self) -> None:
        pilot = await self._context.__aenter__()
        await self._filled(pilot)
        file = self._folder / "session.toml"
        await self._until(pilot, lambda: load_state(file).browse.recording != "")
        written = b""
        while written != file.read_bytes():  # what comes late on a busy machine is written too
            written = file.read_bytes()
            await pilot.pause(1.5)

    async def __aexit__(self, *error: object) -> None:
        await self._context.__aexit__(*error)


async def test_sessions_are_begun_and_changed_with_keys(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until, tmp_path: Path
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=LARGE) as pilot:
        await filled(pilot)
        await pilot.press("end")
        species, table = app.query_one(SpeciesList), app.query_one(RecordingsTable)
        await until(pilot, lambda: table.recordings[0].split == "test_soundscapes")
        row = species.row
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ChooseSession))
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, NameSession))
        await pilot.press(*"test")
        await until(pilot, lambda: "is there already" in str(app.screen.query_one("#said").content))
        await pilot.press("enter", "2", "enter")
        await until(pilot, lambda: app.services.session.name == "test2")
        await until(pilot, lambda: app.query_one(TabStrip).session == "test2")
        await until(pilot, lambda: app.query_one(BrowsePane).place is not None)
        assert species.row.key == row.key, "it begins where the user is"
        await pilot.press("home", "down", "3")
        await until(pilot, lambda: kept(tmp_path, "test2").browse.row == species.row.key != row.key)
        assert kept(tmp_path).browse.row == row.key, "the other one is left alone"
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ChooseSession))
        options = app.screen.query_one(OptionList)
        await until(pilot, lambda: options.option_count == 2 and options.highlighted == 0)
        shown = str(options.get_option_at_index(0).prompt)
        assert "● test2" in shown and "just now" in shown and "tiny" in shown
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.services.session.name == "test")
        await until(pilot, lambda: species.row.key == row.key)
        assert app.query_one(TabStrip).session == "test"
    assert not Session.open(sessions(tmp_path), "test2").read_only, "it was given free"


async def test_another_session_brings_its_dataset(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until, tmp_path: Path,
    ensemble: Path,
) -> None:  # fmt: skip
    other = tmp_path / "other"
    shutil.copytree(tiny_dataset, other)
    session = Session.open(sessions(tmp_path), "other")
    recording = f"train_soundscapes/{min((other / 'train_soundscapes').iterdir()).name}"
    session.update(dataset=str(other), tab="scope", recording=recording, scope={"window": 1})
    session.close()
    app = make_app(tiny_dataset)
    async with app.run_test(size=LARGE) as pilot:
        await filled(pilot)
        pane = app.query_one(ScopePane)
        await until(pilot, lambda: pane.feed.n_windows > 0)

        async def go_to(name: str, root: Path, tab: str) -> None:
            await pilot.press("ctrl+s")
            await until(pilot, lambda: isinstance(app.screen, ChooseSession))
            options = app.screen.query_one(OptionList)
            await until(pilot, lambda: options.highlighted is not None)
            await pilot.press("down" if options.highlighted == 0 else "up", "enter")
            await until(pilot, lambda: app.services.session.name == name)
            await until(pilot, lambda: app.services.catalog.root == root)
            await until(pilot, lambda: app.query_one(ContentSwitcher).current == tab)
            await until(pilot, lambda: pane.feed.recording.path.is_relative_to(root))
            await until(pilot, lambda: pane.feed.n_windows > 0)
            view = browse_view(app)
            await until(pilot, lambda: view.path is not None and view.path.is_relative_to(root))

        await go_to("other", other, "scope")
        assert pane.window == pane.query_one(HeatMap).cursor[1] == 1
        await go_to("test", tiny_dataset, "browse")
    assert (kept(tmp_path).dataset, kept(tmp_path).tab) == (str(tiny_dataset), "browse")
    assert (kept(tmp_path, "other").dataset, kept(tmp_path, "other").tab) == (str(other), "scope")


async def test_a_session_is_archived_as_a_job(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until, tmp_path: Path
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=LARGE) as pilot:
        await filled(pilot)
        asked: list[tuple[list[str], str]] = []

        async def start(argv: list[str], title: str) -> None:
            asked.append((argv, title))

        app.services.jobs.start = start
        await pilot.press("ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, ChooseSession))
        await until(pilot, lambda: app.screen.query_one(OptionList).highlighted is not None)
        await pilot.press("a")
        await until(pilot, lambda: len(asked) == 1)
        argv, title = asked[0]
        assert argv[:3] == ["sessions", "archive", "test"] and "test" in title
        assert Path(argv[4]).parent == sessions(tmp_path) / "archives"
        await until(pilot, lambda: argv[4] in said(app))


async def test_a_broken_file_is_named_and_kept_aside(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, tmp_path: Path
) -> None:
    path = sessions(tmp_path) / "test" / "session.toml"
    path.parent.mkdir(parents=True)
    path.write_text("tab = [half a")
    app = make_app(tiny_dataset)
    async with app.run_test(size=LARGE) as pilot:
        await filled(pilot)
        assert str(path) in said(app) and "session.toml.broken" in said(app)
        await pilot.press("q")
    assert path.with_name("session.toml.broken").read_text() == "tab = [half a"
    assert load_state(path).dataset == str(tiny_dataset)


async def test_a_full_disk_is_told_once(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until,
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    app = make_app(tiny_dataset)
    async with app.run_test(size=LARGE) as pilot:
        await filled(pilot)
        await until(pilot, lambda: kept(tmp_path).browse.recording != "")

        def full(path: Path, text: str) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(atomic, "write_text", full)
            await pilot.press("s")
            await until(pilot, lambda: "No space left" in said(app))
            await pilot.press("s", "down")
            await pilot.pause(1.2)
            assert said(app).count("No space left") == 1
            assert kept(tmp_path).browse.sort == "name"
        await until(pilot, lambda: kept(tmp_path).browse.sort == "rating")
        await until(pilot, lambda: "can be written again" in said(app))


def test_an_age_in_words() -> None:
    assert [used(seconds) for seconds in (5, 61, 7300, 200_000)] == [
        "just now", "1 min ago", "2 h ago", "2 d ago",
    ]  # fmt: skip


@pytest.mark.slow
def test_a_killed_app_loses_at_most_a_second(tiny_dataset: Path, tmp_path: Path) -> None:
    terminal = Terminal(["--data", str(tiny_dataset), "--session", "killed"])
    try:
        file = sessions(tmp_path) / "killed" / "session.toml"
        wait_for(lambda: file.exists() and bool(load_state(file).browse.recording))
        terminal.press("2")
        time.sleep(1.0)
        terminal.process.send_signal(signal.SIGKILL)
        terminal.process.wait(10)
    finally:
        terminal.close()
    assert load_state(file).tab == "scope"
    assert not list(file.parent.glob("*.broken"))
    session = Session.open(sessions(tmp_path), "killed")
    assert not session.read_only, "the lock is gone with the process"
    session.close()


class Terminal:
    """birdscope in a pseudo-terminal of 100 × 30 cells whose output nobody reads."""

    def __init__(self, arguments: list[str]) -> None:
        # Otherwise the first key would go to the tour.
        seen_file().parent.mkdir(parents=True, exist_ok=True)
        seen_file().touch()
        self._handle, inner = os.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "birdscope", *arguments],
            stdin=inner, stdout=inner, stderr=inner, cwd=PROJECT, start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color"},
        )  # fmt: skip
        os.close(inner)
        threading.Thread(target=self._drain, daemon=True).start()

    def press(self, keys: str) -> None:
        os.write(self._handle, keys.encode())

    def close(self) -> None:
        self.process.kill()
        self.process.wait(10)
        os.close(self._handle)

    def _drain(self) -> None:
        while True:
            try:
                os.read(self._handle, 65536)
            except OSError:
                return


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60.0
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
