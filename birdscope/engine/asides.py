"""Questions that the model lane answers between two windows: one of each kind at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from birdscope.core.errors import Cancelled, EngineError
from birdscope.engine.live_messages import ScoreSound, SoundScored
from birdscope.engine.messages import Segments, SegmentsScored

AnswerT = TypeVar("AnswerT", SegmentsScored, SoundScored)


class Asides:
    """Open questions; a newer one of a kind cancels the older one.

    Args:
        send: Takes messages to the model lane.
    """

    def __init__(self, send: Callable[[object], None]) -> None:
        self._send = send
        self._open: dict[type, tuple[int, asyncio.Future[object]]] = {}

    async def ask(self, question: Segments | ScoreSound, kind: type[AnswerT]) -> AnswerT:
        """Ask, and wait for the answer.

        Args:
            question: With a token of its own.
            kind: Of the answer.

        Raises:
            EngineError: it can't be answered.
            Cancelled: a newer question of the kind took its place.
        """
        self._finish(kind, Cancelled("a newer question took its place"))
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._open[kind] = (question.token, future)
        # a second of sound is larger than a pipe: sending may wait for the other side
        await asyncio.to_thread(self._send, question)
        answer = await future
        assert isinstance(answer, kind)
        return answer

    def answered(self, message: SegmentsScored | SoundScored) -> None:
        """Take an answer; one that nobody waits for is dropped."""
        if self._token(type(message)) == message.token:
            self._finish(type(message), message)

    def failed(self, token: int, error: EngineError) -> None:
        """Take a failure; one of another question is left alone."""
        for kind in [one for one in self._open if self._token(one) == token]:
            self._finish(kind, error)

    def end(self, error: EngineError | Cancelled) -> None:
        """End all questions."""
        for kind in tuple(self._open):
            self._finish(kind, error)

    def _token(self, kind: type) -> int | None:
        asked = self._open.get(kind)
        return asked[0] if asked is not None else None

    def _finish(self, kind: type, outcome: object) -> None:
        asked = self._open.pop(kind, None)
        if asked is None or asked[1].done():
            return
        if isinstance(outcome, EngineError | Cancelled):
            asked[1].set_exception(outcome)
            # Nobody may be waiting any more; asking marks the exception as seen.
            asked[1].exception()
        else:
            asked[1].set_result(outcome)
