"""The quick lane as the interface sees it: questions answered in milliseconds."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from birdscope.core.errors import Cancelled, EngineError
from birdscope.engine import messages
from birdscope.engine.lane import Lane, end_text
from birdscope.engine.messages import Blended, EnsembleInfo, Recalled

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from birdscope.core.scores import ScoredCheckpoint
    from birdscope.core.settings import Settings

ArgumentT = TypeVar("ArgumentT")


class Questions:
    """Asks the quick lane, and starts its process again where it was lost.

    Args:
        log_path: Where the process writes what it has to say.
    """

    def __init__(self, log_path: Path) -> None:
        self._lane = Lane(
            "birdscope.engine.quick",
            (str(log_path),),
            log_path,
            lambda message: self._in_loop(self._answered, message),
            lambda status: self._in_loop(self._lost, status),
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._context = contextvars.Context()
        self._tokens = itertools.count(1)
        self._open: dict[int, asyncio.Future[object]] = {}

    @property
    def pid(self) -> int | None:
        """Process id; None before start."""
        return self._lane.pid

    def start(self) -> None:
        """Start the process; a second call does nothing."""
        if self._loop is None:
            self._loop, self._context = asyncio.get_running_loop(), contextvars.copy_context()
            self._lane.start()

    def close(self) -> None:
        """End the process; open questions are cancelled."""
        self._loop = None
        for future in self._open.values():
            future.cancel()
        self._lane.stop()

    async def describe(self, ensemble: Path) -> EnsembleInfo:
        """What an ensemble file holds; its problems are in the answer."""
        answer = await self._ask(messages.Describe(next(self._tokens), ensemble))
        assert isinstance(answer, EnsembleInfo)
        return answer

    async def recall(
        self, recording: str, path: Path, folder: Path, jobs: Path | None = None
    ) -> Recalled | None:
        """What is kept in `folder`, or by jobs, of a recording's scores; None if nothing.

        Raises:
            EngineError: what is kept is damaged.
            Cancelled: a newer question took its place.
        """
        question = messages.Recall(next(self._tokens), recording, path, folder, jobs)
        answer = await self._ask(question)
        assert answer is None or isinstance(answer, Recalled)
        return answer

    async def blend(
        self,
        values: npt.NDArray[np.float32],
        checkpoints: Sequence[ScoredCheckpoint],
        weights: Mapping[str, float],
        settings: Settings,
        *,
        shown: Sequence[int] = (),
        species: int = 64,
    ) -> Blended:
        """Final probabilities and member strips of one recording; see `blend_recording`.

        Raises:
            EngineError: the settings don't fit the ensemble.
            Cancelled: a newer question took its place.
        """
        token = next(self._tokens)
        layers, shares = tuple(checkpoints), dict(weights)
        question = messages.Blend(token, values, layers, shares, settings, tuple(shown), species)
        answer = await self._ask(question)
        assert isinstance(answer, Blended)
        return answer

    async def _ask(self, question: messages.Describe | messages.Recall | messages.Blend) -> object:
        self.start()
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._open[question.token] = future
        try:
            await asyncio.to_thread(self._lane.send, question)
            return await future
        finally:
            self._open.pop(question.token, None)

    def _answered(self, message: object) -> None:
        if not isinstance(message, messages.Answer | messages.Failed | messages.Dropped):
            return
        future = self._open.get(message.token)
        if future is None or future.done():
            return
        if isinstance(message, messages.Answer):
            future.set_result(message.value)
        elif isinstance(message, messages.Failed):
            future.set_exception(messages.error_of(message))
        else:
            future.set_exception(Cancelled("a newer question took its place"))

    def _lost(self, status: int) -> None:
        for future in self._open.values():
            if not future.done():
                error = f"the process for quick answers was lost ({end_text(status)})"
                future.set_exception(EngineError(error, remedy="it starts again; ask again"))
        if self._loop is not None:
            self._lane.start()

    def _in_loop(self, function: Callable[[ArgumentT], None], argument: ArgumentT) -> None:
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(function, argument, context=self._context)
