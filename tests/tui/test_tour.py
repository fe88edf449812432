from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from birdscope.tui.app import BirdscopeApp
from birdscope.tui.screens.tour import TourScreen
from birdscope.tui.tour import STEPS
from tests.tui.conftest import MakeApp, Until

Filled = Callable[[Pilot[None]], Awaitable[None]]


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_five_steps_light_real_places_and_stay_on_the_screen(
    size: tuple[int, int], make_app: MakeApp, tiny_dataset: Path, filled: Filled
) -> None:
    app = make_app(tiny_dataset)
    async with app.run_test(size=size) as pilot:
        await filled(pilot)
        app._tour.begin()
        await pilot.pause()
        assert len(STEPS) == 5
        for step in STEPS:
            screen = app.screen
            assert isinstance(screen, TourScreen)
            lit = list(app.default_screen.query(".-toured"))
            assert lit == [app.default_screen.query_one(step.target)]
            box = screen.query_one("#tour-box").region
            assert screen.region.contains_region(box), step
            await pilot.press("enter")
            await pilot.pause()
        assert not isinstance(app.screen, TourScreen)
        assert not app.default_screen.query(".-toured")


async def test_the_tour_is_shown_once_and_can_be_skipped(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(BirdscopeApp, "is_headless", property(lambda app: False))
    app = make_app(tiny_dataset)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, TourScreen))
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(app.screen, TourScreen)
        app._tour.begin_once()
        await pilot.pause()
        assert not isinstance(app.screen, TourScreen)
