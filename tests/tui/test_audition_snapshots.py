"""What the tab Audition looks like: judged windows with a curve, a reference, no scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from birdscope.tui.screens.audition import AuditionPane
from birdscope.tui.widgets.species_list import SpeciesList
from birdscope.tui.widgets.spectrogram import SpectrogramView
from tests.tui.audition_kit import introduce, settled, study_of
from tests.tui.conftest import MakeApp
from tests.tui.jobs_kit import wait_for

SIZES = {"small": (80, 24), "large": (160, 48)}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", ["judged", "reference", "no-scores"])
def test_audition(
    state: str, size: str, snap_compare: Any, make_app: MakeApp, tiny_dataset: Path
) -> None:
    introduce()
    problem = "no recording has scores of this ensemble yet" if state == "no-scores" else ""
    app = make_app(tiny_dataset)
    app.services.__dict__["study"] = study_of(tiny_dataset, problem=problem)

    async def before(pilot: Pilot[None]) -> None:
        await wait_for(pilot, lambda: len(app.query(AuditionPane)) == 1)
        species = app.query_one(SpeciesList)
        await wait_for(pilot, lambda: species.row is not None and species.row.kind == "species")
        await pilot.press("3")
        pane = app.query_one(AuditionPane)
        await wait_for(pilot, lambda: settled(pane))
        if state != "no-scores":
            await _judge(pilot, pane)
        if state == "reference":
            await pilot.press("v")
            view = pane.query_one("#audition-reference", SpectrogramView)
            await wait_for(pilot, lambda: view.duration_s > 0 and not view.is_loading_picture)
        app.clear_notifications()
        await pilot.pause(0.2)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)


async def _judge(pilot: Pilot[None], pane: AuditionPane) -> None:
    """Four yes, three no, a maybe; the picture of the window after them."""
    await pilot.press(*"yyynyynm")
    await wait_for(pilot, lambda: len(pane.feed.verdicts) == 8)
    await pilot.press("n")
    await wait_for(pilot, lambda: settled(pane) and pane.feed.summary.no == 3)
    view, item = pane.query_one("#audition-window", SpectrogramView), pane.queue.item
    await wait_for(pilot, lambda: view.selected_span == (item.start_s, item.end_s))
    await wait_for(pilot, lambda: not view.is_loading_picture and view.path == item.path)
