from __future__ import annotations

import numpy as np
import pytest
from rich.color import ColorSystem
from textual.app import App, ComposeResult
from textual.geometry import Region

from birdscope.tui.widgets.heatmap import HeatMap
from birdscope.tui.widgets.spectrogram import SpectrogramView
from tests.tui.conftest import picture, watch_refresh

NAMES = [f"species {number}" for number in range(20)]


class Shown(App[None]):
    def __init__(self, colours: ColorSystem | None = ColorSystem.TRUECOLOR) -> None:
        super().__init__()
        self.console._color_system = colours
        self.no_color = False
        self.selected: list[tuple[int, int]] = []
        self.activated: list[tuple[int, int]] = []

    def compose(self) -> ComposeResult:
        yield SpectrogramView(picture, gutter=12)
        yield HeatMap(gutter=12)

    def on_heat_map_cell_selected(self, event: HeatMap.CellSelected) -> None:
        self.selected.append((event.row, event.window))

    def on_heat_map_cell_activated(self, event: HeatMap.CellActivated) -> None:
        self.activated.append((event.row, event.window))

    @property
    def heatmap(self) -> HeatMap:
        return self.query_one(HeatMap)


def values() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    filled = np.full((20, 12), np.nan, np.float32)
    filled[:, 0] = np.linspace(1.0, 0.0, 20)
    return filled


async def test_draws_numbers_dots_and_the_busy_window() -> None:
    app = Shown()
    # one column of 74 is the scrollbar's
    async with app.run_test(size=(73, 20)) as pilot:
        app.heatmap.show(NAMES, values())
        app.heatmap.set_busy(1)
        await pilot.pause()
        first = app.heatmap.render_line(0)
        assert first.text.startswith("  species 0 100")
        assert "⋯" in first.text and first.text.count("·") == 10
        assert first.cell_length == app.heatmap.size.width


async def test_shares_the_time_axis_of_the_spectrogram() -> None:
    app = Shown()
    async with app.run_test(size=(90, 30)) as pilot:
        app.query_one(SpectrogramView).show(None)
        app.heatmap.show(NAMES[:3], values()[:3])
        app.heatmap.set_view(0.0, 60.0)
        await pilot.pause()
        heat, view = app.heatmap.axis, app.query_one(SpectrogramView).axis
        assert heat.columns == view.columns
        app.heatmap.set_view(10.0, 20.0)
        text = app.heatmap.render_line(0).text[12:]
        assert text.count("·") == 2


async def test_a_new_column_repaints_only_its_window() -> None:
    app = Shown()
    async with app.run_test(size=(72, 24)) as pilot:
        heatmap = app.heatmap
        heatmap.show(NAMES[:4], values()[:4])
        await pilot.pause()
        asked = watch_refresh(heatmap)
        heatmap.set_column(2, np.full(4, 0.5, np.float32))
        left, right = heatmap.axis.edge_of(10), heatmap.axis.edge_of(15)
        assert asked == [Region(12 + left, 0, right - left, heatmap.size.height)]
        assert "50" in heatmap.render_line(3).text


async def test_cursor_moves_scrolls_and_activates() -> None:
    app = Shown()
    async with app.run_test(size=(72, 20)) as pilot:
        app.heatmap.show(NAMES, values())
        app.heatmap.focus()
        await pilot.press("right", "right", "left", *["down"] * 15)
        await pilot.pause()
        assert app.selected[-1] == (15, 1)
        assert app.heatmap.scroll_offset.y > 0
        await pilot.press("enter")
        await pilot.press(*["down"] * 30)
        assert app.activated == [(15, 1)]
        assert app.heatmap.cursor == (19, 1)


async def test_click_selects_and_again_activates() -> None:
    app = Shown()
    async with app.run_test(size=(72, 20)) as pilot:
        app.heatmap.show(NAMES[:5], values()[:5])
        await pilot.pause()
        x = 12 + app.heatmap.axis.edge_of(25) + 2
        await pilot.click(app.heatmap, offset=(x, 2))
        assert app.heatmap.cursor == (2, 5)
        await pilot.click(app.heatmap, offset=(x, 2))
        assert app.activated == [(2, 5)]


@pytest.mark.parametrize("colours", [None, ColorSystem.STANDARD])
async def test_without_colours_numbers_and_a_ramp_tell(colours: ColorSystem | None) -> None:
    app = Shown(colours)
    async with app.run_test(size=(72, 20)) as pilot:
        app.heatmap.show(NAMES, values())
        await pilot.pause()
        assert "100" in app.heatmap.render_line(0).text
        assert "▓74▓" in app.heatmap.render_line(5).text


@pytest.mark.parametrize("width", [48, 73])
async def test_the_playhead_covers_no_digit(width: int) -> None:
    app = Shown()
    async with app.run_test(size=(width, 20)) as pilot:
        heatmap = app.heatmap
        heatmap.show(["one"], np.full((1, 12), 0.7, np.float32))
        await pilot.pause()
        before = heatmap.render_line(0).text
        assert before.count("70") == 12
        lines = 0
        for column in range(heatmap.axis.columns):
            heatmap.set_playhead(heatmap.axis.time_of(column + 0.5))
            strip = heatmap.render_line(0)
            under = before[12 + column]
            over = next(iter(strip.crop(12 + column, 13 + column)))
            assert strip.text.replace("│", " ") == before
            assert over.text == (under if under.isdigit() else "│")
            assert over.style is not None
            assert over.style.reverse or not under.isdigit(), "the digit shows where it is"
            lines += "│" in strip.text
        assert 0 < lines < heatmap.axis.columns


@pytest.mark.parametrize("width", [48, 73])
async def test_without_colours_the_cursor_is_its_number_in_reverse(width: int) -> None:
    app = Shown(None)
    async with app.run_test(size=(width, 20)) as pilot:
        app.heatmap.show(["one"], np.full((1, 12), 0.7, np.float32))
        app.heatmap.focus()
        await pilot.press("right", "right")
        await pilot.pause()
        strip = app.heatmap.render_line(0)
        assert strip.text.count("70") == 12
        marked = [one for one in strip if one.style is not None and one.style.reverse]
        assert [one.text.strip() for one in marked] == ["70"]
        left = 12 + app.heatmap.axis.edge_of(10.0)
        assert "70" in strip.text[left : left + 4]
        assert "▓" in strip.text[12:left] and "▓" not in marked[0].text


async def test_a_hundred_is_only_what_is_certain() -> None:
    app = Shown()
    async with app.run_test(size=(90, 20)) as pilot:
        app.heatmap.show(["one", "two"], np.array([[1.0] * 12, [0.9999] * 12], np.float32))
        await pilot.pause()
        assert app.heatmap.render_line(0).text.count("100") == 12
        assert app.heatmap.render_line(1).text.count("99") == 12


@pytest.mark.parametrize("colours", [None, ColorSystem.TRUECOLOR])
async def test_cells_under_the_threshold_are_dimmed(colours: ColorSystem | None) -> None:
    app = Shown(colours)
    async with app.run_test(size=(90, 20)) as pilot:
        heatmap = app.heatmap
        heatmap.show(["one", "two"], np.array([[0.6] * 12, [0.4] * 12], np.float32))
        await pilot.pause()
        before = [list(heatmap.render_line(row)) for row in (0, 1)]
        heatmap.threshold = 0.5
        await pilot.pause()
        after = [list(heatmap.render_line(row)) for row in (0, 1)]
        assert after[0] == before[0]
        assert after[1] != before[1]
        assert heatmap.render_line(1).text.count("40") == 12


async def test_marks_and_pins_are_drawn_and_hide_no_number() -> None:
    app = Shown()
    async with app.run_test(size=(90, 20)) as pilot:
        heatmap = app.heatmap
        heatmap.show(["one", "two"], np.full((2, 12), 0.6, np.float32), pinned=1)
        heatmap.set_marks({(0, 2): "✓", (1, 3): "✗"})
        await pilot.pause()
        first, second = heatmap.render_line(0).text, heatmap.render_line(1).text
        assert first.count("60") == second.count("60") == 12
        assert "✓" in first and "▪" in first and "✗" not in first
        assert "✗" in second and "▪" not in second
        right = 12 + heatmap.axis.edge_of(15.0)
        assert first.index("✓") == right - 1


async def test_differences_have_signs() -> None:
    app = Shown()
    async with app.run_test(size=(90, 20)) as pilot:
        row = np.array([[0.25, -0.5, 0.0] + [np.nan] * 9], np.float32)
        app.heatmap.show(["one"], row, changes=True)
        await pilot.pause()
        text = app.heatmap.render_line(0).text
        assert "+25" in text and "-50" in text and text.count("·") == 9


async def test_a_playhead_that_moves_unseen_takes_back_nothing_but_its_own() -> None:
    app = Shown()
    async with app.run_test(size=(72, 24)) as pilot:
        heatmap = app.heatmap
        heatmap.show(NAMES[:4], values()[:4])
        heatmap.set_playhead(1.0)
        await pilot.pause()
        heatmap._repaint_regions.clear()  # painted
        first, last = (12 + heatmap.axis.column_of(one) for one in (1.0, 50.0))
        window = Region(12 + heatmap.axis.column_of(20.0), 0, 1, heatmap.size.height)
        heatmap.refresh(window)  # of a window as narrow as the playhead, on its way
        for seconds in range(10, 51):
            heatmap.set_playhead(float(seconds))
        columns = {one.x for one in heatmap._repaint_regions}
        assert columns == {first, window.x, last}
