"""What the tab Train looks like: a recipe, its data, two runs compared, nothing there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from birdscope.tui.screens.train import TrainPane
from birdscope.tui.widgets.recipe_form import RecipeForm
from birdscope.tui.widgets.runs_table import RunsTable
from tests.tui.conftest import MakeApp
from tests.tui.fake_training import FakeTraining
from tests.tui.jobs_kit import LARGE, SMALL, wait_for
from tests.tui.train_kit import trained

SIZES = {"small": SMALL, "large": LARGE}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", ["recipe", "data", "runs", "failed"])
def test_train(
    state: str,
    size: str,
    snap_compare: Any,
    make_app: MakeApp,
    tiny_dataset: Path,
    tmp_path: Path,
) -> None:
    app = make_app(tiny_dataset)
    problem = "the recipes can't be read" if state == "failed" else ""
    app.services.__dict__["study"] = FakeTraining(problem)
    if state == "runs":
        trained(tmp_path / "home", "one")
        trained(tmp_path / "home", "two", epochs=2, finished=False)

    async def before(pilot: Pilot[None]) -> None:
        await wait_for(pilot, lambda: len(app.query(TrainPane)) == 1)
        await wait_for(pilot, lambda: app.services.catalog is not None)
        app.action_show_tab("train")
        pane = app.query_one(TrainPane)
        if state == "failed":
            await wait_for(pilot, lambda: bool(pane.feed.problem))
            await pilot.pause(0.3)
            return
        await wait_for(pilot, lambda: pane.feed.found is not None)
        form = pane.query_one(RecipeForm)
        form.focus()
        form.go_to("optim.epochs")
        await pane.feed.set("optim.epochs", "5")
        if state == "data" and size == "small":
            await pilot.press("v")
        if state == "runs":
            table = pane.query_one(RunsTable)
            await wait_for(pilot, lambda: len(pane.runs.views) == 2)
            pane._go_to("runs")
            await wait_for(pilot, lambda: table.has_focus)
            await pilot.press("home", "space", "down", "space")
        await wait_for(pilot, lambda: not pane.feed.checking)
        app.clear_notifications()
        await pilot.pause(0.3)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)
