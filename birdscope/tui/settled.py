"""Screens that paint once what a key leads to."""

from __future__ import annotations

import asyncio
from time import monotonic

from textual.constants import MAX_FPS
from textual.screen import Screen, ScreenResultType
from textual.timer import Timer

from birdscope.tui.exact_updates import ExactCompositor

# Turns of the event loop that messages get before a paint, and how long they may take.
_TURNS, _LONGEST_S = 24, 0.008


class SettledScreen(Screen[ScreenResultType]):
    """A screen that lets the messages arrive before it paints, and waits for a slow terminal.

    Textual paints as soon as the first widget has changed, while the message that changes the
    others is on its way, and these then wait for the next frame: 20 to 30 ms. It paints whether or
    not the last paint has come to the terminal, so that over a slow link seconds of them queue up;
    here what changes meanwhile is painted at once when it has come. And it paints twice where a
    new layout and a repaint come together. `tests/tui/test_settled.py`
    holds what this takes from inside Textual.
    """

    _paints: Timer | None = None
    _owed = False
    _gathers = False

    def __init__(
        self, name: str | None = None, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._compositor: ExactCompositor = ExactCompositor()

    @property
    def _update_timer(self) -> Timer:
        if self._paints is None:
            self._paints = self.set_interval(
                1 / MAX_FPS, self._paint_settled, name="screen_update", pause=True
            )
        return self._paints

    @property
    def _is_seen_below(self) -> bool:
        """Whether the screen shows through those above it."""
        return self in self.app._background_screens

    @property
    def _is_held_up(self) -> bool:
        return bool(getattr(self.app, "is_terminal_behind", False))

    async def _paint_settled(self) -> None:
        """Let the messages arrive, then paint; called again while the terminal is behind."""
        if self._is_held_up:
            return
        latest = monotonic() + _LONGEST_S
        for _ in range(_TURNS):
            await asyncio.sleep(0)
            if monotonic() > latest:
                break
        self._gathers = True
        try:
            self._on_timer_update()
        finally:
            self._gathers = False
        if self._owed:
            self._compositor_refresh()

    def _compositor_refresh(self) -> None:
        """Paint; owe it while the terminal is behind, and while there may be more to paint."""
        if self is not self.app.screen:
            self._owed = False
            self._dirty_widgets.clear()
            if (changed := self._compositor.take_changed()) and self._is_seen_below:
                self.app.screen.refresh(*changed)
            return
        held_up = self._is_held_up
        self._owed = held_up or self._gathers
        if not self._owed:
            super()._compositor_refresh()
        elif held_up:
            self._update_timer.resume()
