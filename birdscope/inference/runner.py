"""Run a predictor over recordings into a store: prepare ahead, write each block, go on after all.

Whatever is wrong with a recording becomes its outcome in the store; the run goes on.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from birdscope.core.events import Emit, Event, Stop, silent
from birdscope.core.scores import ScoredCheckpoint
from birdscope.core.types import Recording
from birdscope.core.units import duration
from birdscope.inference.decoding import Decoded, decode
from birdscope.inference.preparing import Prepared
from birdscope.inference.store import Mark, ScoresStore
from birdscope.inference.time_guard import GuardReport, TimeGuard, Watch

# Recordings decoded while another is predicted: enough to never wait, little memory; long ones, of
# more than so many windows together, wait for their turn (230 MB of sound).
AHEAD, WINDOWS_AHEAD = 2, 360
_TELL_EVERY_S = 2.0
_WORTH_A_WARNING = ("damaged", "unreadable")


class WindowPredictor(Protocol):
    """What the runner needs of an ensemble: probabilities of a recording's windows."""

    @property
    def checkpoints(self) -> tuple[ScoredCheckpoint, ...]:
        """The K layers."""

    def predict(
        self,
        waveform: npt.NDArray[np.float32],
        n_windows: int,
        *,
        watch: Watch | None = None,
    ) -> npt.NDArray[np.float32]:
        """Probabilities [K, W, C] of a waveform [samples] at 32 kHz; NaN where not wanted."""


@runtime_checkable
class PreparingPredictor(WindowPredictor, Protocol):
    """One whose work before the nets may be done elsewhere."""

    def prepare(self, waveform: npt.NDArray[np.float32], n_windows: int) -> Prepared:
        """The mels of a waveform [samples] at 32 kHz; called in other threads."""

    def run(
        self,
        prepared: Prepared,
        *,
        stop: Stop | None = None,
        watch: Watch | None = None,
        step: Callable[[float], None] | None = None,
    ) -> npt.NDArray[np.float32]:
        """As `predict` of what was prepared; `stop` is heeded, `step` told, batch by batch."""


@dataclass(frozen=True)
class _Ready:
    """A recording that was decoded and, where the predictor allows it, prepared."""

    decoded: Decoded
    prepared: Prepared | None


@dataclass(frozen=True)
class RunReport:
    """What a run came to.

    Attributes:
        marks: The outcome of each finished recording, those of earlier runs included.
        total: Recordings in all.
        predicted: Recordings predicted by this run.
        seconds: Wall time of this run.
        skipped: Keys of the recordings that a time limit left without any model.
        guard: What keeping a time limit took; None without one.
    """

    marks: tuple[Mark, ...]
    total: int
    predicted: int
    seconds: float
    skipped: tuple[str, ...] = ()
    guard: GuardReport | None = None

    @property
    def counts(self) -> dict[str, int]:
        """Status → recordings, the most frequent first."""
        return dict(Counter(mark.status for mark in self.marks).most_common())

    @property
    def odd(self) -> tuple[Mark, ...]:
        """The recordings that were not simply ok."""
        return tuple(mark for mark in self.marks if mark.status != "ok")

    @property
    def out_of_time(self) -> tuple[str, ...]:
        """Keys of the recordings that a time limit kept some checkpoints or all from."""
        return (*self.skipped, *(mark.recording for mark in self.marks if mark.left_out))


def predict_recordings(
    predictor: WindowPredictor,
    recordings: Sequence[Recording],
    store: ScoresStore,
    *,
    emit: Emit = silent,
    stop: Stop | None = None,
    threads: int = 1,
    guard: TimeGuard | None = None,
) -> RunReport:
    """Predict the recordings that the store doesn't have yet.

    Args:
        predictor: Runs in this thread.
        recordings: Those of the store, in its order.
        store: Open for writing.
        emit: Hears progress with `eta_s`, and a warning for each damaged recording.
        stop: Heeded between recordings; by a PreparingPredictor between batches too.
        threads: That decode and compute mels ahead.
        guard: Keeps a time limit: leaves checkpoints out, or ends before the last recording.

    Raises:
        Cancelled: if stopped; what was finished is kept.
        ScoresError: if the store can't be written.
    """
    missing = [one for one in recordings if one.key not in store.done]
    already = len(recordings) - len(missing)
    if already:
        emit(Event("started", f"{already} of {len(recordings)} recordings are there already"))
    telling = _Telling(emit, already, len(recordings))
    emit(Event("progress", "predicting", already, len(recordings), "recording"))
    if guard is not None:
        guard.begin(sum(_windows(store, one) for one in missing), already)
    predicted = 0
    # without enumerate, which keeps what it gave last: an hour of sound while the next is decoded
    for ready in _ready_ahead(predictor, store, missing, threads, stop):
        if guard is not None and guard.over:
            break
        predicted += _predict_one(predictor, ready, store, telling, guard, stop)
        telling.finished()
        del ready  # its sound, before that of the next is waited for
    marks = tuple(store.marks[one.key] for one in recordings if one.key in store.marks)
    skipped = tuple(one.key for one in recordings if one.key not in store.marks)
    seconds = telling.elapsed_s
    report = guard.report() if guard is not None else None
    return RunReport(marks, len(recordings), predicted, seconds, skipped, report)


def _windows(store: ScoresStore, recording: Recording) -> int:
    span = store.rows.span(recording.key)
    return int(span.stop - span.start)


def _predict_one(
    predictor: WindowPredictor,
    ready: _Ready,
    store: ScoresStore,
    telling: _Telling,
    guard: TimeGuard | None,
    stop: Stop | None,
) -> bool:
    """Predict a recording and keep what came of it; False where there was no time for it."""
    in_time, decoded = True, ready.decoded
    n_windows = _windows(store, decoded.recording)
    telling.begin(decoded.recording, n_windows)
    if decoded.waveform is None:
        _keep(decoded, None, (), store, telling.emit)
    elif guard is None or guard.plan(n_windows):
        block = _block(predictor, ready, decoded.waveform, n_windows, telling, guard, stop)
        left_out = guard.left_out if guard is not None else ()
        there = store.marks.get(decoded.recording.key)
        # Another try that got no further than the last one leaves that one in place.
        if there is None or len(left_out) < len(there.left_out):
            _keep(decoded, block, left_out, store, telling.emit)
    else:
        in_time = False
    if guard is not None:
        guard.finish(n_windows)
    return in_time


def _block(
    predictor: WindowPredictor,
    ready: _Ready,
    waveform: npt.NDArray[np.float32],
    n_windows: int,
    telling: _Telling,
    guard: TimeGuard | None,
    stop: Stop | None,
) -> npt.NDArray[np.float32]:
    """Probabilities [K, W, C] of a recording."""
    if ready.prepared is not None and isinstance(predictor, PreparingPredictor):
        return predictor.run(ready.prepared, stop=stop, watch=guard, step=telling.within)
    if guard is None:
        return predictor.predict(waveform, n_windows)
    return predictor.predict(waveform, n_windows, watch=guard)


def _keep(
    decoded: Decoded,
    block: npt.NDArray[np.float32] | None,
    left_out: tuple[str, ...],
    store: ScoresStore,
    emit: Emit,
) -> None:
    """Write what came of a recording."""
    key, status, message = decoded.recording.key, decoded.status, decoded.message
    if block is not None:
        layers = zip(store.meta.checkpoints, block, strict=True)
        if not all(np.isfinite(one).all() for layer, one in layers if layer.name not in left_out):
            status, message = "damaged", "the ensemble gave no number for some of its windows"
    if status in _WORTH_A_WARNING:
        data = {"recording": key, "status": status}
        emit(Event("warning", f"{key} is {status}: {message}", data=data))
    store.write(key, block, status, message, decoded.duration_s, left_out)


class _Telling:
    """Says how far a run is: after each recording, and now and then within a long one."""

    def __init__(self, emit: Emit, already: int, total: int) -> None:
        self.emit = emit
        self._already, self._total = already, total
        self._begun_s = time.monotonic()
        self._told_s = self._begun_s
        self._done = 0
        self._name, self._windows = "", 0

    @property
    def elapsed_s(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._begun_s

    def begin(self, recording: Recording, n_windows: int) -> None:
        """A recording's turn has come."""
        self._name, self._windows = recording.name, n_windows

    def within(self, share: float) -> None:
        """A share of the recording is done, 0 to 1."""
        if share < 1 and time.monotonic() - self._told_s >= _TELL_EVERY_S:
            windows = f"window {round(share * self._windows):,} of {self._windows:,}"
            self._tell(self._done + share, f"{self._name}, {windows}")

    def finished(self) -> None:
        """The recording is finished."""
        self._done += 1
        self._tell(self._done, self._name)

    def _tell(self, done: float, text: str) -> None:
        self._told_s = time.monotonic()
        s_per_recording = self.elapsed_s / done
        eta_s = (self._total - self._already - done) * s_per_recording
        self.emit(
            Event(
                "progress",
                f"{text}, {duration(eta_s)} left" if eta_s else text,
                done=round(self._already + done, 2),
                total=self._total,
                unit="recording",
                data={"eta_s": round(eta_s, 1), "s_per_recording": round(s_per_recording, 3)},
            )
        )


def _ready_ahead(
    predictor: WindowPredictor,
    store: ScoresStore,
    recordings: Sequence[Recording],
    threads: int,
    stop: Stop | None,
) -> Iterator[_Ready]:
    """Prepare in other threads, at most `AHEAD` recordings further than what was taken."""
    waiting: deque[tuple[int, Future[_Ready]]] = deque()
    todo = deque((one, _windows(store, one)) for one in recordings)
    pool = ThreadPoolExecutor(max(1, threads), thread_name_prefix="prepare")
    try:
        while True:
            while todo and _has_room([windows for windows, _ in waiting], todo[0][1]):
                recording, windows = todo.popleft()
                made = pool.submit(_made_ready, predictor, recording, windows)
                waiting.append((windows, made))
            if not waiting:
                return
            if stop is not None:
                stop.check()
            yield waiting.popleft()[1].result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _has_room(waiting: Sequence[int], windows: int) -> bool:
    """Whether to prepare one more recording beside those that wait, all by their windows."""
    if not waiting:
        return True
    return len(waiting) < AHEAD and sum(waiting) + windows <= WINDOWS_AHEAD


def _made_ready(predictor: WindowPredictor, recording: Recording, n_windows: int) -> _Ready:
    decoded = decode(recording)
    if decoded.waveform is None or not isinstance(predictor, PreparingPredictor):
        return _Ready(decoded, None)
    return _Ready(decoded, predictor.prepare(decoded.waveform, n_windows))
