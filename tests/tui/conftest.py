"""An app with a dataset, pictures and a player that always behave the same."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
from rich.color import ColorSystem
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widget import Widget

from birdscope.engine.client import Engine
from birdscope.tui.app import BirdscopeApp
from birdscope.tui.playback import PlayerLike
from birdscope.tui.screens.browse import BrowsePane
from birdscope.tui.silent_player import SilentPlayer
from birdscope.tui.widgets.recordings import RecordingsTable
from birdscope.tui.widgets.species_list import SpeciesList
from birdscope.tui.widgets.spectrogram import SpectrogramView
from tests.tui.fake_engine import FakeEngine

MakeApp = Callable[..., BirdscopeApp]
Until = Callable[[Pilot[None], Callable[[], bool]], Awaitable[None]]


class Clock:
    """A clock that a test winds by hand."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def picture(
    path: Path, start_s: float, end_s: float, columns: int, rows: int, scale: str
) -> npt.NDArray[np.float32]:
    """A rising whistle over noise that depends on the place only."""
    seconds = np.linspace(start_s, end_s, columns, endpoint=False)
    height = np.linspace(1.0, 0.0, rows)[:, None]
    whistle = np.exp(-(((height - 0.2 - 0.1 * (seconds % 5)) / 0.06) ** 2))
    noise = np.cos(37.0 * height + 11.0 * np.floor(seconds * 4)) * 4
    level: npt.NDArray[np.float32] = (-75.0 + 55.0 * whistle + noise).astype(np.float32)
    return level


def watch_refresh(widget: Widget) -> list[Region]:
    """The regions that a widget asks to paint again from now on."""
    asked: list[Region] = []
    original = widget.refresh

    def refresh(*regions: Region, **how: bool) -> Widget:
        asked.extend(regions)
        return original(*regions, **how)

    widget.refresh = refresh  # type: ignore[method-assign, assignment]
    return asked


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing a test does reaches the user's cache or sessions."""
    monkeypatch.setenv("BIRDSCOPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BIRDSCOPE_HOME", str(tmp_path / "home"))


@pytest.fixture
def make_app(clock: Clock) -> MakeApp:
    """`make_app(data, device_note="…", provider=…)` → an app in true colour."""

    def make(
        data: Path | None,
        *,
        device_note: str = "",
        provider: Callable[..., npt.NDArray[np.float32]] = picture,
        colours: ColorSystem | None = ColorSystem.TRUECOLOR,
        files: Sequence[Path] = (),
    ) -> BirdscopeApp:
        def player() -> tuple[PlayerLike, str]:
            return SilentPlayer(now=clock), device_note

        app = BirdscopeApp(
            data,
            files=files,
            session="test",
            make_player=player,
            spectrogram=provider,
            engine=cast(Engine, FakeEngine()),
        )
        app.console._color_system = colours
        app.no_color = False
        app.animation_level = "none"
        return app

    return make


@pytest.fixture
def until() -> Until:
    """`await until(pilot, condition)`: let the app run until something is true."""

    async def wait(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20.0
        while not condition():
            assert time.monotonic() < deadline, "the app never got there"
            await pilot.pause(0.01)
        await pilot.pause()

    return wait


@pytest.fixture
def filled(until: Until) -> Callable[[Pilot[None]], Awaitable[None]]:
    """`await filled(pilot)`: the species are listed and a spectrogram is drawn."""

    async def wait(pilot: Pilot[None]) -> None:
        app = pilot.app
        await until(pilot, lambda: app.query_one(SpeciesList).row_total() > 0)
        view = app.query_one("#spectrogram", SpectrogramView)
        table, probed = app.query_one(RecordingsTable), app.query_one(BrowsePane).probes.get
        await until(pilot, lambda: all(probed(one) for one in table.seen()))
        await until(pilot, lambda: view.duration_s > 0 and not view.is_loading_picture)
        await until(pilot, lambda: len(app.query("#submit")) == 1)

    return wait
