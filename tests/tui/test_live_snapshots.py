# ruff: noqa: F401, F811 (fixtures are imported)
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from birdscope.audio.live_levels import Levels
from birdscope.core.settings import LowRankPower, Settings
from birdscope.tui.screens.live import LiveScreen
from birdscope.tui.screens.scope import ScopePane
from tests.tui.conftest import MakeApp, Until
from tests.tui.live_kit import FakeLive, live
from tests.tui.test_scope import ensemble

SIZES = {"small": (80, 24), "large": (160, 48)}
CLIPS = Levels(-0.2, -14.0, 0.0, clipped=12, clipped_ago_s=0.3)


def _begins(live: FakeLive) -> None:
    live.open()
    live.hear(13.4)


def _records(live: FakeLive) -> None:
    live.open()
    live.hear(96.2)
    live.record(True)
    live.hear(98.0, CLIPS)
    live.show(overflows=1)


def _waits(live: FakeLive) -> None:
    live.show(
        state="waiting",
        text="there is no sound input device",
        remedy="connect or enable a microphone, and allow the terminal to use it",
    )


STATES: dict[str, tuple[Callable[[FakeLive], None], int]] = {
    "begins": (_begins, 2),
    "records": (_records, 19),
    "no-input": (_waits, 0),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", STATES)
def test_live(
    state: str,
    size: str,
    snap_compare: Any,
    make_app: MakeApp,
    tiny_dataset: Path,
    ensemble: Path,
    until: Until,
    live: FakeLive,
) -> None:
    app = make_app(tiny_dataset)
    app.services.__dict__["live"] = live
    happens, windows = STATES[state]

    async def before(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: len(app.query(ScopePane)) == 1)
        app.action_show_tab("scope")
        scope = app.query_one(ScopePane)
        await until(pilot, lambda: scope.feed.engine.status.state == "ready")
        settings = Settings(name="mine", steps=(LowRankPower(at="checkpoint"),))
        app.services.session.update(settings=settings)
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, LiveScreen) and bool(live.started))
        screen = app.screen
        assert isinstance(screen, LiveScreen)
        happens(live)
        newest = screen.feed
        await until(
            pilot,
            lambda: (
                not windows or (newest.newest is not None and newest.newest.number == windows - 1)
            ),
        )
        await until(pilot, lambda: not windows or newest.latency_s is not None)
        await until(pilot, lambda: not screen.picture.asking)
        await pilot.pause()

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)
