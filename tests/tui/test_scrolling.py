from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.strip import Strip

from birdscope.tui.widgets.rows import RowsView, Span, fit

TOTAL = 5_000


class Numbers(RowsView):
    header_rows = 1

    def __init__(self) -> None:
        super().__init__()
        self.word = "row"
        self.drawn: list[int] = []

    def row_total(self) -> int:
        return TOTAL

    def header_spans(self, width: int) -> list[Span]:
        return [(fit("number", width), "header")]

    def spans_of(self, row: int, width: int) -> list[Span]:
        self.drawn.append(row)
        return [(fit(f"{self.word} {row}", width), "text")]


class Shown(App[None]):
    CSS = "Numbers { border: round white; }"

    def compose(self) -> ComposeResult:
        yield Numbers()

    @property
    def rows(self) -> Numbers:
        return self.query_one(Numbers)

    def lines(self) -> list[Strip]:
        return self.rows.render_lines(self.rows.outer_size.region)


def cells(strips: list[Strip]) -> list[list[tuple[str, object]]]:
    return [[(one.text, one.style) for one in strip.simplify()] for strip in strips]


@pytest.mark.parametrize(
    "keys",
    [
        ["down"] * 30,
        ["end", *["up"] * 30, "pagedown"],
        ["pagedown", "down", "down", "pageup", "home"],
        [*["down"] * 20, "up", *["pagedown"] * 3, "up", "end"],
    ],
)
async def test_lines_that_moved_look_as_if_made_anew(keys: list[str]) -> None:
    app = Shown()
    async with app.run_test(size=(40, 20)) as pilot:
        app.rows.rows_changed(0)
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
            moved = cells(app.lines())
            app.rows.refresh()
            assert moved == cells(app.lines())
            assert f"row {app.rows.cursor} " in "".join(strip.text for strip in app.lines())


async def test_a_change_while_scrolling_is_painted_where_the_row_is_now() -> None:
    app = Shown()
    async with app.run_test(size=(40, 20)) as pilot:
        rows = app.rows
        rows.rows_changed(300)
        await pilot.pause()
        app.lines()
        top = rows.scroll_offset.y
        rows.word = "new"
        rows.refresh_row(top + 5)
        rows.scroll_to(y=top + 2, animate=False)
        told = [one.text[1:].split() for one in app.lines()[2:-1]]
        assert [int(number) for word, number, *_ in told if word == "new"] == [
            top + 5,
            top + 17,
            top + 18,
        ]


async def test_a_step_makes_two_rows_and_leaves_the_scrollbar_alone() -> None:
    app = Shown()
    async with app.run_test(size=(40, 20)) as pilot:
        rows = app.rows
        rows.rows_changed(300)
        await pilot.pause()
        app.lines()
        bar, painted = rows.vertical_scrollbar, 0
        for row in range(300, 320):
            rows.drawn.clear()
            bar._repaint_regions.clear()
            rows.action_step(1)
            app.lines()
            assert set(rows.drawn) == {row, row + 1}
            painted += bool(bar._repaint_regions)
        assert painted <= 1


async def test_the_scrollbar_ends_where_the_list_ends() -> None:
    app = Shown()
    async with app.run_test(size=(40, 20)) as pilot:
        rows = app.rows
        rows.rows_changed(0)
        await pilot.press("end")
        assert rows.vertical_scrollbar.position == rows.max_scroll_y == TOTAL + 1 - 18
        await pilot.press("home")
        assert rows.vertical_scrollbar.position == 0


async def test_the_thumb_follows_within_an_eighth_of_a_cell() -> None:
    app = Shown()
    async with app.run_test(size=(40, 20)) as pilot:
        rows = app.rows
        rows.rows_changed(0)
        await pilot.pause()
        for row in range(0, TOTAL, 97):
            rows.cursor = row
            off = rows.scroll_y - rows.vertical_scrollbar.position
            assert 0 <= off <= (TOTAL + 1) / (18 * 8)


async def test_other_colours_are_painted_in_rows_that_stay() -> None:
    app = Shown()
    async with app.run_test(size=(40, 20)) as pilot:
        app.rows.rows_changed(0)
        await pilot.pause()
        before = cells(app.lines())
        app.theme = "textual-light"
        await pilot.pause()
        after = cells(app.lines())
        assert [text for text, _ in after[3]] == [text for text, _ in before[3]]
        assert after[3] != before[3]
