from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from birdscope.dataset.cut_lists import Cut, cuts_folder, read_cuts, write_cuts
from birdscope.tui.commands import commands_of
from birdscope.tui.screens.browse import BrowsePane
from birdscope.tui.screens.cuts import ReviewCuts
from birdscope.tui.widgets.spectrogram import SpectrogramView
from tests.tui.conftest import MakeApp, Until

SIZES = {"small": (80, 24), "large": (160, 48)}
Opened = Callable[..., Any]


@pytest.fixture
def data(tiny_dataset: Path, tmp_path: Path) -> Path:
    """A dataset with four cuts beside it; the last one is of a file that is gone."""
    root = tmp_path / "tiny"
    shutil.copytree(tiny_dataset, root)
    keys = sorted(path.relative_to(root).as_posix() for path in root.glob("train_audio/*/*.ogg"))
    write_cuts(
        cuts_folder(root),
        [
            Cut(keys[0], 0.5, 1.75, "speech", 0.93),
            Cut(keys[1], 0.0, 0.9, "speech", 0.61, "accepted"),
            Cut(keys[2], 1.0, 2.0, "clipping", 0.12),
            Cut("train_audio/zzz/gone.ogg", 0.0, 5.0, "duplicate", 1.0, note="same sound as x"),
        ],
    )
    return root


@pytest.fixture
def review(make_app: MakeApp, until: Until) -> Opened:
    """`async with review(data) as (pilot, screen)`: the review is open and has its list."""

    @asynccontextmanager
    async def opened(
        data: Path, size: tuple[int, int] = SIZES["small"]
    ) -> AsyncIterator[tuple[Pilot[None], ReviewCuts]]:
        app = make_app(data)
        async with app.run_test(size=size) as pilot:
            yield pilot, await show(pilot, until)

    return opened


async def show(pilot: Pilot[None], until: Until) -> ReviewCuts:
    app = pilot.app
    await until(pilot, lambda: app.query_one(BrowsePane).place is not None)
    await pilot.press("X")
    await until(pilot, lambda: isinstance(app.screen, ReviewCuts))
    screen = app.screen
    assert isinstance(screen, ReviewCuts)
    await until(pilot, lambda: "reading" not in screen.table.empty_text or screen.table.cut)
    await until(pilot, lambda: screen.table.cut is None or facts(screen) != "")
    return screen


def facts(screen: ReviewCuts) -> str:
    return str(screen.query_one("#cuts-facts", Static).content)


def decisions(data: Path) -> list[str]:
    return [one.decision[0] for one in read_cuts(cuts_folder(data))]


async def test_decisions_are_saved_one_by_one_and_undone(
    review: Opened, data: Path, until: Until
) -> None:
    async with review(data) as (pilot, screen):
        assert screen.table.cursor == 0
        await pilot.press("y")
        await until(pilot, lambda: decisions(data) == ["a", "a", "p", "p"])
        await until(pilot, lambda: screen.table.cursor == 2)
        await pilot.press("n", "y")
        await until(pilot, lambda: decisions(data) == ["a", "a", "r", "a"])
        await pilot.press("u", "u")
        await until(pilot, lambda: decisions(data) == ["a", "a", "p", "p"])
        await until(pilot, lambda: screen.table.cursor == 2)
        box = screen.query_one("#cuts-box")
        assert box.border_subtitle == "2 wait · 2 cut · 0 kept"


async def test_a_cut_is_heard_with_a_second_around_it(
    review: Opened, data: Path, until: Until
) -> None:
    async with review(data) as (pilot, screen):
        playback = pilot.app.services.playback  # type: ignore[attr-defined]
        await pilot.press("down", "down", "space")
        await until(pilot, lambda: playback.status.state == "playing")
        assert playback.path == data / read_cuts(cuts_folder(data))[2].recording
        assert playback.position_s == pytest.approx(0.0, abs=0.1)
        await pilot.press("space")
        await until(pilot, lambda: playback.status.state == "paused")
        await pilot.press("home", "enter")
        await until(pilot, lambda: playback.status.state == "playing")
        view = screen.query_one(SpectrogramView)
        await until(pilot, lambda: view.selected_span == (0.5, 1.75))
        await pilot.press("escape")
        await until(pilot, lambda: playback.status.state == "stopped")
        assert not isinstance(pilot.app.screen, ReviewCuts)


async def test_a_file_that_is_gone_is_told(review: Opened, data: Path, until: Until) -> None:
    async with review(data) as (pilot, screen):
        await pilot.press("end")
        await until(pilot, lambda: facts(screen) == "same sound as x")
        view = screen.query_one(SpectrogramView)
        await until(pilot, lambda: "missing" in view.error)


async def test_a_list_written_meanwhile_is_read_again(
    review: Opened, data: Path, until: Until
) -> None:
    async with review(data) as (pilot, screen):
        others = read_cuts(cuts_folder(data))[1:]
        write_cuts(cuts_folder(data), others)
        await pilot.press("y")
        await until(pilot, lambda: screen.table.row_total() == 3)
        assert read_cuts(cuts_folder(data)) == others


@pytest.mark.parametrize(("text", "told"), [(None, "birdscope clean --data"), ("x\n1\n", "column")])
async def test_no_list_or_a_damaged_one_is_told(
    text: str | None, told: str, review: Opened, data: Path, until: Until
) -> None:
    path = cuts_folder(data) / "cuts.csv"
    path.unlink()
    if text is not None:
        path.write_text(text)
    async with review(data) as (pilot, screen):
        await until(pilot, lambda: told in facts(screen))
        await pilot.press("y", "u", "w", "space", "enter", "escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, ReviewCuts))


async def test_the_palette_offers_the_review(make_app: MakeApp, data: Path, until: Until) -> None:
    app = make_app(data)
    async with app.run_test(size=SIZES["small"]) as pilot:
        await until(pilot, lambda: app.query_one(BrowsePane).place is not None)
        assert "Review cuts" in {one.name for one in commands_of(app.screen)}
        screen = await show(pilot, until)
        names = {one.name for one in commands_of(screen)}
        assert {"Cut", "Keep", "Undo", "Next waiting", "Play"} <= names


@pytest.mark.parametrize("size", SIZES)
def test_review_cuts(
    size: str, snap_compare: Any, make_app: MakeApp, data: Path, until: Until
) -> None:
    async def before(pilot: Pilot[None]) -> None:
        screen = await show(pilot, until)
        view = screen.query_one(SpectrogramView)
        await pilot.press("y")
        await until(pilot, lambda: screen.table.cursor == 2)
        await until(pilot, lambda: view.selected_span == (1.0, 2.0))
        await until(pilot, lambda: view.duration_s > 0 and not view.is_loading_picture)

    assert snap_compare(make_app(data), terminal_size=SIZES[size], run_before=before)
