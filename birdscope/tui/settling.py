"""Wait until the user rests: one timer for a whole row of keys."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from textual.message_pump import MessagePump
from textual.timer import Timer

# what a timer may come early by
_EARLY_S = 0.005


class Settling:
    """Calls once nothing has been touched for a while.

    A key that is held touches it sixty times a second; that only moves the time. A timer for
    each would be a task and three messages for each.

    Args:
        owner: Its timer is used.
        rest_s: How long nothing must happen, in seconds.
        then: What to call.
        now_s: A clock; given by tests.
    """

    def __init__(
        self,
        owner: MessagePump,
        rest_s: float,
        then: Callable[[], object],
        *,
        now_s: Callable[[], float] = monotonic,
    ) -> None:
        self._owner = owner
        self._rest_s = rest_s
        self._then = then
        self._now_s = now_s
        self._due_s: float | None = None
        self._timer: Timer | None = None

    def touch(self) -> None:
        """Something happened: wait from now on."""
        self._due_s = self._now_s() + self._rest_s
        if self._timer is None:
            self._timer = self._owner.set_timer(self._rest_s, self._look)

    def cancel(self) -> None:
        """Call nothing until it is touched again."""
        self._due_s = None

    def _look(self) -> None:
        self._timer = None
        if self._due_s is None:
            return
        left_s = self._due_s - self._now_s()
        if left_s > _EARLY_S:
            self._timer = self._owner.set_timer(left_s, self._look)
            return
        self._due_s = None
        self._then()
