from __future__ import annotations

from collections.abc import Iterator

import pytest
from rich.style import Style as RichStyle
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.pilot import Pilot
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.widgets import Input, Static

from birdscope.tui.dialog import Dialog
from birdscope.tui.settled import SettledScreen

_CSS = "align: center middle; #box { width: 20; height: 5; border: round $primary; }"


class OurDialog(Dialog[None]):
    DEFAULT_CSS = f"OurDialog {{ {_CSS} }}"

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Input()
            yield Static("over it")


class TheirDialog(ModalScreen[None]):
    DEFAULT_CSS = f"TheirDialog {{ {_CSS} }}"

    compose = OurDialog.compose


class Below(App[None]):
    CSS = "#colours { background: #804020; color: #20c040; }"

    def get_default_screen(self) -> Screen[None]:
        return SettledScreen(id="_default")

    def compose(self) -> ComposeResult:
        yield Static("[bold red on blue]words[/] and [link='x']more[/]")
        yield Static("before", id="colours")


@pytest.fixture
def paints(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Screen[object]]]:
    """Which screens were painted."""
    seen: list[Screen[object]] = []
    original = Screen._compositor_refresh

    def note(screen: Screen[object]) -> None:
        if screen is screen.app.screen:
            seen.append(screen)
        original(screen)

    monkeypatch.setattr(Screen, "_compositor_refresh", note)
    yield seen


def _cells(app: App[None]) -> list[list[tuple[str, RichStyle]]]:
    """Every cell of the screen: its character, and as much of its style as is seen."""
    screen = app.screen
    update = screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    lines = [Strip.join(list(chops)) for chops in update.strips]  # type: ignore[union-attr]
    return [
        [
            (letter, _seen(letter, style or RichStyle.null()))
            for text, style, _ in line
            for letter in text
        ]
        for line in lines
    ]


def _seen(letter: str, style: RichStyle) -> RichStyle:
    if letter == " " and not (style.reverse or style.underline):
        return RichStyle(bgcolor=style.bgcolor)
    return style.clear_meta_and_links()


async def _opened(pilot: Pilot[None], screen: Screen[None]) -> list[list[object]]:
    pilot.app.push_screen(screen)
    await pilot.pause(0.2)
    screen.query_one(Input).cursor_blink = False
    await pilot.pause(0.1)
    return _cells(pilot.app)  # type: ignore[return-value]


async def test_what_lies_below_looks_as_in_textual() -> None:
    app = Below()
    async with app.run_test(size=(40, 12)) as pilot:
        theirs = await _opened(pilot, TheirDialog())
        app.pop_screen()
        await pilot.pause()
        ours = await _opened(pilot, OurDialog())
        assert ours == theirs
        app.pop_screen()
        await pilot.pause()
        assert _cells(app) != ours


async def test_a_dialog_over_a_dialog_dims_both() -> None:
    app = Below()
    async with app.run_test(size=(40, 12)) as pilot:
        theirs: list[list[object]] = []
        ours: list[list[object]] = []
        for kind, seen in ((TheirDialog, theirs), (OurDialog, ours)):
            await _opened(pilot, kind())
            seen += await _opened(pilot, kind())
            app.pop_screen()
            app.pop_screen()
            await pilot.pause()
        assert ours == theirs


async def test_it_is_painted_once_as_it_opens(paints: list[Screen[object]]) -> None:
    app = Below()
    async with app.run_test(size=(40, 12)) as pilot:
        for _ in range(3):
            paints.clear()
            app.push_screen(OurDialog())
            await pilot.pause(0.2)
            assert sum(isinstance(one, OurDialog) for one in paints) == 1
            app.pop_screen()
            await pilot.pause(0.1)


async def test_what_changes_below_is_seen_through_it() -> None:
    app = Below()
    async with app.run_test(size=(40, 12)) as pilot:
        before = await _opened(pilot, OurDialog())
        app.screen_stack[0].query_one("#colours", Static).update("after!")
        await pilot.pause(0.2)
        after = _cells(app)
        assert "".join(cell[0] for cell in after[1]).startswith("after!")
        assert [cell[1] for cell in after[1]] == [cell[1] for cell in before[1]]  # type: ignore[index]


async def test_it_follows_the_size_of_the_terminal() -> None:
    app = Below()
    async with app.run_test(size=(40, 12)) as pilot:
        await _opened(pilot, OurDialog())
        await pilot.resize_terminal(60, 20)
        await pilot.pause(0.2)
        cells = _cells(app)
        assert (len(cells), len(cells[0])) == (20, 60)
