from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from birdscope.tui import scope_text
from birdscope.tui.app import BirdscopeApp
from birdscope.tui.screens.choose_ensemble import ChooseEnsemble
from birdscope.tui.screens.choose_recording import ChooseRecording
from birdscope.tui.screens.scope import ScopePane
from birdscope.tui.widgets.engine_line import EngineLine
from birdscope.tui.widgets.heatmap import HeatMap
from birdscope.tui.widgets.spectrogram import SpectrogramView
from birdscope.tui.widgets.top_species import TopSpecies
from tests.tui.conftest import Clock, MakeApp, Until
from tests.tui.fake_engine import FakeEngine

SMALL, LARGE = (80, 24), (160, 48)
Opened = Callable[..., object]


@pytest.fixture
def ensemble(tmp_path: Path) -> Path:
    """A file in the home's models, which the fake engine does not read."""
    path = tmp_path / "home" / "models" / "demo.toml"
    path.parent.mkdir(parents=True)
    path.write_text('[[members]]\nname = "alpha"\ncheckpoints = "alpha.pth"\n')
    path.with_name("alpha.pth").touch()
    return path


@pytest.fixture(scope="module")
def minutes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic dataset whose soundscapes last a minute."""
    from birdscope.dataset.demo import DemoCounts, make_demo_dataset

    root = tmp_path_factory.mktemp("data") / "minutes"
    counts = DemoCounts(clips=12, labelled=2, unlabelled=1, test=1, soundscape_s=60.0)
    make_demo_dataset(root, counts=counts)
    return root


@pytest.fixture
def scope(make_app: MakeApp, minutes: Path, ensemble: Path, until: Until) -> Opened:
    """`async with scope(engine) as (pilot, pane)`: Scope on show, its first soundscape open."""

    @asynccontextmanager
    async def opened(
        engine: FakeEngine, size: tuple[int, int] = SMALL
    ) -> AsyncIterator[tuple[Pilot[None], ScopePane]]:
        app = make_app(minutes)
        app.services.__dict__["engine"] = engine
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: len(app.query(ScopePane)) == 1)
            pane = app.query_one(ScopePane)
            app.action_show_tab("scope")
            await until(pilot, lambda: pane.feed.n_windows > 0)
            if not engine.ensemble_problem:
                await until(pilot, lambda: engine.status.state in ("ready", "busy"))
            yield pilot, pane

    return opened


def settled(pane: ScopePane) -> bool:
    """All windows done and drawn."""
    feed = pane.feed
    return len(feed.done) == feed.n_windows and feed.blended is not None and not feed.remaining


def text_of(pane: ScopePane, selector: str) -> str:
    return str(pane.query_one(selector, Static).content)


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_r_predicts_the_whole_file_and_lists_the_best(
    scope: Opened, until: Until, size: tuple[int, int]
) -> None:
    async with scope(FakeEngine(), size) as (pilot, pane):
        await pilot.press("r")
        await until(pilot, lambda: settled(pane))
        top = pane.query_one(TopSpecies)
        await until(pilot, lambda: bool(top.scores))
        catalog = pilot.app.services.catalog
        assert top.scores[0].label == catalog.taxonomy.labels[0]
        assert top.scores[0].probability == pytest.approx(0.8)
        assert top.scores[0].members == pytest.approx((0.9, 0.7))
        assert len(top.scores) == min(10, len(catalog.taxonomy))
        await until(pilot, lambda: "12/12 windows" in text_of(pane, "#scope-header"))


@pytest.mark.parametrize("size", [SMALL, (120, 36), LARGE])
async def test_heat_map_and_spectrogram_share_their_time_axis(
    scope: Opened, until: Until, size: tuple[int, int]
) -> None:
    async with scope(FakeEngine(), size) as (pilot, pane):
        await pilot.press("r")
        await until(pilot, lambda: settled(pane))
        heatmap, view = pane.query_one(HeatMap), pane.query_one(SpectrogramView)
        assert heatmap.axis == view.axis
        assert heatmap.gutter_width == view.gutter_width
        assert heatmap.axis.columns % 12 == 0, "every window of the minute is equally wide"
        assert heatmap.content_region.x == view.content_region.x


async def test_space_plays_and_predictions_run_ahead(
    scope: Opened, until: Until, clock: Clock
) -> None:
    engine = FakeEngine(held=True)
    async with scope(engine) as (pilot, pane):
        await pilot.press("right", "right", "right")
        await pilot.press("space")
        playback = pilot.app.services.playback
        await until(pilot, lambda: playback.status.state == "playing")
        await until(pilot, lambda: engine.asked[-1] == (3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2))
        engine.let(2)
        await until(pilot, lambda: {3, 4} <= pane.feed.done)
        asked = len(engine.asked)
        clock.seconds += 5.2
        await until(pilot, lambda: pane.window == 4)
        assert len(engine.asked) == asked, "it is ahead already: nothing is asked again"
        assert not np.isnan(pane.feed.blended.probabilities[4]).any()
        await until(pilot, lambda: bool(pane.query_one(TopSpecies).scores))


async def test_a_seek_puts_the_window_under_the_playhead_first(
    scope: Opened, until: Until, clock: Clock
) -> None:
    engine = FakeEngine(held=True)
    async with scope(engine) as (pilot, pane):
        await pilot.press("space")
        playback = pilot.app.services.playback
        await until(pilot, lambda: playback.status.state == "playing")
        playback.seek(42.0)
        await until(pilot, lambda: bool(engine.asked) and engine.asked[-1][:3] == (8, 9, 10))
        assert pane.window == 8
        assert pane.query_one(HeatMap).cursor[1] == 8


async def test_a_seek_while_paused_moves_the_selected_window(scope: Opened, until: Until) -> None:
    async with scope(FakeEngine()) as (pilot, pane):
        await pilot.press("space")
        playback = pilot.app.services.playback
        await until(pilot, lambda: playback.status.state == "playing")
        await pilot.press("space")
        await until(pilot, lambda: playback.status.state == "paused")
        for seconds, window in ((42.0, 8), (12.0, 2)):
            playback.seek(seconds)
            await until(pilot, lambda window=window: pane.window == window)
            assert pane.query_one(HeatMap).cursor[1] == window
            assert pane.query_one(SpectrogramView).selected_span == (5.0 * window, 5.0 * window + 5)
        assert playback.status.state == "paused"


async def test_results_are_shown_again_next_time(scope: Opened, until: Until) -> None:
    async with scope(FakeEngine()) as (pilot, pane):
        await pilot.press("N")
        await until(pilot, lambda: pane.feed.n_windows > 0)
        opened = pane.feed.recording
        await pilot.press("r")
        await until(pilot, lambda: settled(pane))
        shown = pane.feed.blended.probabilities
        pilot.app.services.session.close()
    again = FakeEngine(held=True)
    async with scope(again) as (pilot, pane):
        await until(pilot, lambda: settled(pane))
        assert pane.feed.recording == opened, "the recording of last time is open"
        assert np.array_equal(pane.feed.blended.probabilities, shown)
        assert not again.asked, "nothing is computed a second time"


async def test_rows_keep_their_places_while_results_arrive(scope: Opened, until: Until) -> None:
    engine = FakeEngine(held=True)
    async with scope(engine) as (pilot, pane):
        await pilot.press("r")
        engine.let(2)
        await until(pilot, lambda: len(pane.feed.done) == 2 and pane.feed.blended is not None)
        before = pane.feed.blended.ranking
        engine.let(3)
        await until(pilot, lambda: len(pane.feed.done) == 5)
        await until(pilot, lambda: not np.isnan(pane.feed.blended.probabilities[4]).any())
        assert pane.feed.blended.ranking == before
        await pilot.press("s")
        await until(pilot, lambda: pane.feed.blended.ranking[:5] == (0, 1, 2, 3, 4))


async def test_enter_plays_a_window_with_context(scope: Opened, until: Until) -> None:
    async with scope(FakeEngine()) as (pilot, _):
        await pilot.press("right", "right", "enter")
        playback = pilot.app.services.playback
        await until(pilot, lambda: playback.status.state == "playing")
        assert playback.position_s == pytest.approx(8.0)


async def test_missing_weights_are_explained_and_the_rest_works(
    scope: Opened, until: Until
) -> None:
    engine = FakeEngine(ensemble_problem="a/: no weights\n→ put them there")
    async with scope(engine) as (pilot, pane):
        await until(pilot, lambda: "put them there" in text_of(pane, "#scope-hint"))
        await pilot.press("r")
        await pilot.pause()
        assert not engine.asked
        await pilot.press("space")
        playback = pilot.app.services.playback
        await until(pilot, lambda: playback.status.state == "playing")


async def test_an_ensemble_for_other_classes_is_not_chosen(
    make_app: MakeApp, minutes: Path, ensemble: Path, until: Until
) -> None:
    ensemble.with_name("alpha.toml").write_text('classes = ["frog"]\n')
    app, engine = make_app(minutes), FakeEngine()
    app.services.__dict__["engine"] = engine
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: len(app.query(ScopePane)) == 1)
        pane = app.query_one(ScopePane)
        app.action_show_tab("scope")
        await until(pilot, lambda: "models/NAME" in text_of(pane, "#scope-hint"))
        assert "No ensemble for this dataset yet: e chooses one" in scope_text.why_not(pane.feed)
        assert engine.loaded is None and not pane.feed.ensemble_problem
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, ChooseEnsemble))
        await pilot.press("enter")
        await until(pilot, lambda: engine.loaded is not None and not pane.feed.ensemble_missing)


async def test_what_misses_in_several_members_fits_with_its_remedy(
    scope: Opened, until: Until
) -> None:
    models = "/home/somebody/birdclef-2025/birdscope/models"
    remedy = f"→ put them there, or correct `checkpoints` in {models}/weighted-blend.toml"
    members = ("nfnet", "seresnext")
    missing = [f"{models}/{one}: the checkpoints of member '{one}' are missing" for one in members]
    problem = "\n".join(f"{one}\n{remedy}" for one in missing)
    async with scope(FakeEngine(ensemble_problem=problem)) as (pilot, pane):
        hint = pane.query_one("#scope-hint", Static)
        await until(pilot, lambda: "are missing" in str(hint.content))
        drawn = [hint.render_line(y).text.rstrip() for y in range(hint.size.height)]
        assert drawn[0] == "e chooses another ensemble"
        seen = "".join("".join(drawn).split())
        for part in (*missing, remedy):
            assert seen.count("".join(part.split())) == 1
        assert pane.query_one(SpectrogramView).size.height >= 4
        await pilot.press("r")
        assert scope_text.why_not(pane.feed) == "\n".join((*missing, remedy))


async def test_the_engine_line_tells_each_state(scope: Opened, until: Until) -> None:
    engine = FakeEngine()
    async with scope(engine, LARGE) as (pilot, pane):
        line = pane.query_one(EngineLine)
        await until(pilot, lambda: "engine ready · demo · 0.1 s/window" in line.text)
        engine.show(state="restarted", text="the engine process was lost; it starts again")
        await until(pilot, lambda: "restarted · the engine process was lost" in line.text)
        engine.show(state="warming", text="loading sed1", done=1, total=4)
        await until(pilot, lambda: "warming · 1/4 loading sed1" in line.text)
        engine.show(state="failed", text="no weights", remedy="put them there")
        await until(pilot, lambda: "failed · no weights" in line.text)
        assert line.tooltip == "put them there"


async def test_o_narrows_the_list_down_and_opens(scope: Opened, until: Until) -> None:
    async with scope(FakeEngine()) as (pilot, pane):
        catalog = pilot.app.services.catalog
        wanted = catalog.soundscapes("train_soundscapes")[2]
        await pilot.press("o")
        await until(pilot, lambda: isinstance(pilot.app.screen, ChooseRecording))
        pilot.app.screen.query_one(Input).value = wanted.stem
        await until(pilot, lambda: pilot.app.screen.query_one(OptionList).option_count == 1)
        await pilot.press("enter")
        await until(pilot, lambda: pane.feed.recording == wanted and pane.feed.n_windows > 0)
        assert pilot.app.focused is pane.query_one(HeatMap)


async def test_e_lists_ensembles_with_their_members(
    scope: Opened, until: Until, ensemble: Path
) -> None:
    other = ensemble.with_name("other.toml")
    other.write_text('[[members]]\nname = "alpha"\ncheckpoints = "alpha.pth"\n')
    async with scope(FakeEngine()) as (pilot, pane):
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, ChooseEnsemble))
        options = pilot.app.screen.query_one(OptionList)
        await until(pilot, lambda: "sed tiny" in str(options.get_option_at_index(0).prompt))
        await pilot.press("down", "enter")
        await until(pilot, lambda: pane.feed.engine.loaded.path == other)
        assert pilot.app.services.session.state.ensemble == str(other)


async def test_a_broken_recording_says_so_and_others_open(
    scope: Opened, until: Until, tmp_path: Path
) -> None:
    async with scope(FakeEngine()) as (pilot, pane):
        broken = tmp_path / "broken.ogg"
        broken.write_bytes(b"nothing")
        from birdscope.core.types import Recording

        whole = pane.feed.recording
        pane.open_recording(Recording("train_soundscapes/broken.ogg", broken, "train_soundscapes"))
        await until(pilot, lambda: bool(pane.feed.problem))
        await until(pilot, lambda: "broken.ogg" in text_of(pane, "#scope-hint"))
        pane.open_recording(whole)
        await until(pilot, lambda: pane.feed.n_windows == 12)


async def test_a_long_recording_pages_by_minute(
    scope: Opened, until: Until, tmp_path: Path
) -> None:
    import soundfile

    from birdscope.core.types import Recording

    path = tmp_path / "long.wav"
    soundfile.write(path, np.zeros(8_000 * 400, np.float32), 8_000)
    engine = FakeEngine(held=True)
    async with scope(engine) as (pilot, pane):
        pane.open_recording(Recording("train_soundscapes/long.wav", path, "train_soundscapes"))
        view = pane.query_one(SpectrogramView)
        await until(pilot, lambda: view.path == path)
        assert (view.view_start_s, view.view_end_s) == (0, 60)
        await pilot.press("n", "n")
        await until(pilot, lambda: pane.window == 24)
        assert (view.view_start_s, view.view_end_s) == (120, 180)
        assert pane.query_one(HeatMap).axis == view.axis
        await pilot.press("space")
        await until(pilot, lambda: len(engine.asked) > 0 and len(engine.asked[-1]) > 2)
        assert engine.asked[-1][0] == 24
        assert max(engine.asked[-1]) < 60, "hours are not predicted unasked"


async def test_opening_stays_out_of_the_way_of_another_tab(scope: Opened, until: Until) -> None:
    async with scope(FakeEngine()) as (pilot, pane):
        app: BirdscopeApp = pilot.app
        app.action_show_tab("browse")
        await pilot.pause()
        focused = app.focused
        pane.open_recording(app.services.catalog.soundscapes("train_soundscapes")[1])
        await until(pilot, lambda: pane.feed.n_windows > 0)
        assert app.focused is focused
