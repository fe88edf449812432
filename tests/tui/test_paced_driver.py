from __future__ import annotations

import asyncio
import os
import pty
import threading
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.driver import Driver
from textual.messages import TerminalSupportsSynchronizedOutput
from textual.screen import Screen
from textual.widgets import Static

from birdscope.tui.paced_driver import QUESTION, Pace, paced
from birdscope.tui.settled import SettledScreen

_FRAME = "x" * 1000


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def answering(clock: Clock) -> Pace:
    """Of a terminal that answers within 20 ms."""
    pace = Pace(clock)
    pace.give(QUESTION)
    pace.take(len(QUESTION))
    clock.now += 0.02
    assert pace.answer()
    clock.now += 1.0
    return pace


def test_a_terminal_that_takes_everything_is_not_behind(clock: Clock) -> None:
    pace = Pace(clock)
    assert not pace.give(_FRAME)
    pace.take(len(_FRAME))
    clock.now += 10
    assert not pace.is_behind


def test_it_is_behind_while_the_pseudo_terminal_takes_nothing(clock: Clock) -> None:
    pace = Pace(clock)
    pace.give(_FRAME)
    clock.now += 0.02
    assert not pace.is_behind
    pace.give(_FRAME)
    clock.now += 0.02
    assert pace.is_behind
    pace.take(2 * len(_FRAME))
    assert not pace.is_behind


def test_a_terminal_that_never_answered_is_not_asked(clock: Clock) -> None:
    pace = Pace(clock)
    assert not pace.give(_FRAME * 100)
    assert not pace.is_asked


def test_it_asks_behind_frames_but_not_behind_every_small_one(
    answering: Pace, clock: Clock
) -> None:
    assert not answering.give("\x1b[?25l")
    assert answering.give(_FRAME)
    answering.give(QUESTION)
    clock.now += 0.03
    assert not answering.give(_FRAME)
    assert answering.give(_FRAME * 20)
    clock.now += 0.08
    assert answering.give(_FRAME)


def test_it_is_behind_while_an_answer_is_late(answering: Pace, clock: Clock) -> None:
    answering.give(QUESTION)
    answering.take(len(QUESTION))
    clock.now += 0.04  # 20 ms are usual here
    assert not answering.is_behind
    clock.now += 0.02
    assert answering.is_behind
    assert not answering.answer()
    assert not answering.is_behind


def test_the_oldest_of_several_questions_counts(answering: Pace, clock: Clock) -> None:
    for _ in range(2):
        answering.give(QUESTION)
        answering.take(len(QUESTION))
        clock.now += 0.02
    answering.answer()
    assert not answering.is_behind
    clock.now += 0.04
    assert answering.is_behind


def test_without_an_answer_it_is_painted_now_and_then(answering: Pace, clock: Clock) -> None:
    answering.give(QUESTION)
    answering.take(len(QUESTION))
    clock.now += 4.0
    assert answering.is_behind
    clock.now += 1.1
    assert not answering.is_behind
    clock.now += 0.2
    assert answering.is_behind
    answering.answer()  # late, but there
    assert not answering.is_behind
    assert answering.give(_FRAME)


def test_a_terminal_that_answers_no_more_is_not_waited_for(answering: Pace, clock: Clock) -> None:
    answering.give(QUESTION)
    answering.take(len(QUESTION))
    for _ in range(3):
        clock.now += 6.0
        assert not answering.is_behind
    clock.now += 1.0
    assert not answering.is_behind and not answering.is_asked
    assert not answering.give(_FRAME * 100)
    answering.take(len(_FRAME) * 100)
    # back from the background, Textual asks again
    answering.give(QUESTION)
    answering.take(len(QUESTION))
    clock.now += 0.02
    assert answering.answer()
    assert answering.give(_FRAME * 100)


def test_answers_that_come_very_late_are_believed_again(answering: Pace, clock: Clock) -> None:
    """Half a minute for the first picture: that link is slow, not silent."""
    for _ in range(2):
        answering.give(QUESTION)
        answering.take(len(QUESTION))
    for _ in range(3):
        clock.now += 6.0
        assert not answering.is_behind
    assert not answering.is_asked
    answering.answer()
    assert answering.give(_FRAME)
    answering.give(QUESTION)
    answering.take(len(_FRAME) + len(QUESTION))
    clock.now += 0.1
    assert answering.is_behind
    answering.answer()  # to the second of the old questions
    assert answering.is_behind
    answering.answer()
    assert not answering.is_behind


class Kept(Driver):
    """Writes from a thread, as the platforms' drivers do."""

    def __init__(self, app: App[None], file: Any) -> None:
        super().__init__(app)
        from textual.drivers._writer_thread import WriterThread

        self._file = file
        self.messages: list[object] = []
        self._make = lambda: WriterThread(self._file)
        self._writer: Any = None

    def write(self, data: str) -> None:
        self._writer = self._writer or self._begun()
        self._writer.write(data)

    def _begun(self) -> Any:
        writer = self._make()
        writer.start()
        return writer

    def process_message(self, message: object) -> None:  # type: ignore[override]
        self.messages.append(message)

    def start_application_mode(self) -> None: ...
    def disable_input(self) -> None: ...
    def stop_application_mode(self) -> None: ...


async def test_a_pseudo_terminal_that_nobody_reads_is_behind_until_it_is_read() -> None:
    reading, writing = pty.openpty()
    with open(writing, "w", closefd=False) as file:
        driver: Any = paced(Kept)(App(), file)  # type: ignore[call-arg, arg-type]
        driver.write("x" * 500_000)
        await asyncio.sleep(0.3)
        assert driver.pace.is_behind
        left = 500_000

        def read() -> None:
            nonlocal left
            while left > 0:
                left -= len(os.read(reading, 65536))

        thread = threading.Thread(target=read)
        thread.start()
        thread.join(20)
        await asyncio.sleep(0.1)
        assert left == 0 and not driver.pace.is_behind
        driver._writer.stop()
    os.close(reading)
    os.close(writing)


async def test_the_driver_asks_and_hears(tmp_path: Any) -> None:
    with (tmp_path / "out").open("w") as file:
        driver: Any = paced(Kept)(App(), file)  # type: ignore[call-arg, arg-type]
        driver.write(QUESTION)
        driver.process_message(TerminalSupportsSynchronizedOutput())
        driver.write(_FRAME * 20)
        driver.process_message(TerminalSupportsSynchronizedOutput())
        driver._writer.stop()
    assert (tmp_path / "out").read_text() == f"{QUESTION}{_FRAME * 20}{QUESTION}"
    assert len(driver.messages) == 1  # Textual's own answer, not ours


class Counting(App[None]):
    is_terminal_behind = False

    def get_default_screen(self) -> Screen[None]:
        return SettledScreen(id="_default")

    def compose(self) -> ComposeResult:
        yield Static("0", id="count")


async def test_what_changes_while_the_terminal_is_behind_is_painted_once_it_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paints = 0
    original = Screen._compositor_refresh

    def note(screen: Screen[object]) -> None:
        nonlocal paints
        paints += 1
        original(screen)

    monkeypatch.setattr(Screen, "_compositor_refresh", note)
    app = Counting()
    async with app.run_test(size=(20, 5)) as pilot:
        await pilot.pause(0.1)
        paints, app.is_terminal_behind = 0, True
        for number in range(10):
            # of another height every second time, which lays the screen out again
            app.query_one("#count", Static).update("\n" * (number % 2) + str(number))
            await pilot.pause(0.03)
        assert paints == 0
        app.is_terminal_behind = False
        await pilot.pause(0.1)
        assert 1 <= paints <= 2
        lines = app.screen._compositor.render_strips()
        assert lines[1].text.strip() == "9"
