"""What the tab Tune looks like: figures there, nothing there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from birdscope.engine.tune_messages import TuningSource
from birdscope.tui.screens.tune import TunePane
from tests.tui.conftest import MakeApp
from tests.tui.fake_tuning import SOURCE, FakeTuning
from tests.tui.jobs_kit import LARGE, SMALL, wait_for
from tests.tui.tune_kit import current, go_to, line

SIZES = {"small": SMALL, "large": LARGE}
NONE = TuningSource(
    "soundscapes", "soundscape labels", Path("/x"), problem="3 labelled files have no scores yet"
)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", ["figures", "curves", "empty"])
def test_tune(
    state: str, size: str, snap_compare: Any, make_app: MakeApp, tiny_dataset: Path
) -> None:
    app = make_app(tiny_dataset)
    app.services.__dict__["study"] = FakeTuning(sources=(NONE if state == "empty" else SOURCE,))

    async def before(pilot: Pilot[None]) -> None:
        await wait_for(pilot, lambda: len(app.query(TunePane)) == 1)
        await wait_for(pilot, lambda: app.services.catalog is not None)
        app.action_show_tab("tune")
        pane = app.query_one(TunePane)
        if state == "empty":
            await wait_for(pilot, lambda: pane.feed.phase == "empty")
            return
        await wait_for(pilot, lambda: pane.feed.measured is not None)
        await go_to(pilot, pane, lambda row: row.kind == "knob" and row.knob.title == "weight")
        await pilot.press("shift+right")
        await wait_for(pilot, lambda: not current(pane).interval_stale)
        await wait_for(
            pilot, lambda: pane.feed.board.is_firm(pane.feed.settings, pane.feed.baseline)
        )
        await wait_for(pilot, lambda: line(pane, "built-in blend only").interval is not None)
        await wait_for(pilot, lambda: pane.feed.figures.curves[1] is not None)
        if state == "curves":
            await pilot.press("v")
        app.clear_notifications()
        await pilot.pause(0.3)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)
