from __future__ import annotations

from pathlib import Path

import pytest

from birdscope.audio.boxes import Box
from tests.tui.conftest import Clock, Until
from tests.tui.test_playback import FILE, OTHER, Fake, Host

BOX = Box(2.0, 3.0, 2000.0, 4000.0)


async def test_a_selection_loops_until_it_is_told_not_to(clock: Clock, until: Until) -> None:
    player, app = Fake(clock), None
    app = Host(player)
    async with app.run_test() as pilot:
        playback = app.playback
        assert "nothing to loop" in playback.toggle_loop()
        playback.play(FILE)
        await until(pilot, lambda: playback.status.state == "playing")
        playback.select(FILE, BOX)
        assert playback.toggle_loop() == "looping the selection"
        await until(pilot, lambda: player.treatment.loop_s == (2.0, 3.0))
        clock.seconds += 7.25
        await until(pilot, lambda: playback.position_s == pytest.approx(2.25))
        playback.select(FILE, Box(4.0, 6.0, 0.0, 1000.0))
        await until(pilot, lambda: player.treatment.loop_s == (4.0, 6.0))
        assert playback.toggle_loop() == "loop off"
        await until(pilot, lambda: player.treatment.loop_s is None)
        assert playback.status.state == "playing"


async def test_another_file_does_not_loop_where_this_one_did(clock: Clock, until: Until) -> None:
    player = Fake(clock)
    app = Host(player)
    async with app.run_test() as pilot:
        playback = app.playback
        playback.select(FILE, BOX)
        playback.toggle_loop()
        await until(pilot, lambda: playback.status.state == "playing")
        assert playback.path == FILE and player.treatment.loop_s == (2.0, 3.0)
        playback.change_speed(-1)
        playback.play(OTHER)
        await until(pilot, lambda: playback.path == OTHER and playback.status.state == "playing")
        assert (player.treatment.loop_s, playback.status.treatment.loop_s) == (None, None)
        assert player.treatment.speed == 0.75


async def test_speed_band_and_loudness_are_said_and_done(clock: Clock, until: Until) -> None:
    player = Fake(clock)
    app = Host(player)
    async with app.run_test() as pilot:
        playback = app.playback
        playback.play(FILE)
        await until(pilot, lambda: playback.status.state == "playing")
        assert "select a box" in playback.toggle_band()
        playback.select(FILE, BOX)
        assert playback.toggle_band() == "only 2–4 kHz"
        for _ in range(9):
            said = playback.change_speed(-1)
        assert said == "speed ×0.25, pitch follows"
        playback.toggle_normalise()
        await until(pilot, lambda: player.treatment.normalise)
        assert (player.treatment.speed, player.treatment.band_hz) == (0.25, (2000.0, 4000.0))
        before_s = playback.position_s
        clock.seconds += 2.0
        await until(pilot, lambda: playback.position_s == pytest.approx(before_s + 0.5))
        assert playback.change_speed(0) == "speed ×1"
        assert playback.toggle_band() == "all frequencies"


async def test_only_a_recording_played_to_its_end_has_ended(clock: Clock, until: Until) -> None:
    player = Fake(clock)
    app = Host(player)
    ended: list[Path] = []
    async with app.run_test() as pilot:
        playback = app.playback
        playback.ended.subscribe(app, ended.append, immediate=True)
        for span in ({"end_s": 3.0}, {}, {}):
            playback.play(FILE, **span)
            await until(pilot, lambda: playback.status.state == "playing")
            clock.seconds += 4.0
            await until(pilot, lambda: playback.position_s > 2.9)
            if span == {} and not ended:
                clock.seconds += 7.0
            else:
                playback.stop()
            await until(pilot, lambda: playback.status.state == "stopped")
        assert ended == [FILE]
