# ruff: noqa: F401, F811 (fixtures are imported)
from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from birdscope.audio.live_levels import Levels
from birdscope.core.settings import FilePeak, Settings, Smooth
from birdscope.engine.live_messages import Kept, NotRecorded
from birdscope.engine.live_status import LiveWindow
from birdscope.engine.live_windows import KEPT_WINDOWS, LiveWindows
from birdscope.engine.messages import LoadedEnsemble
from birdscope.tui.app import BirdscopeApp
from birdscope.tui.screens.choose_one import ChooseOne
from birdscope.tui.screens.live import LiveScreen
from birdscope.tui.screens.scope import ScopePane
from birdscope.tui.widgets.level_meter import LevelMeter
from tests.tui.conftest import MakeApp, Until
from tests.tui.fake_engine import CHECKPOINTS, WEIGHTS, score
from tests.tui.live_kit import NAMES, FakeLive, live
from tests.tui.test_scope import ensemble

SMALL, LARGE = (80, 24), (160, 48)
Opened = Callable[..., object]


@pytest.fixture
def opened(
    make_app: MakeApp,
    tiny_dataset: Path,
    ensemble: Path,
    until: Until,
    live: FakeLive,
) -> Opened:
    """`async with opened(size) as (pilot, screen)`: live input on show, as `m` does it."""

    @asynccontextmanager
    async def show(
        size: tuple[int, int] = SMALL,
    ) -> AsyncIterator[tuple[Pilot[None], LiveScreen]]:
        app = make_app(tiny_dataset)
        app.services.__dict__["live"] = live
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: len(app.query(ScopePane)) == 1)
            app.action_show_tab("scope")
            scope = app.query_one(ScopePane)
            await until(pilot, lambda: scope.feed.engine.status.state == "ready")
            await pilot.press("m")
            await until(pilot, lambda: isinstance(app.screen, LiveScreen))
            screen = app.screen
            assert isinstance(screen, LiveScreen)
            await until(pilot, lambda: bool(live.started))
            yield pilot, screen

    return show


def line(screen: LiveScreen, name: str) -> str:
    return str(screen.query_one(f"#live-{name}", Static).content)


def blended(screen: LiveScreen, windows: int) -> Callable[[], bool]:
    """Whether so many windows are drawn."""
    return lambda: screen.feed.newest is not None and screen.feed.newest.number == windows - 1


async def test_m_listens_and_every_window_gets_a_column(
    opened: Opened,
    until: Until,
    live: FakeLive,
) -> None:
    async with opened() as (pilot, screen):
        session = screen.app.services.session
        assert live.started == [("", session.folder / "recordings")]
        assert "opening the input" in line(screen, "header")
        live.open()
        live.hear(3.0)
        await until(pilot, lambda: "first window ends in 2 s" in line(screen, "hint"))
        live.hear(16.0)
        await until(pilot, blended(screen, 3))
        await pilot.pause()
        assert "● live  0:16" in line(screen, "header")
        assert "default · 48 kHz" in line(screen, "header")
        heatmap = screen.heatmap
        assert heatmap.window_count == 4, "the window that is being heard has a place"
        values = heatmap._values
        assert values is not None
        assert np.nanmax(values[:, :3], axis=0) == pytest.approx(0.8, abs=1e-6)
        assert np.isnan(values[:, 3]).all()
        top = screen.query_one("#live-top").scores  # type: ignore[attr-defined]
        assert top[0].probability == pytest.approx(0.8)
        assert top[0].members == pytest.approx((0.9, 0.7))
        assert "latency 0.42 s, median 0.42 s · no sound lost" in line(screen, "facts")


async def test_it_scrolls_with_the_picture_and_keeps_a_minute_in_sight(
    opened: Opened,
    until: Until,
    live: FakeLive,
) -> None:
    async with opened() as (pilot, screen):
        live.open()
        live.hear(42.0)
        await until(pilot, blended(screen, 8))
        picture = screen.picture
        assert (picture.view_start_s, picture.view_end_s) == (0.0, 60.0)
        live.hear(303.0)
        await until(pilot, blended(screen, 60))
        await pilot.pause()
        columns = picture.axis.columns
        assert picture.view_end_s == pytest.approx(303.0, abs=60 / columns)
        assert picture.view_end_s - picture.view_start_s == pytest.approx(60.0)
        assert live.asked[-1][1] == columns
        heatmap, windows = screen.heatmap, screen.feed.windows
        assert windows is not None
        start_s = picture.view_start_s
        assert heatmap.axis.start_s == pytest.approx(start_s - windows.first * 5)
        assert windows.count == KEPT_WINDOWS, "memory is bounded"
        assert windows.newest == 59


async def test_a_chosen_window_stays_chosen_until_the_newest_is_followed(
    opened: Opened,
    until: Until,
    live: FakeLive,
) -> None:
    async with opened() as (pilot, screen):
        live.open()
        live.hear(21.0)
        await until(pilot, blended(screen, 4))
        assert screen.window == 3
        await pilot.press("left", "left")
        await until(pilot, lambda: screen.window == 1)
        live.hear(26.0)
        await until(pilot, blended(screen, 5))
        assert screen.window == 1
        assert screen.heatmap.cursor[1] == 1
        await pilot.press("end")
        await until(pilot, lambda: screen.window == 4)
        live.hear(31.0)
        await until(pilot, blended(screen, 6))
        assert screen.window == 5


async def test_levels_clipping_and_silence_are_shown(
    opened: Opened,
    until: Until,
    live: FakeLive,
) -> None:
    async with opened() as (pilot, screen):
        live.open()
        live.hear(1.0, Levels(0.0, -3.0, 0.0, clipped=7, clipped_ago_s=0.1))
        meter = screen.query_one(LevelMeter)
        await until(pilot, lambda: meter.clipping)
        assert "CLIP" in meter.render_line(0).text
        live.hear(5.0, Levels(-20.0, -33.0, -9.0, clipped=7, clipped_ago_s=4.0))
        await until(pilot, lambda: not meter.clipping)
        text = meter.render_line(0).text
        assert "clipped 7" in text
        assert "mean -33 · peak  -9 dB" in text
        assert not screen.has_class("-trouble")
        live.hear(9.0, Levels(clipped_ago_s=math.inf, silent_s=6.0))
        await until(pilot, lambda: screen.has_class("-trouble"))
        assert "only silence comes" in line(screen, "trouble")


async def test_without_a_device_it_says_why_and_what_to_do(
    opened: Opened,
    until: Until,
    live: FakeLive,
) -> None:
    async with opened() as (pilot, screen):
        live.show(state="waiting", text="there is no sound input device", remedy="connect one")
        await until(pilot, lambda: screen.has_class("-trouble"))
        assert "no input" in line(screen, "header")
        assert line(screen, "trouble") == "there is no sound input device → connect one"
        await pilot.press("r")
        assert live.status.recording is None
        live.open()
        live.hear(1.0)
        await until(pilot, lambda: not screen.has_class("-trouble"))


async def test_lost_sound_and_late_windows_are_counted(
    opened: Opened,
    until: Until,
    live: FakeLive,
) -> None:
    async with opened(LARGE) as (pilot, screen):
        live.open()
        live.hear(6.0)
        await until(pilot, blended(screen, 1))
        live.show(overflows=2, skipped=1, waiting=3)
        await until(pilot, lambda: "sound was lost 2 times" in line(screen, "facts"))
        assert "1 window not predicted · 3 windows wait" in line(screen, "facts")


async def test_killed_nets_are_said_and_the_windows_go_on(
    opened: Opened,
    until: Until,
    live: FakeLive,
) -> None:
    async with opened() as (pilot, screen):
        live.open()
        live.hear(6.0)
        await until(pilot, blended(screen, 1))
        engine = screen.app.services.engine
        engine.show(state="restarted", text="the engine process was lost; it starts again")
        await until(pilot, lambda: "was lost" in screen.query_one("#live-engine").text)
        said = [one.message for one in screen.app._notifications]
        assert said == ["the engine process was lost; it starts again"]
        engine.show(state="ready", text="")
        live.hear(11.0)
        await until(pilot, blended(screen, 2))


async def test_steps_that_need_the_whole_file_are_named(
    opened: Opened,
    until: Until,
    live: FakeLive,
) -> None:
    async with opened(LARGE) as (pilot, screen):
        settings = Settings(name="mine", steps=(FilePeak(), Smooth(weight=0.25)))
        screen.app.services.session.update(settings=settings)
        live.open()
        live.hear(11.0)
        await until(pilot, blended(screen, 2))
        await until(
            pilot, lambda: "without file peak: needs the whole file" in line(screen, "facts")
        )
        # smoothed with its only neighbour, not multiplied by the file's peak
        assert screen.feed.blended is not None
        assert screen.feed.blended.probabilities[1].max() == pytest.approx(0.75 * 0.8 + 0.25 * 0.05)


async def test_r_records_and_o_opens_what_was_recorded(
    opened: Opened,
    until: Until,
    live: FakeLive,
    tiny_dataset: Path,
) -> None:
    path = sorted((tiny_dataset / "train_soundscapes").glob("*.ogg"))[0]
    async with opened() as (pilot, screen):
        app = screen.app
        live.open()
        live.hear(8.0)
        await pilot.press("r")
        await until(pilot, lambda: "◉ rec 0:03 live_20260401_053000.wav" in line(screen, "header"))
        await pilot.press("r")
        await until(pilot, lambda: "◉" not in line(screen, "header"))
        assert screen.feed.kept == Path("/s/recordings/live_20260401_053000.wav")
        live.publish(Kept(path, 20.0, "the input was lost"))
        await pilot.press("o")
        await until(pilot, lambda: not isinstance(app.screen, LiveScreen))
        scope = app.query_one(ScopePane)
        await until(pilot, lambda: scope.feed.recording is not None)
        await until(pilot, lambda: scope.feed.recording.path == path)
        assert live.stopped == 1


async def test_a_recording_that_is_refused_is_said(
    opened: Opened,
    until: Until,
    live: FakeLive,
) -> None:
    async with opened() as (pilot, screen):
        live.open()
        live.publish(NotRecorded("can't record: No space left on device"))
        await until(pilot, lambda: len(screen.app._notifications) == 1)
        await pilot.press("o")
        await until(pilot, lambda: len(screen.app._notifications) == 2)
        texts = [one.message for one in screen.app._notifications]
        assert texts[0] == "can't record: No space left on device"
        assert "Nothing was recorded" in texts[1]


async def test_the_chosen_device_is_remembered(
    opened: Opened,
    until: Until,
    live: FakeLive,
) -> None:
    async with opened() as (pilot, screen):
        app = screen.app
        live.open()
        live.hear(12.0)
        await until(pilot, blended(screen, 2))
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, ChooseOne))
        assert app.screen.query_one(OptionList).option_count == 3
        await pilot.press("down", "enter")
        await until(pilot, lambda: len(live.started) == 2)
        assert live.started[-1][0] == NAMES[0]
        assert app.services.session.state.input_device == NAMES[0]
        assert screen.feed.windows is None, "another input begins anew"
        await until(pilot, lambda: screen.has_class("-empty"))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, LiveScreen))
        await pilot.press("m")
        await until(pilot, lambda: len(live.started) == 3)
        assert live.started[-1][0] == NAMES[0]


async def test_hold_keeps_the_picture_still_while_listening_goes_on(
    opened: Opened,
    until: Until,
    live: FakeLive,
) -> None:
    async with opened() as (pilot, screen):
        live.open()
        live.hear(71.0)
        await until(pilot, blended(screen, 14))
        await pilot.press("space")
        span = (screen.picture.view_start_s, screen.heatmap.window_count)
        live.hear(92.0)
        await until(pilot, blended(screen, 18))
        await pilot.pause()
        assert (screen.picture.view_start_s, screen.heatmap.window_count) == span
        assert "held" in line(screen, "header")
        await pilot.press("space")
        live.hear(92.5)
        await until(pilot, lambda: screen.picture.view_end_s > 91)
        assert screen.window == 17


async def test_closing_ends_the_listening_whatever_closes_it(
    opened: Opened,
    until: Until,
    live: FakeLive,
) -> None:
    async with opened() as (pilot, screen):
        live.open()
        app: BirdscopeApp = screen.app  # type: ignore[assignment]
        await pilot.press("r", "m")
        await until(pilot, lambda: not isinstance(app.screen, LiveScreen))
        assert live.stopped == 1
        assert live.status.state == "off"
        await until(pilot, lambda: len(app._notifications) == 1)
        (said,) = app._notifications
        assert said.title == "Recording kept"


async def test_keys_of_the_picture_work_from_anywhere(
    opened: Opened,
    until: Until,
    live: FakeLive,
) -> None:
    async with opened() as (pilot, screen):
        live.open()
        live.hear(8.0)
        before = screen.picture.palette
        await pilot.press("p", "f", "right_curly_bracket")
        await until(pilot, lambda: screen.picture.palette != before)
        assert screen.picture.scale != "mel"
        assert not screen.picture.band.is_whole


def test_windows_keep_their_places_and_gaps_stay_unknown() -> None:
    loaded = LoadedEnsemble(Path("e"), CHECKPOINTS, ("a", "b"), WEIGHTS, "f", 0.1)
    windows = LiveWindows(loaded)
    for number in (0, 1, 3):
        windows.take(LiveWindow(number, score(number, 2), 0.0, 0.1))
    assert (windows.first, windows.count) == (0, 4)
    assert np.isnan(windows.values[:, 2]).all()
    windows.take(LiveWindow(30, score(30, 2), 0.0, 0.1))
    assert (windows.first, windows.count) == (30 - KEPT_WINDOWS + 1, KEPT_WINDOWS)
    known = ~np.isnan(windows.values).any(axis=(0, 2))
    assert np.flatnonzero(known).tolist() == [KEPT_WINDOWS - 1]
    windows.take(LiveWindow(500, score(500, 2), 0.0, 0.1))
    assert np.array_equal(windows.values[:, -1], score(500, 2))
    assert np.isnan(windows.values[:, :-1]).all()
