from __future__ import annotations

import re
from pathlib import Path

from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.screen import Screen
from textual.widgets import Static

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


async def test_a_playhead_step_paints_its_two_columns_only(until: Until) -> None:
    app = Shown()
    async with app.run_test(size=(67, 23)) as pilot:
        view = app.view
        view.show(FILE, 60.0)
        await until(pilot, lambda: view._picture is not None and not view.is_loading_picture)
        view.set_playhead(10.2)
        app.update()
        view.set_playhead(11.2)
        x = view.axis.column_of(10.2) + 1 + view.gutter_width
        assert painted(app.update()) == {(x + k, y) for k in (0, 1) for y in range(1, 22)}
        assert app.update() == ""


async def test_parts_look_like_the_whole(until: Until) -> None:
    app = Shown()
    async with app.run_test(size=(67, 23)) as pilot:
        view = app.view
        view.show(FILE, 60.0)
        await until(pilot, lambda: view._picture is not None and not view.is_loading_picture)
        view.set_playhead(10.2)
        region = Region(view.gutter_width + 8, 0, 6, view.size.height)
        parts = view.render_parts(region)
        whole = [view.render_line(y).crop(region.x, region.right) for y in region.line_range]
        assert [one.text for one in parts] == [one.text for one in whole]
        cells = [[(s.text, s.style) for s in strip.simplify()] for strip in parts]
        assert cells == [[(s.text, s.style) for s in strip.simplify()] for strip in whole]


async def test_what_lies_over_the_picture_stays_over_it(until: Until) -> None:
    app = Shown()
    async with app.run_test(size=(67, 23)) as pilot:
        view = app.view
        view.show(FILE, 60.0)
        await until(pilot, lambda: view._picture is not None and not view.is_loading_picture)
        app.screen.query_one("#over").display = True
        await pilot.pause()
        view.set_playhead(view.axis.time_of(24 - 1 - view.gutter_width + 0.5))
        text = app.update()
        assert (24, 6) in painted(text)
        at_over = [one for one in MOVE.finditer(text) if one.groups() == ("7", "25")]
        assert text[at_over[0].end() :][:40].find("│") == -1
