"""Any two rows of Tune's table, compared on Scope."""

from __future__ import annotations

from pathlib import Path

from birdscope.tui.screens.scope import ScopePane
from birdscope.tui.screens.tune import TunePane
from birdscope.tui.widgets.heatmap import HeatMap
from birdscope.tui.widgets.settings_table import SettingsTable
from tests.tui import test_scope as kit
from tests.tui.conftest import MakeApp, Until
from tests.tui.fake_engine import FakeEngine
from tests.tui.fake_tuning import FakeTuning
from tests.tui.tune_kit import line, text_of, tune_tab

ensemble, minutes = kit.ensemble, kit.minutes


def header(pane: ScopePane) -> str:
    return kit.text_of(pane, "#scope-header")


def mark(pane: TunePane, key: str) -> SettingsTable:
    """Put the cursor on a row."""
    table = pane.query_one(SettingsTable)
    table.focus()
    table.select(key)
    return table


async def test_two_rows_are_chosen_in_tune_and_seen_on_scope(
    make_app: MakeApp, minutes: Path, ensemble: Path, until: Until
) -> None:
    app = make_app(minutes)
    app.services.__dict__["engine"] = FakeEngine()
    async with tune_tab(app, FakeTuning()) as (pilot, tune):
        scope = app.query_one(ScopePane)
        await until(pilot, lambda: scope.feed.n_windows > 0)
        table = mark(tune, "built-in raw mean")
        assert "B A/B on Scope" in str(tune.query_one("#tune-upper").border_subtitle)
        await pilot.press("equals_sign")
        await until(pilot, lambda: line(tune, "built-in raw mean").is_baseline)
        await pilot.press("B")
        assert app.tab == "tune", "the baseline is not compared with itself"
        table.select("built-in notebook 0.88")
        await pilot.press("B")
        assert app.tab == "scope"
        await pilot.press("r")
        await until(pilot, lambda: kit.settled(scope))
        await until(pilot, lambda: "Δ B notebook 0.88 − A raw mean" in header(scope))
        heatmap = scope.query_one(HeatMap)
        await until(pilot, lambda: scope.feed.other is not None and "+" in text_of(heatmap))
        await pilot.press("b")
        await until(pilot, lambda: "●A raw mean" in header(scope) and scope.feed.other is None)
        raw = scope.feed.blended
        await pilot.press("b")
        await until(pilot, lambda: "●B notebook 0.88" in header(scope))
        await until(pilot, lambda: scope.feed.blended is not raw)
        assert raw is not None and scope.feed.blended is not None
        assert (raw.probabilities != scope.feed.blended.probabilities).any()
        await pilot.press("B")
        await until(pilot, lambda: "notebook" not in header(scope))
        assert scope.feed.pair is None


async def test_other_settings_of_the_session_end_the_comparison(
    make_app: MakeApp, minutes: Path, ensemble: Path, until: Until
) -> None:
    app = make_app(minutes)
    app.services.__dict__["engine"] = FakeEngine()
    async with tune_tab(app, FakeTuning()) as (pilot, tune):
        scope = app.query_one(ScopePane)
        mark(tune, "built-in raw mean")
        await pilot.press("B")
        assert scope.feed.pair is not None and scope.feed.pair.second.name == "raw mean"
        app.action_show_tab("tune")
        mark(tune, "built-in raw mean")
        await pilot.press("enter")
        await until(pilot, lambda: scope.feed.pair is None)
