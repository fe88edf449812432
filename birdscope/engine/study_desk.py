"""What the study lane does next: the hand first, the newest of each kind, the rest in turns."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import TypeAlias

from birdscope.engine import messages
from birdscope.engine.study_messages import Ask, Forget

Work: TypeAlias = tuple[Ask, Iterator[object]]


class Desk:
    """Questions that wait and progressive answers under way, at most one per type and slot.

    The reader thread puts, the computing thread takes. Whatever a newer question replaces is
    dropped: at once where it waits, at its next step where it is under way.

    Args:
        tell: Takes the messages that say what was dropped.
        barriers: Types of requests that nothing asked later may overtake.
    """

    def __init__(self, tell: Callable[[object], None], barriers: tuple[type, ...] = ()) -> None:
        self._tell = tell
        self._barriers = barriers
        self._changed = threading.Condition()
        self._waiting: deque[Ask] = deque()
        self._under_way: deque[Work] = deque()

    def put(self, message: object) -> None:
        """Take a message from the pipe; called by the reader thread."""
        if isinstance(message, Forget):
            self._remove(lambda ask: ask.token == message.token)
        elif isinstance(message, Ask):
            dropped = self._remove(lambda ask: _same(ask, message))
            with self._changed:
                self._waiting.append(message)
                self._changed.notify()
            for ask in dropped:
                self._tell(messages.Dropped(ask.token))

    def take(self) -> Ask | Work:
        """The next question or, where none waits, the next work under way; waits for one."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._under_way)
            if self._waiting:
                ask = self._next()
                self._waiting.remove(ask)
                return ask
            return self._under_way[0]

    def begin(self, ask: Ask, parts: Iterator[object]) -> None:
        """A question turned out to be answered in steps."""
        with self._changed:
            newer = any(_same(ask, other) for other in self._waiting)
            if not newer:
                self._under_way.append((ask, parts))
        if newer:
            self._tell(messages.Dropped(ask.token))

    def next_turn(self, work: Work, *, done: bool) -> bool:
        """A step is done: end the work or let the next have its turn; False if it was dropped."""
        with self._changed:
            if work not in self._under_way:
                return False
            self._under_way.remove(work)
            if not done:
                self._under_way.append(work)
            return True

    def _next(self) -> Ask:
        """The hand's first question before the first barrier, else simply the first."""
        for place, ask in enumerate(self._waiting):
            if isinstance(ask.request, self._barriers):
                return ask if place == 0 else self._waiting[0]
            if not ask.slot:
                return ask
        return self._waiting[0]

    def _remove(self, unwanted: Callable[[Ask], bool]) -> list[Ask]:
        with self._changed:
            asks = [*self._waiting, *(ask for ask, _ in self._under_way)]
            self._waiting = deque(ask for ask in self._waiting if not unwanted(ask))
            self._under_way = deque(work for work in self._under_way if not unwanted(work[0]))
            return [ask for ask in asks if unwanted(ask)]


def _same(one: Ask, other: Ask) -> bool:
    return type(one.request) is type(other.request) and one.slot == other.slot
