"""The one screen under all modal ones."""

from __future__ import annotations

import asyncio
from shutil import get_terminal_size
from time import monotonic

from textual.constants import MAX_FPS
from textual.screen import Screen
from textual.timer import Timer

from birdscope.tui.exact_updates import ExactCompositor

# Turns of the event loop that messages get before a paint, and how long they may take.
_TURNS, _LONGEST_S = 24, 0.008


class MainScreen(Screen[None]):
    """The one screen under all modal ones; its class tells how much room there is.

    It paints once what a key leads to. Textual paints as soon as the first widget has changed,
    while the message that changes the others is on its way, and these then wait for the next
    frame: 20 to 30 ms. `tests/tui/test_main_screen.py` holds what this takes from inside Textual.
    """

    AUTO_FOCUS = "SpeciesList"
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 (an instance variable in Textual)
        (0, "-narrow"),
        (120, "-wide"),
        (150, "-roomy"),
    ]

    def __init__(self) -> None:
        columns = get_terminal_size().columns
        fitting = [name for least, name in self.HORIZONTAL_BREAKPOINTS if columns >= least]
        # already right at the first layout, it saves styling every widget a second time
        super().__init__(id="_default", classes=fitting[-1])
        self._compositor = ExactCompositor()
        self._paints: Timer | None = None

    @property
    def _update_timer(self) -> Timer:
        if self._paints is None:
            self._paints = self.set_interval(
                1 / MAX_FPS, self._paint_settled, name="screen_update", pause=True
            )
        return self._paints

    async def _paint_settled(self) -> None:
        """Let the messages arrive, then paint."""
        latest = monotonic() + _LONGEST_S
        for _ in range(_TURNS):
            await asyncio.sleep(0)
            if monotonic() > latest:
                break
        self._on_timer_update()
