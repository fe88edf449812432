"""Undo and redo of all that Tune does; what one gesture of the hand did is one step back. Pure."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from birdscope.core.settings import Settings
from birdscope.tui.tune_deeds import Deed

PAUSE_S = 1.0
LIMIT = 200


@dataclass(frozen=True, slots=True)
class Turned:
    """The settings in hand became other ones."""

    before: Settings
    after: Settings


Change = Turned | Deed


class History:
    """What was done, in its order.

    Args:
        first: What can't be gone behind.
        now: A clock in seconds; given by tests.
    """

    def __init__(self, first: Settings, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._past: list[Change] = []
        self._future: list[Change] = []
        self._present = first
        self._gesture, self._at = "", 0.0

    @property
    def present(self) -> Settings:
        """The settings now."""
        return self._present

    @property
    def can_undo(self) -> bool:
        """Whether there is something to undo."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is something to do again."""
        return bool(self._future)

    def begin_with(self, settings: Settings) -> None:
        """Take other settings in hand for good; deeds can still be taken back."""
        deeds = (one for one in self._past if isinstance(one, Deed))
        self._past = [replace(one, names=None) for one in deeds]
        self._present, self._future, self._gesture = settings, [], ""

    def take(self, settings: Settings, gesture: str = "", *, held: bool = False) -> None:
        """Note a change of the settings in hand.

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
        last = self._past[-1] if self._past else None
        if goes_on and isinstance(last, Turned):
            self._past[-1] = replace(last, after=settings)
        else:
            self._note(Turned(self._present, settings))
        self._present, self._future = settings, []

    def done(self, deed: Deed) -> None:
        """Note a deed."""
        self._note(deed)
        self._future = []
        self._name(deed, 1)

    def undo(self) -> Change | None:
        """Go a step back; gives it, None where there is none. A deed is the caller's to undo."""
        if not self._past:
            return None
        change = self._past.pop()
        self._future.append(change)
        self._go(change, 0)
        return change

    def redo(self) -> Change | None:
        """Go a step forward again; as `undo`."""
        if not self._future:
            return None
        change = self._future.pop()
        self._past.append(change)
        self._go(change, 1)
        return change

    def forget(self, deed: Deed) -> None:
        """A deed that can't be taken back, nor done again."""
        self._past = [one for one in self._past if one is not deed]
        self._future = [one for one in self._future if one is not deed]

    def _note(self, change: Change) -> None:
        self._past = [*self._past[-LIMIT + 1 :], change]

    def _go(self, change: Change, side: int) -> None:
        """Stand before a change (0) or after it (1)."""
        self._gesture = ""
        if isinstance(change, Turned):
            self._present = (change.before, change.after)[side]
        else:
            self._name(change, side)

    def _name(self, deed: Deed, side: int) -> None:
        self._gesture = ""
        if deed.names is not None:
            self._present = self._present.model_copy(update={"name": deed.names[side]})
