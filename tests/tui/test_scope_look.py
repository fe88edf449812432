from __future__ import annotations

from contextlib import closing

import pytest

from birdscope.core.verdicts import Verdict
from birdscope.session.verdicts import Verdicts
from birdscope.tui.widgets.heatmap import HeatMap
from birdscope.tui.widgets.spectrogram import SpectrogramView
from tests.tui import test_scope as kit
from tests.tui.conftest import Until
from tests.tui.fake_engine import FakeEngine

ensemble, minutes, scope = kit.ensemble, kit.minutes, kit.scope


@pytest.mark.parametrize("size", [kit.SMALL, kit.LARGE])
async def test_species_are_sorted_pinned_filtered_and_dimmed(
    scope: kit.Opened, until: Until, size: tuple[int, int]
) -> None:
    async with scope(FakeEngine(), size) as (pilot, pane):
        await pilot.press("r")
        await until(pilot, lambda: kit.settled(pane) and bool(pane.heat.rows))
        taxonomy = pilot.app.services.catalog.taxonomy
        best = pane.label
        await pilot.press("down", "down", "i")
        pinned = pane.label
        assert pinned != best
        assert taxonomy.labels[pane.heat.rows[0]] == pinned
        await pilot.press("s", "s")
        names = [taxonomy.species[column].name for column in pane.heat.rows[1:]]
        assert names == sorted(names, key=str.casefold)
        await pilot.press("a")
        wanted = pane.heat.class_names[0]
        classes = {taxonomy.species[column].class_name for column in pane.heat.rows[1:]}
        assert classes <= {wanted}
        await pilot.press("t", "t")
        assert pane.query_one(HeatMap).threshold == pytest.approx(0.2)
        look = kit.text_of(pane, "#scope-header")
        assert "by name" in look and wanted in look and "≥ 0.2" in look
        place = pane.place
        assert (place.sort, place.pins, place.animal_class) == ("name", (pinned,), wanted)


async def test_following_is_turned_off_and_shown(
    scope: kit.Opened, until: Until, clock: object
) -> None:
    async with scope(FakeEngine()) as (pilot, pane):
        await pilot.press("F", "space")
        playback = pilot.app.services.playback
        await until(pilot, lambda: playback.status.state == "playing")
        assert "stays" in kit.text_of(pane, "#scope-header")
        clock.seconds += 11  # type: ignore[attr-defined]
        await until(pilot, lambda: playback.position_s > 10)
        await pilot.pause()
        assert pane.window == 0
        await pilot.press("F")
        await until(pilot, lambda: pane.window == 2)


async def test_d_shows_what_the_settings_change(scope: kit.Opened, until: Until) -> None:
    async with scope(FakeEngine()) as (pilot, pane):
        await pilot.press("r")
        await until(pilot, lambda: kit.settled(pane))
        heatmap = pane.query_one(HeatMap)

        def signs() -> bool:
            lines = [heatmap.render_line(row).text for row in range(heatmap.row_count)]
            return any("+" in line or "-" in line for line in lines)

        assert not signs()
        await pilot.press("d")
        await until(pilot, lambda: pane.feed.other is not None and signs())
        assert "after − before" in kit.text_of(pane, "#scope-header")
        await pilot.press("d")
        await until(pilot, lambda: not signs())
        assert "after − before" not in kit.text_of(pane, "#scope-header")


async def test_w_draws_which_part_triggered(scope: kit.Opened, until: Until) -> None:
    async with scope(FakeEngine()) as (pilot, pane):
        await pilot.press("r")
        await until(pilot, lambda: kit.settled(pane) and bool(pane.heat.rows))
        view = pane.query_one(SpectrogramView)
        await pilot.press("w")
        await until(pilot, lambda: view._curve is not None)
        assert view._curve.times_s[0] == pytest.approx(0.05)
        await pilot.press("right")
        await until(pilot, lambda: view._curve.times_s[0] == pytest.approx(5.05))
        await pilot.press("w")
        await until(pilot, lambda: view._curve is None)


async def test_verdicts_given_elsewhere_are_in_the_cells_when_one_comes_back(
    scope: kit.Opened, until: Until
) -> None:
    async with scope(FakeEngine()) as (pilot, pane):
        await pilot.press("r")
        await until(pilot, lambda: kit.settled(pane) and bool(pane.heat.rows))
        heatmap, recording = pane.query_one(HeatMap), pane.feed.recording
        pilot.app.action_show_tab("browse")
        await pilot.pause()
        species, at = pane.feed.classes[pane.heat.rows[1]], "2026-01-31T12:00:00.123Z"
        verdict = Verdict(recording.key, 2, 10.0, 15.0, species, "yes", "me", at)
        with closing(Verdicts.open(pilot.app.services.session.folder)) as verdicts:
            verdicts.put(verdict)
        pilot.app.action_show_tab("scope")
        await until(pilot, lambda: (1, 2) in heatmap._marks)


async def test_x_draws_a_box_by_keys_and_escape_leads_back(scope: kit.Opened, until: Until) -> None:
    async with scope(FakeEngine(), kit.LARGE) as (pilot, pane):
        await pilot.press("r")
        await until(pilot, lambda: kit.settled(pane) and bool(pane.heat.rows))
        view, heatmap, window = (
            pane.query_one(SpectrogramView),
            pane.query_one(HeatMap),
            pane.window,
        )
        await pilot.press("x", "shift+right", "shift+right", "shift+down")
        assert view.has_focus and view.box is not None and view.box.duration_s > 0
        assert pane.window == window, "arrows are the cursor's now"
        await pilot.press("escape", "escape")
        assert view.box is None and view.has_focus
        await pilot.press("escape")
        assert heatmap.has_focus and not view.can_focus
        await pilot.press("right")
        assert pane.window == window + 1


@pytest.mark.parametrize("size", [kit.SMALL, kit.LARGE])
async def test_the_corner_tells_of_the_recording_where_there_is_room(
    scope: kit.Opened, until: Until, size: tuple[int, int]
) -> None:
    async with scope(FakeEngine(), size) as (pilot, pane):
        corner = pane.query_one("#scope-facts")
        assert corner.display == (size == kit.LARGE)
        label = "◆ labelled"
        await until(pilot, lambda: label in kit.text_of(pane, "#scope-facts"))
        told = kit.text_of(pane, "#scope-facts")
        name = pane.feed.recording.name
        assert f"site     {name.split('_')[0]}" in told and "length" in told
        assert "labels" in told and "ensemble's own" in told
