"""What the model lane does next: the newest request wins."""

from __future__ import annotations

import threading

from birdscope.engine.live_messages import ScoreSound
from birdscope.engine.messages import Cancel, Predict, Segments, Warm

Aside = Segments | ScoreSound


class Inbox:
    """Room for one Warm, one Predict and one aside of each kind; a newer one takes its place.

    The reader thread puts, the model thread takes and asks at every window whether what it
    does is still wanted.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._warm: Warm | None = None
        self._predict: Predict | None = None
        self._asides: dict[type, Aside] = {}
        self._cancelled: set[int] = set()

    def put(self, message: object) -> None:
        """Take a request from the pipe."""
        with self._changed:
            if isinstance(message, Warm):
                self._warm = message
            elif isinstance(message, Predict):
                self._predict = message
            elif isinstance(message, Segments | ScoreSound):
                self._asides[type(message)] = message
            elif isinstance(message, Cancel):
                self._cancel(message.token)
            self._changed.notify()

    @property
    def windows_wait(self) -> bool:
        """Whether somebody waits for windows already."""
        with self._changed:
            return self._predict is not None

    def take_aside(self) -> Aside | None:
        """A question between two windows, those about live sound first; None where is none."""
        with self._changed:
            return self._asides.pop(ScoreSound, None) or self._asides.pop(Segments, None)

    def take(self) -> Warm | Predict | Aside:
        """The next request, loading before predicting; waits for one."""
        with self._changed:
            self._changed.wait_for(lambda: self._warm or self._predict or self._asides)
            if self._warm is not None:
                warm, self._warm = self._warm, None
                return warm
            for kind in (ScoreSound, Segments):
                if kind in self._asides:
                    return self._asides.pop(kind)
            assert self._predict is not None
            predict, self._predict = self._predict, None
            return predict

    def overtaken(self, request: Warm | Predict) -> bool:
        """Whether a request is no longer wanted; loading goes on when windows are asked for."""
        with self._changed:
            if self._warm is not None and self._warm.token > request.token:
                return True
            if isinstance(request, Warm):
                return False
            newer = self._predict is not None and self._predict.token > request.token
            return newer or request.token in self._cancelled

    def _cancel(self, token: int) -> None:
        if self._predict is not None and self._predict.token == token:
            self._predict = None
        # Tokens only grow: older marks can't be asked for any more.
        self._cancelled = {one for one in self._cancelled if one >= token - 1} | {token}
