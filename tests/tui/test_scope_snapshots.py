# ruff: noqa: F401, F811 (fixtures are imported)
from __future__ import annotations

import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from textual.pilot import Pilot

from birdscope.tui.screens.scope import ScopePane
from tests.tui.conftest import MakeApp, Until
from tests.tui.fake_engine import FakeEngine
from tests.tui.test_scope import ensemble, minutes, settled

SIZES = {"small": (80, 24), "large": (160, 48)}


@pytest.fixture(autouse=True)
def one_contrast(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file's first picture sets its contrast, whatever size the view has at that moment."""
    monkeypatch.setattr("birdscope.tui.raster.contrast", lambda db: (-80.0, -20.0))


class State(NamedTuple):
    """What is pressed, and what of the minute is predicted."""

    keys: tuple[str, ...] = ()
    windows: int = 12


# Keys after which probabilities are blended again, in another process.
_BLENDS = ("s", "d", "b", "w")
_BOX = ("x", *["shift+right"] * 6, *["shift+down"] * 3)
STATES = {
    "opened": State(windows=0),
    "half": State(("r",), windows=5),
    "predicted": State(("r",)),
    "looked-at": State(("r", "down", "down", "i", "s", "a", "t", "t")),
    "part-and-box": State(("r", "w", "right", *_BOX)),
    "difference": State(("r", "d")),
    "before": State(("r", "b")),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", STATES)
def test_scope(
    state: str,
    size: str,
    snap_compare: Any,
    make_app: MakeApp,
    minutes: Path,
    ensemble: Path,
    until: Until,
) -> None:
    app, (keys, windows) = make_app(minutes), STATES[state]
    engine = FakeEngine(held=windows < 12)
    app.services.__dict__["engine"] = engine

    async def before(pilot: Pilot[None]) -> None:
        pane = await _opened(pilot, until)
        if keys:
            await pilot.press(keys[0])
            engine.let(windows)
            await until(pilot, lambda: len(pane.feed.done) == windows)
            await until(pilot, lambda: windows < 12 or settled(pane))
            await _rests(pilot)
            for key in keys[1:]:
                await pilot.press(key)
                if key in _BLENDS:
                    await _rests(pilot)
        view = pane.spectrogram
        await until(pilot, lambda: view.box is None or view.measured is not None)
        await _rests(pilot)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)


@pytest.mark.parametrize("size", SIZES)
def test_an_ensemble_that_can_not_be_used(
    size: str, snap_compare: Any, make_app: MakeApp, minutes: Path, ensemble: Path, until: Until
) -> None:
    app = make_app(minutes)
    app.services.__dict__["engine"] = FakeEngine(ensemble_problem="alpha.pth is not a checkpoint")

    async def before(pilot: Pilot[None]) -> None:
        pane = await _opened(pilot, until)
        await until(pilot, lambda: bool(pane.feed.ensemble_problem))
        await _rests(pilot)

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)


async def _rests(pilot: Pilot[None]) -> None:
    """Wait until nothing changes on the screen any more; notices are taken away."""
    same, before, deadline = 0, "", time.monotonic() + 30
    while same < 4:
        pilot.app.clear_notifications()
        await pilot.pause(0.15)
        now = pilot.app.export_screenshot()
        same, before = (same + 1, before) if now == before else (0, now)
        assert time.monotonic() < deadline, "the screen never rests"


async def _opened(pilot: Pilot[None], until: Until) -> ScopePane:
    await until(pilot, lambda: len(pilot.app.query(ScopePane)) == 1)
    pane = pilot.app.query_one(ScopePane)
    pilot.app.action_show_tab("scope")  # type: ignore[attr-defined]
    await until(pilot, lambda: pane.feed.n_windows > 0)
    await until(pilot, lambda: bool(pane.spectrogram.path))
    return pane
