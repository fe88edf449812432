from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from birdscope.tui.settled import SettledScreen


class Told(Message):
    """A key was pressed in the widget below."""


class Pressed(Widget, can_focus=True):
    def on_key(self) -> None:
        self.refresh()
        self.post_message(Told())


class Answering(Vertical):
    answers = 0

    def compose(self) -> ComposeResult:
        with Vertical(), Vertical():
            yield Pressed()
        yield Widget(id="answer")

    def on_told(self) -> None:
        self.answers += 1
        self.query_one("#answer").refresh()


class Shown(App[None]):
    def get_default_screen(self) -> Screen[None]:
        return SettledScreen(id="_default")

    def compose(self) -> ComposeResult:
        yield Answering()


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[set[Widget]]]:
    """What each paint paints."""
    paints: list[set[Widget]] = []
    original = Screen._compositor_refresh

    def note(screen: Screen[object]) -> None:
        paints.append(set(screen._dirty_widgets))
        original(screen)

    monkeypatch.setattr(Screen, "_compositor_refresh", note)
    yield paints


async def test_a_key_and_what_it_leads_to_are_painted_at_once(painted: list[set[Widget]]) -> None:
    app = Shown()
    async with app.run_test(size=(40, 10)) as pilot:
        pressed, answer = app.query_one(Pressed), app.query_one("#answer")
        pressed.focus()
        for number in range(5):
            await pilot.pause(0.05)
            painted.clear()
            await pilot.press("x")
            await pilot.pause(0.1)
            assert app.query_one(Answering).answers == number + 1
            assert [{pressed, answer}] == [one & {pressed, answer} for one in painted]


async def test_what_never_rests_is_painted_all_the_same(painted: list[set[Widget]]) -> None:
    app = Shown()
    async with app.run_test(size=(40, 10)):
        answering, answer = app.query_one(Answering), app.query_one("#answer")
        painted.clear()
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            answering.post_message(Told())
            await asyncio.sleep(0)
        assert answering.answers > 100
        assert sum(answer in one for one in painted) >= 5
