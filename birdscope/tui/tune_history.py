"""Undo and redo of settings; what one gesture of the hand did is one step back. Pure."""

from __future__ import annotations

import time
from collections.abc import Callable

from birdscope.core.settings import Settings

PAUSE_S = 1.0
LIMIT = 200


class History:
    """The settings as they were.

    Args:
        first: What can't be gone behind.
        now: A clock in seconds; given by tests.
    """

    def __init__(self, first: Settings, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._past: list[Settings] = []
        self._future: list[Settings] = []
        self._present = first
        self._gesture, self._at = "", 0.0

    @property
    def present(self) -> Settings:
        """The settings now."""
        return self._present

    @property
    def depth(self) -> int:
        """How many steps back there are."""
        return len(self._past)

    @property
    def can_undo(self) -> bool:
        """Whether there is something to undo."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is something to do again."""
        return bool(self._future)

    def take(self, settings: Settings, gesture: str = "", *, held: bool = False) -> None:
        """Note a change.

        Args:
            settings: As they are now.
            gesture: Changes of the same name that follow within a second are one, as those
                of an arrow key; an empty name stands alone.
            held: However long it takes, as with a slider that the mouse holds.
        """
        now = self._now()
        in_time = held or now - self._at < PAUSE_S
        goes_on = bool(gesture) and gesture == self._gesture and in_time
        self._gesture, self._at = gesture, now
        if settings == self._present:
            return
        if not goes_on or not self._past:
            self._past = [*self._past[-LIMIT + 1 :], self._present]
        self._present, self._future = settings, []

    def name(self, name: str) -> None:
        """Call the present settings something."""
        self._present = self._present.model_copy(update={"name": name})

    def undo(self) -> bool:
        """Go a step back; False where there is none."""
        if not self._past:
            return False
        self._future.append(self._present)
        self._present, self._gesture = self._past.pop(), ""
        return True

    def redo(self) -> bool:
        """Go a step forward again; False where there is none."""
        if not self._future:
            return False
        self._past.append(self._present)
        self._present, self._gesture = self._future.pop(), ""
        return True
