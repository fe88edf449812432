from __future__ import annotations

import threading
from pathlib import Path

import pytest
from textual.app import App

from birdscope.core.errors import AudioDeviceError, AudioError
from birdscope.tui.playback import Playback, PlaybackStatus, PlayerLike
from birdscope.tui.silent_player import SilentPlayer
from tests.tui.conftest import Clock, Until

FILE, OTHER = Path("a.ogg"), Path("b.ogg")


class Fake(SilentPlayer):
    """A silent player that remembers in which threads it was called, and can fail."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(probe=lambda path: 10.0, now=clock)
        self.threads: set[int] = set()
        self.fails: Exception | None = None
        self.loaded: list[Path] = []

    def load(self, path: Path) -> None:
        self.threads.add(threading.get_ident())
        if self.fails is not None:
            raise self.fails
        self.loaded.append(path)
        super().load(path)


class Host(App[None]):
    def __init__(self, player: PlayerLike) -> None:
        super().__init__()
        self.playback = Playback(self, lambda: (player, ""))
        self.moves: list[float] = []
        self.changes: list[PlaybackStatus] = []

    def on_mount(self) -> None:
        self.playback.moved.subscribe(self, self.moves.append, immediate=True)
        self.playback.changed.subscribe(self, self.changes.append, immediate=True)
        self.playback.start()


async def test_plays_in_another_thread_and_tells_positions(clock: Clock, until: Until) -> None:
    player = Fake(clock)
    app = Host(player)
    async with app.run_test() as pilot:
        app.playback.play(FILE, start_s=2.0)
        await until(pilot, lambda: app.playback.status.state == "playing")
        assert threading.get_ident() not in player.threads
        clock.seconds += 0.5
        await until(pilot, lambda: app.playback.position_s == pytest.approx(2.5))
        assert app.moves == sorted(app.moves)
        assert app.playback.status == PlaybackStatus("playing", FILE, "a.ogg", 10.0, 0.8)


async def test_a_span_ends_where_it_should_and_a_file_is_loaded_once(
    clock: Clock, until: Until
) -> None:
    player = Fake(clock)
    app = Host(player)
    async with app.run_test() as pilot:
        for _ in range(2):
            app.playback.play(FILE, start_s=3.0, end_s=5.0)
            await until(pilot, lambda: app.playback.status.state == "playing")
            clock.seconds += 60.0
            await until(pilot, lambda: app.playback.status.state == "stopped")
            assert app.playback.position_s == pytest.approx(5.0)
        app.playback.play(OTHER)
        await until(pilot, lambda: app.playback.path == OTHER)
        assert player.loaded == [FILE, OTHER]


async def test_an_unreadable_file_is_a_notification_and_the_next_plays(
    clock: Clock, until: Until
) -> None:
    player = Fake(clock)
    app = Host(player)
    async with app.run_test() as pilot:
        player.fails = AudioError("it is empty", path=FILE, remedy="record again")
        app.playback.play(FILE)
        await until(pilot, lambda: len(app._notifications) == 1)
        assert "record again" in next(iter(app._notifications)).message
        player.fails = None
        app.playback.play(OTHER)
        await until(pilot, lambda: app.playback.status.state == "playing")


async def test_a_device_that_goes_away_is_said_in_the_status(clock: Clock, until: Until) -> None:
    player = Fake(clock)
    app = Host(player)
    async with app.run_test() as pilot:
        player.fails = AudioDeviceError("the device refused", remedy="plug it in")
        app.playback.play(FILE)
        await until(pilot, lambda: app.playback.status.device_note == "the device refused")


async def test_seek_is_clipped_and_space_at_the_end_starts_anew(clock: Clock, until: Until) -> None:
    app = Host(Fake(clock))
    async with app.run_test() as pilot:
        app.playback.play(FILE)
        await until(pilot, lambda: app.playback.status.state == "playing")
        app.playback.seek(99.0)
        await until(pilot, lambda: app.playback.status.state == "stopped")
        assert app.playback.position_s == 10.0
        app.playback.toggle()
        await until(pilot, lambda: app.playback.status.state == "playing")
        assert app.playback.position_s < 1.0
        app.playback.seek_by(-5.0)
        assert app.playback.position_s == 0.0


def test_silent_player_keeps_time(clock: Clock) -> None:
    player = Fake(clock)
    player.load(FILE)
    player.play(1.0, 4.0)
    clock.seconds += 1.0
    player.pause()
    clock.seconds += 9.0
    assert (player.state, player.position_s) == ("paused", 2.0)
    player.resume()
    clock.seconds += 1.0
    assert (player.state, player.position_s) == ("playing", 3.0)
    clock.seconds += 5.0
    assert (player.state, player.position_s) == ("stopped", 4.0)
    player.stop()
    assert player.position_s == 0.0
