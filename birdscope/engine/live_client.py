"""Live input as the interface sees it: a process that listens, and the nets that answer."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import math
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from birdscope.core import paths
from birdscope.core.errors import BirdscopeError, Cancelled, EngineError
from birdscope.core.windows import WINDOW_S
from birdscope.engine import live_messages as messages
from birdscope.engine.lane import Lane, end_text
from birdscope.engine.live_messages import Heard, LiveState, SoundScored, WindowHeard
from birdscope.engine.live_process import DEFAULT_SOURCE
from birdscope.engine.live_status import QUIET, LiveStatus, LiveWindow

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from birdscope.engine.messages import LoadedEnsemble
    from birdscope.engine.status import EngineStatus

# Windows that wait while the nets are away: a minute. The oldest give way, and are counted.
WAITING = 12
RESTARTS_ALLOWED = 3
RESTARTS_SPAN_S = 60.0


class SoundEngine(Protocol):
    """What is needed of birdscope.engine.client.Engine."""

    loaded: LoadedEnsemble | None
    status: EngineStatus

    async def score_sound(
        self, waveform: npt.NDArray[np.float32], index: int, n_windows: int
    ) -> SoundScored:
        """Raw scores of a window."""
        ...

    def listen(self, listener: Callable[[EngineStatus], None]) -> Callable[[], None]:
        """Tell of every change."""
        ...


class LiveInput:
    """Opens an input, has its windows scored, and tells of both.

    All methods belong to one asyncio loop, the interface's. A lost process is started again:
    the sound goes on with the next window, the recording in another file.

    Args:
        engine: Scores the windows.
        source: `module:function` that makes a source of a device's name; tests give a fake.
        log_path: Where the process writes what it has to say; default the cache.
    """

    def __init__(
        self, engine: SoundEngine, *, source: str = DEFAULT_SOURCE, log_path: Path | None = None
    ) -> None:
        self.status = LiveStatus()
        self._engine = engine
        self._lane = Lane(
            "birdscope.engine.live_process",
            (source,),
            log_path or paths.cache() / "engine" / "live.log",
            lambda message: self._in_loop(self._received, message),
            lambda status: self._in_loop(self._lost, status),
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._context = contextvars.Context()
        self._tokens = itertools.count(1)
        self._asked: dict[int, asyncio.Future[object]] = {}
        self._listeners: list[Callable[[object], None]] = []
        self._wanted: messages.Listen | None = None
        self._begun = self._records = self._down = False
        self._windows: deque[WindowHeard] = deque()
        self._news = asyncio.Event()
        self._scoring: asyncio.Task[None] | None = None
        self._forget_engine: Callable[[], None] = lambda: None
        self._losses: deque[float] = deque(maxlen=RESTARTS_ALLOWED)

    @property
    def pid(self) -> int | None:
        """Process id; None before start."""
        return self._lane.pid

    def tell(self, listener: Callable[[object], None]) -> Callable[[], None]:
        """Have every LiveStatus, LiveWindow, Kept and NotRecorded; gives what ends it."""
        self._listeners.append(listener)

        def forget() -> None:
            with suppress(ValueError):
                self._listeners.remove(listener)

        return forget

    def start(self, device: str = "", folder: Path | None = None) -> None:
        """Listen to an input, from the beginning; also in place of another one.

        Args:
            device: One of `devices`; empty is the system's default.
            folder: Where recordings are written; None where nothing may be.
        """
        self._run_process()
        self._wanted = messages.Listen(next(self._tokens), device, folder, self._margin_s())
        self._records = False
        self._windows.clear()
        self.status = LiveStatus()
        self._begin("starting")

    async def devices(self) -> list[str]:
        """Names of the inputs there are, without the system's default.

        Raises:
            EngineError: there is no sound system, or the process was lost.
        """
        self._run_process()
        found = await self._ask(messages.DevicesWanted(next(self._tokens)))
        assert isinstance(found, list)
        return found

    async def picture(
        self,
        first: int,
        columns: int,
        column_s: float,
        rows: int,
        scale: str,
        low_hz: float,
        high_hz: float,
        n_fft: int | None = None,
        overlap: float = 0.5,
    ) -> npt.NDArray[np.float32]:
        """Columns of the picture since the beginning; see `PictureWanted`.

        Returns:
            DB, float32 [rows, columns], row 0 the highest frequency; NaN where nothing is known.

        Raises:
            EngineError: the process was lost.
        """
        question = messages.PictureWanted(
            next(self._tokens), first, columns, column_s, rows, scale, low_hz, high_hz,
            n_fft, overlap,
        )  # fmt: skip
        answer: Any = await self._ask(question)
        cells: npt.NDArray[np.float32] = answer
        return cells

    def record(self, on: bool) -> None:
        """Begin a recording with the present window, or end it."""
        self._records = on
        self._send(messages.Record(on))

    def stop(self) -> None:
        """Listen no more; the process stays, so that the next start is a quick one.

        A recording under way is finished: that it is kept is told when it is.
        """
        self._wanted, self._records = None, False
        self._windows.clear()
        self._send(messages.Quiet())
        self._show(state="off", recording=None, waiting=0)

    def close(self) -> None:
        """End the process; waits a moment for a recording under way."""
        self._wanted, self._loop = None, None
        self._forget_engine()
        if self._scoring is not None:
            self._scoring.cancel()
            self._scoring = None
        for future in self._asked.values():
            future.cancel()
        self._windows.clear()
        self._lane.stop(grace_s=5.0)
        self._show(state="off")

    def _run_process(self) -> None:
        if self._down:
            self._down = False
            self._losses.clear()
            self._lane.start()
        if self._loop is not None:
            return
        self._loop, self._context = asyncio.get_running_loop(), contextvars.copy_context()
        self._lane.start()
        self._scoring = asyncio.create_task(self._score_for_ever())
        self._forget_engine = self._engine.listen(lambda status: self._engine_changed())

    def _begin(self, state: LiveState, text: str = "") -> None:
        """Ask for sound from the beginning."""
        self._begun = False
        if self._wanted is not None:
            self._send(self._wanted)
            self._show(state=state, text=text, recording=None, levels=QUIET)

    def _margin_s(self) -> float | None:
        loaded = self._engine.loaded
        return loaded.margin_s if loaded is not None else None

    def _engine_changed(self) -> None:
        self._news.set()
        wanted, margin_s = self._wanted, self._margin_s()
        if wanted is not None and margin_s is not None and margin_s != wanted.margin_s:
            self._wanted = replace(wanted, margin_s=margin_s)
            self._send(messages.Margin(margin_s))

    def _received(self, message: object) -> None:
        if isinstance(message, messages.Answer):
            self._answered(message)
        elif isinstance(message, messages.Kept | messages.NotRecorded):
            self._records &= not isinstance(message, messages.NotRecorded)
            self._publish(message)
        elif isinstance(message, messages.Begun):
            self._begun = self._wanted is not None and self._wanted.token == message.token
        elif self._wanted is None or not self._begun:
            return
        elif isinstance(message, Heard):
            self._heard(message)
        elif isinstance(message, WindowHeard):
            self._queue(message)
        elif isinstance(message, messages.WindowMissed):
            self._show(skipped=self.status.skipped + 1)
        elif isinstance(message, messages.Opened):
            self._show(
                state="listening",
                device=message.device,
                rate_hz=message.rate_hz,
                text="",
                remedy="",
            )
        elif isinstance(message, messages.Waits):
            self._show(state="waiting", text=message.text, remedy=message.remedy)

    def _heard(self, message: Heard) -> None:
        self._show(
            heard_s=message.heard_s,
            levels=message.levels,
            overflows=message.overflows,
            recording=message.recording,
            recorded_s=message.recorded_s,
        )

    def _queue(self, window: WindowHeard) -> None:
        self._windows.append(window)
        while len(self._windows) > WAITING:
            self._windows.popleft()
            self._show(skipped=self.status.skipped + 1)
        self._show(waiting=len(self._windows))
        self._news.set()

    async def _score_for_ever(self) -> None:
        while True:
            while not self._windows or self._engine.loaded is None:
                self._news.clear()
                await self._news.wait()
            window = self._windows[0]
            try:
                scored = await self._engine.score_sound(
                    window.waveform, window.index, window.n_windows
                )
            except Cancelled:
                continue
            except EngineError as error:
                await self._not_scored(window, error)
                continue
            if self._is_first(window):
                self._windows.popleft()
                self._show(windows=self.status.windows + 1, waiting=len(self._windows))
                self._publish(
                    LiveWindow(window.number, scored.values, window.ended_at, scored.seconds)
                )

    async def _not_scored(self, window: WindowHeard, error: EngineError) -> None:
        """Ask again once the nets are back; a window that they refuse is left out."""
        if self._engine.loaded is None:
            return
        if self._is_first(window):
            self._windows.popleft()
        self._show(skipped=self.status.skipped + 1, text=str(error))
        await asyncio.sleep(0)

    def _is_first(self, window: WindowHeard) -> bool:
        return bool(self._windows) and self._windows[0] is window

    def _lost(self, status: int) -> None:
        """The process ended by itself: say so, and listen again."""
        reason = f"the process that listens was lost ({end_text(status)})"
        for future in self._asked.values():
            if not future.done():
                future.set_exception(EngineError(reason, remedy="it starts again; ask again"))
        self._losses.append(time.monotonic())
        often = len(self._losses) == RESTARTS_ALLOWED
        if often and time.monotonic() - self._losses[0] < RESTARTS_SPAN_S:
            self._down = True
            self._show(
                state="failed",
                text=f"{reason} {RESTARTS_ALLOWED} times",
                remedy="close live input and open it again",
            )
            return
        self._lane.start()
        records = self._records
        if self._wanted is not None:
            following = math.ceil(self.status.heard_s / WINDOW_S)
            self._wanted = replace(self._wanted, first_window=following)
        self._begin("restarted", f"{reason}; it starts again")
        if records:
            self._send(messages.Record(True))

    async def _ask(self, question: messages.DevicesWanted | messages.PictureWanted) -> object:
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._asked[question.token] = future
        try:
            self._send(question)
            return await future
        finally:
            self._asked.pop(question.token, None)

    def _answered(self, message: messages.Answer) -> None:
        future = self._asked.get(message.token)
        if future is None or future.done():
            return
        if message.problem:
            future.set_exception(EngineError(message.problem))
        else:
            future.set_result(message.value)

    def _send(self, message: object) -> None:
        # A process that is just ending is noticed by its reader, which starts a new one.
        with suppress(BirdscopeError):
            self._lane.send(message)

    def _show(self, **changes: object) -> None:
        status = replace(self.status, **changes)  # type: ignore[arg-type]
        if status != self.status:
            self.status = status
            self._publish(status)

    def _publish(self, news: object) -> None:
        for listener in tuple(self._listeners):
            listener(news)

    def _in_loop(self, function: Callable[[Any], None], argument: object) -> None:
        """From a reader thread into the interface's loop, in the context of `start`."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(function, argument, context=self._context)
