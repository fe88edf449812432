"""The study lane as the interface sees it: tuning and audition, asked and never waited for."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from birdscope.core import paths
from birdscope.core.errors import Cancelled, EngineError
from birdscope.engine import messages, tune_messages
from birdscope.engine.audition_messages import JudgeSummary, JudgeWanted, QueueFound, QueueWanted
from birdscope.engine.client import RESTARTS_ALLOWED, RESTARTS_SPAN_S
from birdscope.engine.lane import Lane, end_text
from birdscope.engine.study_messages import Ask, Ended, Forget, Part
from birdscope.engine.tune_messages import (
    FindSources,
    MeasuredSettings,
    OpenTuning,
    TuningOpened,
    TuningSource,
)

if TYPE_CHECKING:
    from birdscope.core.settings import Settings
    from birdscope.metrics.tune_results import (
        ClassDelta,
        Curves,
        IntervalSoFar,
        RowCost,
        StageScore,
    )

ArgumentT = TypeVar("ArgumentT")
_END = object()


class Study:
    """A helper process that keeps a labelled matrix in memory and measures settings on it.

    All methods belong to one asyncio loop, the interface's. A question takes the place of an
    older one of its kind and slot, which raises Cancelled. A lost process is started again,
    opens the last tuning data again and is asked again; after three losses within a minute
    the open questions fail.

    Args:
        log_folder: Where the process writes what it has to say; default the cache.
        handlers: `module:function` that gives the table of handlers; tests give another.
    """

    def __init__(
        self,
        log_folder: Path | None = None,
        handlers: str = "birdscope.engine.study:handlers",
    ) -> None:
        self.log_path = (log_folder or paths.cache() / "engine") / "study.log"
        self._lane = Lane(
            "birdscope.engine.study",
            (handlers, str(self.log_path)),
            self.log_path,
            lambda message: self._in_loop(self._received, message),
            lambda status: self._in_loop(self._lost, status),
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._context = contextvars.Context()
        self._tokens = itertools.count(1)
        self._open: dict[int, tuple[Ask, asyncio.Queue[object]]] = {}
        self._tuning: Ask | None = None
        self._losses: deque[float] = deque(maxlen=RESTARTS_ALLOWED)

    @property
    def pid(self) -> int | None:
        """Process id; None before start."""
        return self._lane.pid

    def start(self) -> None:
        """Start the process; the first question does so too. A second call does nothing."""
        if self._loop is None:
            self._loop, self._context = asyncio.get_running_loop(), contextvars.copy_context()
            self._lane.start()

    def close(self) -> None:
        """End the process; open questions raise Cancelled."""
        self._loop = None
        self._fail(Cancelled("birdscope is closing"))
        self._lane.stop()

    async def find_sources(self, wanted: FindSources) -> tuple[TuningSource, ...]:
        """Pairs of scores and labels that could be opened; those that can't say why."""
        answer = await self.ask(wanted)
        assert isinstance(answer, tuple)
        return answer

    async def open_tuning(self, wanted: OpenTuning) -> TuningOpened:
        """Load scores and labels; the questions below are about what was opened last.

        Raises:
            EngineError: they can't be read or don't fit together; says what to do.
            Cancelled: something else was opened meanwhile.
        """
        answer = await self.ask(wanted)
        assert isinstance(answer, TuningOpened)
        return answer

    async def measure(self, settings: Settings, slot: str = "") -> MeasuredSettings:
        """How good settings are.

        Args:
            settings: The stack.
            slot: Which row of the table asks: a newer question only takes the place of an
                older one of the same slot. The empty one is the hand's and goes first.

        Raises:
            EngineError: nothing is open, or the settings don't fit the members.
            Cancelled: a newer question took its place.
        """
        answer = await self.ask(tune_messages.Measure(settings), slot)
        assert isinstance(answer, MeasuredSettings)
        return answer

    async def stages(self, settings: Settings) -> tuple[StageScore, ...]:
        """The figure after each step, in the order of the arithmetic. Raises as `measure`.

        A separate question, so that the figure of a moving slider needn't wait for it.
        """
        return await self.ask(tune_messages.WantStages(settings))  # type: ignore[return-value]

    async def interval(
        self, settings: Settings, baseline: Settings, slot: str = ""
    ) -> AsyncIterator[IntervalSoFar]:
        """The difference to a baseline, its interval getting firmer: after 100, 250, … 1,000.

        Raises:
            EngineError: as `measure`.
            Cancelled: a newer question took its place.
        """
        async for part in self.parts(tune_messages.WantInterval(settings, baseline), slot):
            yield part  # type: ignore[misc]

    async def curves(self, settings: Settings, label: str) -> Curves:
        """ROC and precision-recall of a class. Raises as `measure`."""
        return await self.ask(tune_messages.WantCurves(settings, label))  # type: ignore[return-value]

    async def deltas(self, settings: Settings, baseline: Settings) -> tuple[ClassDelta, ...]:
        """Every scored class against a baseline, in column order. Raises as `measure`."""
        return await self.ask(tune_messages.WantDeltas(settings, baseline))  # type: ignore[return-value]

    async def costs(self, settings: Settings, label: str, limit: int = 200) -> tuple[RowCost, ...]:
        """The rows that cost a class most area, the dearest first. Raises as `measure`."""
        return await self.ask(tune_messages.WantCosts(settings, label, limit))  # type: ignore[return-value]

    async def queue(self, wanted: QueueWanted) -> QueueFound:
        """The windows of a dataset to listen to for one species.

        Raises:
            EngineError: there are no scores, or the species is none of theirs.
            Cancelled: a newer question took its place.
        """
        answer = await self.ask(wanted)
        assert isinstance(answer, QueueFound)
        return answer

    async def judge_summary(self, wanted: JudgeWanted) -> JudgeSummary:
        """What the verdicts about a species say of its scores. Raises as `queue`."""
        answer = await self.ask(wanted)
        assert isinstance(answer, JudgeSummary)
        return answer

    async def ask(self, request: object, slot: str = "") -> object:
        """Ask anything for which the process has a handler; gives the whole answer.

        Raises:
            EngineError: it can't be answered; says why.
            Cancelled: a newer question of this type and slot took its place.
        """
        value: object = None
        async for part in self.parts(request, slot):
            value = part
        return value

    async def parts(self, request: object, slot: str = "") -> AsyncIterator[object]:
        """As `ask`, but gives each part of a progressive answer as it comes."""
        self.start()
        ask = Ask(next(self._tokens), slot, request)
        answers: asyncio.Queue[object] = asyncio.Queue()
        self._open[ask.token] = (ask, answers)
        try:
            await asyncio.to_thread(self._send, ask)
            while (answer := await answers.get()) is not _END:
                if isinstance(answer, BaseException):
                    raise answer
                yield answer
        finally:
            if self._open.pop(ask.token, None) is not None:
                self._send(Forget(ask.token))

    def _received(self, message: object) -> None:
        if not isinstance(
            message, Part | Ended | messages.Answer | messages.Failed | messages.Dropped
        ):
            return
        ask, answers = self._open.get(message.token, (None, None))
        if ask is None or answers is None:
            return
        if isinstance(message, Part | messages.Answer):
            answers.put_nowait(message.value)
        if isinstance(message, messages.Answer) and isinstance(ask.request, OpenTuning):
            self._tuning = ask
        if isinstance(message, Part):
            return
        del self._open[message.token]
        if isinstance(message, messages.Failed):
            answers.put_nowait(messages.error_of(message))
        elif isinstance(message, messages.Dropped):
            answers.put_nowait(Cancelled("a newer question took its place"))
        else:
            answers.put_nowait(_END)

    def _lost(self, status: int) -> None:
        """The process ended by itself: start it, open the same data, ask again."""
        if self._loop is None:
            return
        self._losses.append(time.monotonic())
        often = len(self._losses) == RESTARTS_ALLOWED
        if often and time.monotonic() - self._losses[0] < RESTARTS_SPAN_S:
            self._losses.clear()
            reason = f"the process for tuning was lost {RESTARTS_ALLOWED} times"
            remedy = f"ask again to start it; its log is {self.log_path}"
            self._fail(EngineError(f"{reason} ({end_text(status)})", remedy=remedy))
        self._lane.start()
        again = [ask for ask, _ in self._open.values()]
        for ask in [self._tuning, *again] if self._tuning is not None else again:
            self._send(ask)

    def _fail(self, error: EngineError | Cancelled) -> None:
        for _, answers in self._open.values():
            answers.put_nowait(error)
        self._open.clear()

    def _send(self, message: object) -> None:
        # A process that is just ending is noticed by its reader, which starts a new one.
        with suppress(EngineError):
            self._lane.send(message)

    def _in_loop(self, function: Callable[[ArgumentT], None], argument: ArgumentT) -> None:
        """From a reader thread into the interface's loop, in the context of `start`."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(function, argument, context=self._context)
