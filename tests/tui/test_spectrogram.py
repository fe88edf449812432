from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from rich.color import ColorSystem
from textual.app import App, ComposeResult
from textual.geometry import Region

from birdscope.core.errors import AudioError
from birdscope.tui.raster import LEVELS, Picture, fitted, run_parts, runs_of, runs_of_lines
from birdscope.tui.timeline import TimeAxis
from birdscope.tui.viewport import Viewport
from birdscope.tui.widgets.spectrogram import SpectrogramView
from tests.tui.conftest import Until, picture, watch_refresh

FILE = Path("a.ogg")


class Shown(App[None]):
    def __init__(self, provider: Callable[..., npt.NDArray[np.float32]] = picture) -> None:
        super().__init__()
        self.console._color_system = ColorSystem.TRUECOLOR
        self.no_color = False
        self._provider = provider
        self.seeks: list[float] = []

    def compose(self) -> ComposeResult:
        yield SpectrogramView(self._provider)

    def on_spectrogram_view_seek(self, event: SpectrogramView.Seek) -> None:
        self.seeks.append(event.seconds)

    @property
    def view(self) -> SpectrogramView:
        return self.query_one(SpectrogramView)


def settled(view: SpectrogramView) -> Callable[[], bool]:
    return lambda: view._picture is not None and not view.is_loading_picture


async def test_asks_for_exactly_the_cells_it_has(until: Until) -> None:
    asked: list[tuple[Any, ...]] = []

    def provider(*request: Any) -> npt.NDArray[np.float32]:
        asked.append(request)
        return picture(*request)

    app = Shown(provider)
    async with app.run_test(size=(85, 21)) as pilot:
        app.view.show(FILE, 60.0)
        await until(pilot, settled(app.view))
        assert asked == [(FILE, 0.0, 60.0, 80, 40, "mel")]


async def test_a_view_seen_before_is_not_asked_for_again(until: Until) -> None:
    asked: list[tuple[Any, ...]] = []

    def provider(*request: Any) -> npt.NDArray[np.float32]:
        asked.append(request)
        return picture(*request)

    app = Shown(provider)
    async with app.run_test(size=(85, 21)) as pilot:
        app.view.show(FILE, 60.0)
        await until(pilot, settled(app.view))
        app.view.zoom(2, around_s=30.0)
        await until(pilot, settled(app.view))
        assert (app.view.view_start_s, app.view.view_end_s) == (15.0, 45.0)
        app.view.reset_view()
        await until(pilot, settled(app.view))
        assert len(asked) == 2


async def test_newest_view_wins_while_the_provider_is_slow(until: Until) -> None:
    go = threading.Event()
    asked: list[float] = []

    def provider(path: Path, start_s: float, *rest: Any) -> npt.NDArray[np.float32]:
        asked.append(start_s)
        go.wait(10)
        return picture(path, start_s, *rest)

    app = Shown(provider)
    async with app.run_test(size=(85, 21)) as pilot:
        app.view.show(FILE, 60.0)
        for start_s in (5.0, 10.0, 20.0):
            app.view.show_span(start_s, start_s + 10.0)
            await pilot.pause()
        go.set()
        await until(pilot, settled(app.view))
        assert asked == [0.0, 20.0]


async def test_an_unreadable_file_says_why(until: Until) -> None:
    def provider(*request: Any) -> npt.NDArray[np.float32]:
        raise AudioError("no Ogg stream in it", path=FILE)

    app = Shown(provider)
    async with app.run_test(size=(60, 12)) as pilot:
        app.view.show(FILE, 10.0)
        await until(pilot, lambda: bool(app.view.error))
        drawn = "\n".join(app.view.render_line(y).text for y in range(12))
        assert "no Ogg stream in it" in drawn


async def test_playhead_repaints_two_columns_only(until: Until) -> None:
    app = Shown()
    async with app.run_test(size=(65, 21)) as pilot:
        view = app.view
        view.show(FILE, 60.0)
        await until(pilot, settled(view))
        view.set_playhead(10.2)
        assert all(view.render_line(y).text[15] == "│" for y in range(20))
        assert view.render_line(20).text[15] == "▲"
        view._repaint_regions.clear()  # painted
        refreshed = watch_refresh(view)
        view.set_playhead(10.4)
        assert refreshed == []
        view.set_playhead(11.0)
        assert refreshed == [Region(15, 0, 2, 21)]


async def test_a_playhead_that_moves_unseen_leaves_nothing_to_paint(until: Until) -> None:
    app = Shown()
    async with app.run_test(size=(65, 21)) as pilot:
        view = app.view
        view.show(FILE, 60.0)
        await until(pilot, settled(view))
        view.set_playhead(10.2)
        await pilot.pause()
        view._repaint_regions.clear()  # painted
        for seconds in range(12, 40):
            view.set_playhead(seconds + 0.5)
        assert view._repaint_regions == {Region(15, 0, 1, 21), Region(44, 0, 1, 21)}
        view._repaint_regions.clear()
        view.set_playhead(40.5)
        assert view._repaint_regions == {Region(44, 0, 2, 21)}


async def test_another_selected_span_repaints_its_edges_only(until: Until) -> None:
    app = Shown()
    async with app.run_test(size=(65, 21)) as pilot:
        view = app.view
        view.window_grid = True
        view.show(FILE, 60.0)
        view.selected_span = (10.0, 15.0)
        await until(pilot, settled(view))
        view.render_line(0)
        refreshed = watch_refresh(view)
        view.selected_span = (15.0, 20.0)
        edges = [Region(x, 0, 1, 20) for x in (15, 25)]
        assert refreshed == [*edges, Region(0, 20, 65, 1)]
        in_place = [view.render_line(y) for y in range(21)]
        view.redraw()
        assert [view.render_line(y) for y in range(21)] == in_place


async def test_times_stay_whole_under_the_playhead(until: Until) -> None:
    app = Shown()
    async with app.run_test(size=(65, 21)) as pilot:
        view = app.view
        view.show(FILE, 60.0)
        view.selected_span = (30.0, 35.0)
        await until(pilot, settled(view))
        line = view.render_line(20).text
        assert "0:30" in line and "0:45" in line
        for second in [*range(60), 32, 3]:
            view.set_playhead(second + 0.5)
            strip = view.render_line(20)
            x = view.axis.column_of(second + 0.5) + 5
            drawn = next(iter(strip.crop(x, x + 1)))
            if line[x] in "0123456789:":
                assert strip.text == line
                assert drawn.style is not None and drawn.style.reverse
            else:
                assert strip.text == f"{line[:x]}▲{line[x + 1 :]}"


async def test_playing_past_the_edge_turns_the_page(until: Until) -> None:
    app = Shown()
    async with app.run_test(size=(65, 21)) as pilot:
        view = app.view
        view.show(FILE, 60.0)
        view.show_span(0.0, 10.0)
        view.set_playhead(9.98)
        view.set_playhead(10.02)
        assert view.view_start_s == pytest.approx(9.52)
        view.set_playhead(50.0)
        assert view.view_start_s == pytest.approx(9.52)
        await pilot.pause()


async def test_click_seeks_to_the_time_under_it(until: Until) -> None:
    app = Shown()
    async with app.run_test(size=(65, 21)) as pilot:
        app.view.show(FILE, 60.0)
        await until(pilot, settled(app.view))
        await pilot.click(app.view, offset=(35, 4))
        await pilot.pause()
        assert app.seeks == [30.0]
        await pilot.hover(app.view, offset=(35, 4))
        told = app.view.render_line(20).text
        assert " 0:30.5  " in told and told.endswith("dB")
        app.view.styles.border = ("round", "white")
        await pilot.pause()
        await pilot.hover(app.view, offset=(36, 5))
        assert str(app.view.border_subtitle).endswith("dB")


async def test_sixteen_milliseconds_for_a_large_redraw(until: Until) -> None:
    rng = np.random.default_rng(0)

    def provider(
        path: Path, start_s: float, end_s: float, columns: int, rows: int, scale: str
    ) -> npt.NDArray[np.float32]:
        return picture(path, start_s, end_s, columns, rows, scale) + rng.normal(
            0, 2, (rows, columns)
        ).astype(np.float32)

    app = Shown(provider)
    async with app.run_test(size=(205, 51)) as pilot:
        view = app.view
        view.show(FILE, 60.0)
        await until(pilot, settled(view))
        times = []
        for _ in range(12):
            view.redraw()
            start = time.thread_time()
            for y in range(50):
                view.render_line(y)
            times.append(time.thread_time() - start)
        assert min(times) <= 0.016


def test_runs_cover_a_row_in_order() -> None:
    codes = np.array([3, 3, 3, 7, 7, 3, -1, -1], np.int32)
    assert [run_parts(run) for run in runs_of(codes)] == [(3, 3), (7, 2), (3, 1), (-1, 2)]
    assert runs_of(codes[:0]) == []
    lines = np.stack([codes, codes[::-1], np.full(8, -1, np.int32)])
    assert runs_of_lines(lines) == [runs_of(one) for one in lines]


def test_an_old_picture_fills_what_it_covers_of_a_new_view() -> None:
    db = np.arange(4 * LEVELS, dtype=np.float32).reshape(4, LEVELS)
    old = Picture(FILE, 10.0, 20.0, db)
    drawn, first, past = fitted(old, TimeAxis(0.0, 40.0, 40), 8)
    assert (first, past) == (10, 20)
    assert drawn.shape == (8, 40)
    assert drawn[0, 10] == db[0, int(0.5 / 10 * LEVELS)]


@pytest.mark.parametrize("around_s", [0.0, 12.0, 60.0])
def test_zooming_keeps_its_place_and_stays_inside(around_s: float) -> None:
    view = Viewport.whole(60.0).zoomed(4, around_s)
    assert view.span_s == pytest.approx(15.0)
    assert view.start_s >= 0 and view.end_s <= 60.0
    assert view.start_s <= around_s <= view.end_s
    assert view.zoomed(0.001, around_s) == Viewport.whole(60.0)


async def test_the_picture_of_the_next_pan_is_made_ahead_and_not_shown_before(
    until: Until,
) -> None:
    asked: list[tuple[float, int]] = []

    def provider(
        path: Path, start_s: float, end_s: float, columns: int, rows: int, scale: str
    ) -> npt.NDArray[np.float32]:
        asked.append((round(start_s, 3), columns))
        return picture(path, start_s, end_s, columns, rows, scale)

    app = Shown(provider)
    async with app.run_test(size=(65, 21)) as pilot:
        view = app.view
        view.show(FILE, 600.0, (0.0, 60.0))
        await until(pilot, settled(view))
        assert asked == [(0.0, 60)]
        view.pan(0.25)
        await until(pilot, lambda: len(asked) == 3 and settled(view)())
        assert asked[1:] == [(60.0, 15), (75.0, 15)], "what comes into sight, and one pan more"
        assert view._picture is not None and view._picture.start_s == pytest.approx(15.0)
        view.pan(0.25)
        assert view._picture.start_s == pytest.approx(30.0), "it was there"
        await until(pilot, settled(view))
        view.show_span(200.0, 260.0)
        await until(pilot, settled(view))
        assert asked[-1] == (200.0, 60), "no way to go on after a jump"
