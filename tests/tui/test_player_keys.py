"""The player's keys in the app: what they do, and what the bar says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import soundfile
from textual.pilot import Pilot

from birdscope.audio.boxes import Box
from birdscope.core import paths
from birdscope.tui.app import BirdscopeApp
from birdscope.tui.screens.browse import BrowsePane
from birdscope.tui.widgets.player_bar import PlayerBar
from birdscope.tui.widgets.recordings import RecordingsTable
from birdscope.tui.widgets.spectrogram import SpectrogramView
from tests.tui.conftest import Clock, MakeApp, Until

Filled = Callable[[Pilot[None]], Awaitable[None]]


def bar(app: BirdscopeApp) -> str:
    return app.query_one(PlayerBar).render().plain


def view_of(app: BirdscopeApp) -> SpectrogramView:
    return app.query_one("#spectrogram", SpectrogramView)


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_the_bar_says_what_is_on(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until, size: tuple[int, int]
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=size) as pilot:
        await filled(pilot)
        view = view_of(app)
        view.select(Box(0.2, 0.9, 2000.0, 4000.0))
        await pilot.pause()
        await pilot.press("L", "semicolon", "semicolon", "B", "E", "A")
        status = app.services.playback
        await until(pilot, lambda: status.status.state == "playing")
        text = bar(app)
        words = ["×0.5", "loop", "band", "norm", "auto", "vol 80%"]
        places = [text.index(word) for word in words]
        assert places == sorted(places) and len(text) == size[0] - 2
        if size[0] > 100:
            assert "loop 0.70 s" in text and "band 2–4 kHz" in text
        await pilot.press("L", "quotation_mark", "B", "E", "A")
        await pilot.pause()
        assert not any(word in bar(app) for word in ("×", "loop", "band", "norm", "auto"))


async def test_a_clip_is_saved_as_it_would_sound(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until
) -> None:
    app = make_app(tiny_dataset, device_note="no device")
    async with app.run_test(size=(160, 48)) as pilot:
        await filled(pilot)
        assert "no sound device" in bar(app) and "W saves the clip" in bar(app)
        view = view_of(app)
        view.select(Box(0.25, 0.75, 1000.0, 3000.0))
        await pilot.pause()
        await pilot.press("semicolon", "semicolon", "B", "W")
        folder = paths.sessions() / "test" / "clips"
        assert view.path is not None
        expected = folder / f"{view.path.stem}_0.25-0.75s_x0.5_1000-3000Hz.wav"
        await until(pilot, expected.is_file)
        assert soundfile.info(expected).duration == pytest.approx(1.0, abs=0.01)


async def test_the_next_recording_follows_when_told_to(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until, clock: Clock
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=(160, 48)) as pilot:
        await filled(pilot)
        playback, table = app.services.playback, app.query_one(RecordingsTable)
        names = [one.path for one in table.recordings][:3]
        await pilot.press("N")
        await until(pilot, lambda: playback.path == names[1])
        await until(pilot, lambda: playback.status.state == "playing")
        clock.seconds += 1000.0
        await until(pilot, lambda: playback.status.state == "stopped")
        assert playback.path == names[1]
        await pilot.press("P", "A")
        await until(pilot, lambda: playback.path == names[0])
        for following in names[1:]:
            await until(pilot, lambda: playback.status.state == "playing")
            clock.seconds += 1000.0
            await until(pilot, lambda path=following: playback.path == path)
        assert table.cursor == len(names) - 1 >= 1


async def test_a_soundscape_shows_its_labels(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=(160, 48)) as pilot:
        await filled(pilot)
        view, catalog = view_of(app), app.services.catalog
        assert catalog is not None and view.strip_rows == 0
        app.query_one(BrowsePane).shown.select(catalog.soundscapes("train_soundscapes")[0])
        await until(pilot, lambda: view.strip_rows == 1)
        label = str(view._marks[0].text).split(" ")[0]
        assert label in {one.label for one in catalog.taxonomy}
