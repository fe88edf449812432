"""What Browse looks like searched, filtered, marked, plotted, and while it has nothing to show."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from birdscope.tui.screens.tour import TourScreen
from birdscope.tui.tour import STEPS
from tests.tui.conftest import MakeApp

Filled = Callable[[Pilot[None]], Awaitable[None]]
SIZES = {"small": (80, 24), "large": (160, 48)}
STATES = {
    "filter": ("F", "space", "down", "down", "space"),
    "chips-and-marks": ("F", "space", "escape", "home", "tab", "m", "m", "shift+down"),
    "nothing-fits": ("slash", *"zzz"),
    "details": ("i",),
    "plots": ("home", "tab", "V"),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", STATES)
def test_browse(
    state: str, size: str, snap_compare: Any, make_app: MakeApp, tiny_dataset: Path, filled: Filled
) -> None:
    async def before(pilot: Pilot[None]) -> None:
        await filled(pilot)
        for key in STATES[state]:
            await pilot.press(key)
            await pilot.pause(0.1)
        await pilot.pause(1.2)

    assert snap_compare(make_app(tiny_dataset), terminal_size=SIZES[size], run_before=before)


@pytest.mark.parametrize("size", SIZES)
def test_tour(
    size: str, snap_compare: Any, make_app: MakeApp, tiny_dataset: Path, filled: Filled
) -> None:
    async def before(pilot: Pilot[None]) -> None:
        await filled(pilot)
        pilot.app.push_screen(TourScreen(STEPS))
        await pilot.press("enter")
        await pilot.pause(0.3)

    assert snap_compare(make_app(tiny_dataset), terminal_size=SIZES[size], run_before=before)
