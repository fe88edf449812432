"""A terminal driver that knows how far the terminal lags behind what was written to it.

Over a slow link frames pile up between the program and the eye: in the writer's queue, in the
pseudo-terminal, in the buffers of SSH. Every frame in there is one to wait for before the answer
to a key is seen, and when the queue is full, Textual's event loop stops. So two things are
measured: how long the pseudo-terminal has not taken what it was given, and how long the terminal
takes to answer a question that was written behind a frame (whether it knows synchronised output;
Textual asks the same at the start). Screens paint when neither is late, and then what is newest.
A terminal that never answers is judged by the first alone.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import IO, Any

from textual.driver import Driver
from textual.message import Message
from textual.messages import TerminalSupportsSynchronizedOutput

QUESTION = "\x1b[?2026$p"
# Characters of a frame that is asked about, and of one that is however short ago the last was.
_SMALL, _LARGE = 256, 8_192
_ASKED_EVERY_S = 0.1
_LATE_S = 0.03
_JAMMED_S = 0.03
# After so long without an answer it is painted once more; after so many times, none is waited for.
_LOST_S, _MOST_LOST = 5.0, 3
_LAST_ANSWER_S = 0.3


class Pace:
    """What is on the way to a terminal. Safe to use from several threads.

    Args:
        now: A clock, in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._on_the_way = 0
        self._jammed_since = 0.0
        self._asked: deque[float] = deque()
        self._asked_last = 0.0
        self._waived_at = 0.0
        self._lost = 0
        self._least_s: float | None = None
        self._given_up, self._given_up_s = 0, 0.0

    @property
    def is_behind(self) -> bool:
        """Whether what is painted now would be seen late."""
        now = self._now()
        with self._lock:
            if self._on_the_way and now - self._jammed_since > _JAMMED_S:
                return True
            if not self._asked or self._least_s is None:
                return False
            waited_s = now - max(self._asked[0] + self._least_s, self._waived_at)
            if waited_s > _LOST_S:
                self._waive(now)
                return False
            return waited_s > _LATE_S

    @property
    def is_asked(self) -> bool:
        """Whether an answer is on its way."""
        with self._lock:
            return bool(self._asked) and self._least_s is not None

    def give(self, text: str) -> bool:
        """A text is handed to the writer.

        Args:
            text: What is written.

        Returns:
            Whether the question is to be asked behind it.
        """
        now = self._now()
        with self._lock:
            if not self._on_the_way:
                self._jammed_since = now
            self._on_the_way += len(text)
            if text == QUESTION:
                if self._least_s is None:
                    self._given_up = 0  # it is Textual that asks, and begins anew
                self._asked.append(now)
                self._asked_last = now
                return False
            since_s = now - self._asked_last
            asks = len(text) >= _LARGE or (len(text) >= _SMALL and since_s >= _ASKED_EVERY_S)
            return asks and self._least_s is not None

    def take(self, count: int) -> None:
        """The pseudo-terminal took so many characters."""
        with self._lock:
            self._on_the_way -= count
            self._jammed_since = self._now()

    def answer(self) -> bool:
        """The terminal answered.

        Returns:
            Whether it did so for the first time, or again after it was given up.
        """
        now = self._now()
        with self._lock:
            is_first = self._least_s is None
            self._lost = 0
            if self._given_up:
                # it does answer, only very late: what was given up is counted down first
                self._given_up -= 1
                self._least_s = self._given_up_s
            elif self._asked:
                took_s = now - self._asked.popleft()
                self._least_s = took_s if self._least_s is None else min(self._least_s, took_s)
            return is_first

    def _waive(self, now: float) -> None:
        """Go on without an answer; ask no more where none has come for long."""
        self._waived_at = now
        self._lost += 1
        if self._lost == _MOST_LOST:
            self._given_up += len(self._asked)
            self._given_up_s = self._least_s or 0.0
            self._asked.clear()
            self._least_s = None
            self._lost = 0


class _Taken:
    """The terminal's file; tells when a text has gone into it.

    Args:
        file: The terminal's.
        pace: Is told.
    """

    def __init__(self, file: IO[str], pace: Pace) -> None:
        self._file = file
        self._pace = pace
        self._written = 0

    def write(self, text: str) -> int:
        self._written += len(text)
        return self._file.write(text)

    def flush(self) -> None:
        self._file.flush()
        count, self._written = self._written, 0
        self._pace.take(count)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def paced(driver: type[Driver]) -> type[Driver]:
    """A driver that measures.

    Args:
        driver: The platform's, which writes from a thread to its `_file`.

    Returns:
        Its subclass with a Pace as `pace`.
    """

    class PacedDriver(driver):  # type: ignore[misc, valid-type]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.pace = Pace()
            file: Any = self._file
            self._file: Any = _Taken(file, self.pace)

        def write(self, data: str) -> None:
            asks = self.pace.give(data)
            super().write(data)
            if asks:
                self.pace.give(QUESTION)
                super().write(QUESTION)

        def process_message(self, message: Message) -> None:
            is_answer = isinstance(message, TerminalSupportsSynchronizedOutput)
            if not is_answer or self.pace.answer():
                super().process_message(message)

        def disable_input(self) -> None:
            # an answer that came later would be typed into the shell
            latest = time.monotonic() + _LAST_ANSWER_S
            while self.pace.is_asked and time.monotonic() < latest:
                time.sleep(0.005)
            super().disable_input()

    return PacedDriver
