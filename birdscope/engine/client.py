"""The engine as the interface sees it: ask, listen, never wait. Imports no torch."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from birdscope.core import paths
from birdscope.core.errors import Cancelled, EngineError
from birdscope.engine import messages
from birdscope.engine.asides import Asides
from birdscope.engine.lane import Lane, end_text
from birdscope.engine.live_messages import ScoreSound, SoundScored
from birdscope.engine.messages import LoadedEnsemble, Segments, SegmentsScored, WindowScored
from birdscope.engine.questions import Questions
from birdscope.engine.status import EngineStatus, Stream, WindowsWanted

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

DEFAULT_LOADER = "birdscope.engine.loading:load_predictor"
RESTARTS_ALLOWED = 3
RESTARTS_SPAN_S = 60.0

ArgumentT = TypeVar("ArgumentT")


class Engine:
    """Two helper processes: one for models, one for quick answers (`questions`).

    All methods belong to one asyncio loop, the interface's. A lost process is started and
    warmed again, and what it was doing goes on; after three losses within a minute it says
    so and stays down until the next `warm`.

    Args:
        loader: `module:function` that makes a predictor; tests give a fake one.
        log_folder: Where the processes write what they have to say; default the cache.
    """

    def __init__(self, *, loader: str = DEFAULT_LOADER, log_folder: Path | None = None) -> None:
        folder = log_folder or paths.cache() / "engine"
        self.log_path = folder / "engine.log"
        self.questions = Questions(folder / "quick.log")
        self.status = EngineStatus()
        self.loaded: LoadedEnsemble | None = None
        self._models = Lane(
            "birdscope.engine.worker",
            (loader, str(self.log_path)),
            self.log_path,
            lambda message: self._in_loop(self._received, message),
            lambda status: self._in_loop(self._lost, status),
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._context = contextvars.Context()
        self._listeners: list[Callable[[EngineStatus], None]] = []
        self._tokens = itertools.count(1)
        self._last_warm: messages.Warm | None = None
        self._warming: asyncio.Future[LoadedEnsemble] | None = None
        self._stream: Stream | None = None
        self._asides = Asides(self._send)
        self._losses: deque[float] = deque(maxlen=RESTARTS_ALLOWED)
        self._down = False
        self._window_times: deque[float] = deque(maxlen=8)

    @property
    def running(self) -> bool:
        """Whether the processes were started."""
        return self._loop is not None

    @property
    def pid(self) -> int | None:
        """Process id of the model lane; None before start."""
        return self._models.pid

    def start(self) -> None:
        """Start both processes; call it after the first paint. A second call does nothing."""
        if self.running:
            return
        self._loop, self._context = asyncio.get_running_loop(), contextvars.copy_context()
        self._models.start()
        self.questions.start()
        self._show(state="starting", text="engine process starts")

    def listen(self, listener: Callable[[EngineStatus], None]) -> Callable[[], None]:
        """Call `listener` at every change of `status`; gives the function that ends it."""
        self._listeners.append(listener)

        def forget() -> None:
            with suppress(ValueError):
                self._listeners.remove(listener)

        return forget

    async def warm(self, ensemble: Path, classes: Sequence[str]) -> LoadedEnsemble:
        """Load an ensemble; at once where it is the loaded one.

        Raises:
            EngineError: it can't be loaded; says why and what to do.
            Cancelled: a newer `warm` took its place.
        """
        self.start()
        request = messages.Warm(next(self._tokens), ensemble, tuple(classes))
        if self._holds(request):
            if self.loaded is not None:
                return self.loaded
            if self._warming is not None:
                return await asyncio.shield(self._warming)
        self._give_up_warming()
        self._end_stream()
        self._last_warm, self.loaded = request, None
        self._warming = asyncio.get_running_loop().create_future()
        self._show(
            state="warming",
            text="loading",
            remedy="",
            done=None,
            total=None,
            ensemble=ensemble.stem,
        )
        if self._down:
            self._down = False
            self._losses.clear()
            self._models.start()
        self._send(request)
        return await asyncio.shield(self._warming)

    async def predict_windows(self, wanted: WindowsWanted) -> AsyncIterator[WindowScored]:
        """Score windows and give each as it is ready; a newer call ends an older one.

        Asked while an ensemble is loading, it begins when that is done. Leaving the
        iteration (or cancelling its task) stops the work at the next window.

        Raises:
            EngineError: no ensemble, or the recording can't be read.
        """
        if self.loaded is None and self._warming is None:
            raise EngineError("no ensemble is loaded", remedy="choose one with e")
        self._end_stream()
        stream = self._stream = Stream(next(self._tokens), wanted)
        self._send(stream.request())
        if self.loaded is not None:
            self._show(state="busy", text="")
        try:
            while (result := await stream.results.get()) is not None:
                if isinstance(result, BaseException):
                    raise result
                yield result
        finally:
            if self._stream is stream:
                self.cancel()

    async def predict_recording(self, wanted: WindowsWanted) -> list[WindowScored]:
        """All wanted windows, once the last is done."""
        return [result async for result in self.predict_windows(wanted)]

    async def segments(self, path: Path, index: int, n_windows: int, column: int) -> SegmentsScored:
        """Which part of a window triggered a species; answered between two predicted windows.

        Args:
            path: The sound file.
            index: The window.
            n_windows: Windows of the recording.
            column: Of the species.

        Raises:
            EngineError: no ensemble is loaded, or the sound can't be read.
            Cancelled: a newer question took its place.
        """
        self._need_ensemble()
        question = Segments(next(self._tokens), path, index, n_windows, column)
        return await self._asides.ask(question, SegmentsScored)

    async def score_sound(
        self, waveform: npt.NDArray[np.float32], index: int, n_windows: int
    ) -> SoundScored:
        """Score a window of sound that is in no file; answered between two predicted windows.

        Args:
            waveform: float32 [samples] at 32 kHz.
            index: The window's place in it, in windows.
            n_windows: Windows of the waveform.

        Raises:
            EngineError: no ensemble is loaded, or the process was lost.
            Cancelled: a newer question took its place.
        """
        self._need_ensemble()
        question = ScoreSound(next(self._tokens), waveform, index, n_windows)
        return await self._asides.ask(question, SoundScored)

    def _need_ensemble(self) -> None:
        if self.loaded is None:
            raise EngineError("no ensemble is loaded", remedy="choose one with e")

    def cancel(self) -> None:
        """Stop predicting at the next window; the iteration ends."""
        if self._stream is not None:
            self._send(messages.Cancel(self._stream.token))
            self._end_stream()
            self._idle()

    def close(self) -> None:
        """End both processes; waits a moment for them."""
        self._give_up_warming()
        self._end_stream()
        self._asides.end(Cancelled("the engine ends"))
        self._loop = None
        self._models.stop()
        self.questions.close()
        self.loaded = self._last_warm = None
        self._show(state="off", text="")

    def _in_loop(self, function: Callable[[ArgumentT], None], argument: ArgumentT) -> None:
        """From a reader thread into the interface's loop, in the context of `start`."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(function, argument, context=self._context)

    def _received(self, message: object) -> None:
        stream = self._stream
        if isinstance(message, messages.Warming | messages.Warmed):
            if self._last_warm is not None and self._last_warm.token == message.token:
                self._warming_news(message)
        elif isinstance(message, SegmentsScored | SoundScored):
            self._asides.answered(message)
        elif isinstance(message, messages.Failed):
            self._failed(message)
        elif isinstance(message, messages.Started):
            if self.status.state in ("starting", "restarted") and self._last_warm is None:
                self._show(state="idle", text="no ensemble is loaded")
        elif (
            isinstance(message, WindowScored | messages.Predicted)
            and stream is not None
            and message.token == stream.token
        ):
            self._streamed(stream, message)

    def _warming_news(self, message: messages.Warming | messages.Warmed) -> None:
        if isinstance(message, messages.Warming):
            done, total = message.done, message.total
            self._show(state="warming", text=message.text, done=done, total=total)
            return
        self.loaded = message.loaded
        self._window_times.clear()
        state = "busy" if self._stream is not None else "ready"
        self._show(state=state, text="", remedy="", window_s=message.loaded.window_s)
        warming, self._warming = self._warming, None
        if warming is not None and not warming.done():
            warming.set_result(message.loaded)

    def _streamed(self, stream: Stream, result: WindowScored | messages.Predicted) -> None:
        if isinstance(result, messages.Predicted):
            self._end_stream()
            self._idle()
            return
        if result.seconds > 0:
            self._window_times.append(result.seconds)
        times = self._window_times
        mean_s = sum(times) / len(times) if times else self.status.window_s
        stream.took(result)
        self._show(state="busy", text="", window_s=mean_s)

    def _failed(self, message: messages.Failed) -> None:
        error = messages.error_of(message)
        if self._last_warm is not None and self._last_warm.token == message.token:
            self._give_up(error)
        elif self._stream is not None and self._stream.token == message.token:
            self._end_stream(error)
            self._idle()
        else:
            self._asides.failed(message.token, error)

    def _lost(self, status: int) -> None:
        """The process ended by itself: say so, start it again, ask again."""
        self._losses.append(time.monotonic())
        self.loaded = None
        reason = f"the engine process was lost ({end_text(status)})"
        self._asides.end(EngineError(reason, remedy="it starts again; ask again"))
        often = len(self._losses) == RESTARTS_ALLOWED
        if often and time.monotonic() - self._losses[0] < RESTARTS_SPAN_S:
            self._down = True
            remedy = f"choose an ensemble again with e; its log is {self.log_path}"
            self._give_up(EngineError(f"{reason} {RESTARTS_ALLOWED} times", remedy=remedy))
            return
        self._show(state="restarted", text=f"{reason}; it starts again", done=None, total=None)
        self._models.start()
        if self._last_warm is not None:
            if self._warming is None:
                self._warming = asyncio.get_running_loop().create_future()
            self._send(self._last_warm)
        if self._stream is not None:
            self._send(self._stream.request())

    def _give_up(self, error: EngineError) -> None:
        """The ensemble can't be used."""
        self._last_warm = None
        text = f"{error.path}: {error.what}" if error.path is not None else error.what
        self._show(state="failed", text=text, remedy=error.remedy or "")
        self._give_up_warming(error)
        self._end_stream(error)

    def _give_up_warming(self, error: EngineError | Cancelled | None = None) -> None:
        warming, self._warming = self._warming, None
        if warming is not None and not warming.done():
            warming.set_exception(error or Cancelled("a newer request took its place"))
            # Nobody may be waiting any more; asking marks the exception as seen.
            warming.exception()

    def _end_stream(self, error: EngineError | None = None) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.end(error)

    def _holds(self, request: messages.Warm) -> bool:
        last = self._last_warm
        wanted = (request.ensemble, request.classes)
        return last is not None and (last.ensemble, last.classes) == wanted

    def _send(self, message: object) -> None:
        # A process that is just ending is noticed by its reader, which starts a new one.
        with suppress(EngineError):
            self._models.send(message)

    def _idle(self) -> None:
        if self.status.state == "busy":
            self._show(state="ready", text="")

    def _show(self, **changes: object) -> None:
        status = replace(self.status, **changes)  # type: ignore[arg-type]
        if status != self.status:
            self.status = status
            for listener in tuple(self._listeners):
                listener(status)
