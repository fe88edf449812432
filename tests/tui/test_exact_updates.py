from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual._compositor import LayoutUpdate
from textual.app import App, ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.geometry import Region
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Static

from birdscope.tui.cell_styles import CellSegment
from birdscope.tui.exact_updates import ExactCompositor
from birdscope.tui.widgets.spectrogram import SpectrogramView
from tests.tui.conftest import Until, picture

FILE = Path("a.ogg")
MOVE = re.compile(r"\x1b\[(\d+);(\d+)H")


class Exact(Screen[None]):
    def __init__(self) -> None:
        super().__init__()
        self._compositor = ExactCompositor()

    def compose(self) -> ComposeResult:
        yield SpectrogramView(picture)
        yield Static("over", id="over")


class Shown(App[None]):
    CSS = """
    SpectrogramView { border: round white; }
    #over { layer: above; width: 10; height: 3; offset: 20 5; display: none; }
    Exact { layers: below above; }
    """

    def get_default_screen(self) -> Screen[None]:
        return Exact()

    @property
    def view(self) -> SpectrogramView:
        return self.screen.query_one(SpectrogramView)

    def update(self) -> str:
        """The escape sequences of what waits to be painted."""
        compositor = self.screen._compositor
        compositor.update_widgets({self.view})
        update = compositor.render_partial_update()
        return update.render_segments(self.console) if update is not None else ""


def painted(text: str) -> set[tuple[int, int]]:
    """(column, line) of every cell that an update writes."""
    cells: set[tuple[int, int]] = set()
    for line, column, written in re.findall(
        r"\x1b\[(\d+);(\d+)H([^\x1b]*(?:\x1b\[[^H]*?m[^\x1b]*)*)", text
    ):
        plain = re.sub(r"\x1b\[[\d;]*m", "", written)
        cells |= {(int(column) - 1 + number, int(line) - 1) for number in range(len(plain))}
    return cells


@asynccontextmanager
async def opened(until: Until) -> AsyncIterator[tuple[Shown, SpectrogramView, Pilot[None]]]:
    """A picture on the screen."""
    app = Shown()
    async with app.run_test(size=(67, 23)) as pilot:
        view = app.view
        view.show(FILE, 60.0)
        await until(pilot, lambda: view._picture is not None and not view.is_loading_picture)
        yield app, view, pilot


async def test_a_playhead_step_paints_its_two_columns_only(until: Until) -> None:
    async with opened(until) as (app, view, _pilot):
        view.set_playhead(10.2)
        app.update()
        view.set_playhead(11.2)
        x = view.axis.column_of(10.2) + 1 + view.gutter_width
        assert painted(app.update()) == {(x + k, y) for k in (0, 1) for y in range(1, 22)}
        assert app.update() == ""


async def test_parts_look_like_the_whole(until: Until) -> None:
    async with opened(until) as (_app, view, _pilot):
        view.set_playhead(10.2)
        region = Region(view.gutter_width + 8, 0, 6, view.size.height)
        parts = view.render_parts(region)
        whole = [view.render_line(y).crop(region.x, region.right) for y in region.line_range]
        assert ["".join(s.text for s in one) for one in parts] == [one.text for one in whole]
        cells = [[(s.text, s.style) for s in Strip(one).simplify()] for one in parts]
        assert cells == [[(s.text, s.style) for s in strip.simplify()] for strip in whole]


async def test_what_lies_over_the_picture_stays_over_it(until: Until) -> None:
    async with opened(until) as (app, view, pilot):
        app.screen.query_one("#over").display = True
        await pilot.pause()
        view.set_playhead(view.axis.time_of(24 - 1 - view.gutter_width + 0.5))
        text = app.update()
        assert (24, 6) in painted(text)
        at_over = [one for one in MOVE.finditer(text) if one.groups() == ("7", "25")]
        assert text[at_over[0].end() :][:40].find("│") == -1


async def test_a_whole_update_is_what_textual_would_write(until: Until) -> None:
    async with opened(until) as (app, view, _pilot):
        view.set_playhead(10.2)
        compositor = app.screen._compositor
        ours = compositor.render_full_update()
        assert any(type(one) is CellSegment for line in ours.strips for s in line for one in s)
        strips = [[Strip(list(strip)) for strip in line] for line in ours.strips]
        plain = LayoutUpdate(strips, ours.region).render_segments(app.console)
        for _ in range(2):
            assert ours.render_segments(app.console) == plain


REGIONS = st.lists(
    st.builds(
        Region, st.integers(0, 70), st.integers(0, 25), st.integers(1, 40), st.integers(1, 9)
    ),
    min_size=1,
    max_size=5,
)


class Stacked(App[None]):
    CSS = """
    #left { width: 30; border: round white; }
    #below { background: red; border: solid blue; }
    #over { layer: above; width: 12; height: 4; offset: 24 3; }
    Behind { layers: below above; }
    """

    def get_default_screen(self) -> Screen[None]:
        return Behind()


class Behind(Exact):
    def compose(self) -> ComposeResult:
        with Horizontal():
            with VerticalScroll(id="left"):
                for number in range(40):
                    yield Static(f"line 日本 {number}")
            yield Static("words " * 200, id="below")
        yield Static("over", id="over")


async def test_a_partial_update_shows_what_a_full_one_shows() -> None:
    app = Stacked()
    async with app.run_test(size=(67, 23)) as pilot:
        await pilot.pause()
        compositor = app.screen._compositor
        whole = [list(strip_cells(one)) for one in compositor.render_strips()]

        @settings(max_examples=60, deadline=None)
        @given(REGIONS)
        def check(regions: list[Region]) -> None:
            compositor._dirty_regions.update(regions)
            update = compositor.render_partial_update()
            wanted = {
                (x, y)
                for one in regions
                for x, y in product(range(one.x, one.right), range(one.y, one.bottom))
                if x < 67 and y < 23
            }
            found = {
                (part.x + n, part.y): cell
                for part in (update.parts if update is not None else [])
                for n, cell in enumerate(strip_cells(part.strip))
            }
            assert found.keys() == wanted
            assert all(
                cell[1] == whole[y][x][1]
                and (cell[0] == whole[y][x][0] or cell_len(whole[y][x][0]) == 2)
                for (x, y), cell in found.items()
            )

        check()


def strip_cells(strip: Strip) -> Iterator[tuple[str, object]]:
    """Each cell's character and style; a wide character fills two."""
    for text, style, _ in strip:
        for character in text:
            yield from [(character, style)] * cell_len(character)
