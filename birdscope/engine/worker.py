"""The model lane: `python -m birdscope.engine.worker PIPE LOADER LOG`.

Loads an ensemble, then scores one window after the other. Between two windows it looks
whether something newer is wanted.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.core.errors import BirdscopeError, Cancelled, EngineError
from birdscope.core.events import Emit, Event
from birdscope.core.windows import SAMPLE_RATE_HZ, WINDOW_S
from birdscope.engine import messages
from birdscope.engine.fingerprint import ensemble_fingerprint
from birdscope.engine.inbox import Aside, Inbox
from birdscope.engine.live_messages import ScoreSound, SoundScored
from birdscope.engine.loading import Loader, SegmentScorer, WindowPredictor, decode, resolve
from birdscope.engine.process import Channel, settle_in
from birdscope.engine.waveforms import Waveforms

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from birdscope.session.live_scores import LiveWriter


class Worker:
    """Takes requests from the inbox until the pipe closes.

    Args:
        channel: The pipe to the interface.
        load: Makes a predictor of an ensemble file.
        waveforms: Decoded sound.
        log: Where tracebacks go, named in messages about unexpected errors.
    """

    def __init__(self, channel: Channel, load: Loader, waveforms: Waveforms, log: Path) -> None:
        self._channel = channel
        self._load = load
        self._waveforms = waveforms
        self._log = log
        self._inbox = Inbox()
        self._predictor: WindowPredictor | None = None
        self._loaded: messages.LoadedEnsemble | None = None
        self._segments: SegmentScorer | None = None

    def run(self) -> None:
        """Serve for ever; the pipe's end ends the process."""
        self._channel.listen(self._inbox.put)
        self._channel.send(messages.Started())
        while True:
            request = self._inbox.take()
            try:
                if isinstance(request, messages.Warm):
                    self._warm(request)
                elif isinstance(request, messages.Segments | ScoreSound):
                    self._answer(request)
                else:
                    self._predict(request)
            except Cancelled:
                continue
            except Exception as error:
                if not isinstance(error, BirdscopeError):
                    traceback.print_exc()
                self._channel.send(messages.failed(request.token, error, self._log))

    def _warm(self, request: messages.Warm) -> None:
        self._predictor = self._loaded = self._segments = None
        fingerprint = ensemble_fingerprint(request.ensemble)
        warnings: list[str] = []
        report = self._reporter(request, warnings)
        predictor = self._load(request.ensemble, request.classes, report)
        self._loaded = messages.LoadedEnsemble(
            request.ensemble,
            tuple(predictor.checkpoints),
            tuple(predictor.classes),
            dict(predictor.weights),
            fingerprint,
            0.0 if self._inbox.windows_wait else _first_window_s(predictor),
            tuple(warnings),
            float(getattr(predictor, "margin_s", 0.0)),
        )
        self._predictor = predictor
        self._channel.send(messages.Warmed(request.token, self._loaded))

    def _reporter(self, request: messages.Warm, warnings: list[str]) -> Emit:
        def report(event: Event) -> None:
            if event.kind == "warning":
                warnings.append(event.message)
                return
            if self._inbox.overtaken(request):
                raise Cancelled("overtaken by a newer request")
            text, done, total = event.message, event.done, event.total
            self._channel.send(messages.Warming(request.token, text, done, total))

        return report

    def _predict(self, request: messages.Predict) -> None:
        predictor = self._needed()
        assert self._loaded is not None
        kept = self._writer(request, self._loaded)
        left = len(request.order)
        for index in request.order:
            if self._inbox.overtaken(request):
                break
            self._channel.send(self._score(predictor, request, index, kept))
            left -= 1
            while (asked := self._inbox.take_aside()) is not None:
                self._answer(asked)
        if kept is not None:
            kept.flush()
        self._channel.send(messages.Predicted(request.token, left))

    def _score(
        self,
        predictor: WindowPredictor,
        request: messages.Predict,
        index: int,
        kept: LiveWriter | None,
    ) -> messages.WindowScored:
        token, recording = request.token, request.recording
        known = kept.read(index) if kept is not None else None
        if known is not None:
            return messages.WindowScored(token, recording, index, known, 0.0)
        begun = time.perf_counter()
        waveform, local, count = self._waveforms.around(request.path, index, request.n_windows)
        values = predictor.predict_window(waveform, local, count)
        _check(values, request.path, index)
        if kept is not None:
            kept.write(index, values)
        seconds = time.perf_counter() - begun
        return messages.WindowScored(token, recording, index, values, seconds)

    def _answer(self, request: Aside) -> None:
        """Answer between two windows; a failure must not end what is predicted."""
        try:
            if isinstance(request, ScoreSound):
                answer: object = self._score_sound(request)
            else:
                answer = self._find_part(request)
        except Exception as error:
            if not isinstance(error, BirdscopeError):
                traceback.print_exc()
            answer = messages.failed(request.token, error, self._log)
        self._channel.send(answer)

    def _score_sound(self, request: ScoreSound) -> SoundScored:
        begun = time.perf_counter()
        waveform, index, count = request.waveform, request.index, request.n_windows
        values = self._needed().predict_window(waveform, index, count)
        _check(values, Path("live input"), index)
        return SoundScored(request.token, values, time.perf_counter() - begun)

    def _find_part(self, request: messages.Segments) -> messages.SegmentsScored:
        """Say which part of a window triggered."""
        from birdscope.engine.loading import segment_scorer

        if self._segments is None:
            self._segments = segment_scorer(self._needed())
        if self._segments is None:
            raise EngineError("no ensemble is loaded", remedy="choose one with e")
        waveform, local, count = self._waveforms.around(
            request.path, request.index, request.n_windows
        )
        curve = self._segments.of(waveform, local, count)[:, request.column].tolist()
        step_s = WINDOW_S / len(curve)
        times_s = [request.index * WINDOW_S + (at + 0.5) * step_s for at in range(len(curve))]
        return messages.SegmentsScored(request.token, tuple(times_s), tuple(curve))

    def _needed(self) -> WindowPredictor:
        if self._predictor is None:
            raise EngineError("no ensemble is loaded", remedy="choose one with e")
        return self._predictor

    def _writer(
        self, request: messages.Predict, loaded: messages.LoadedEnsemble
    ) -> LiveWriter | None:
        from birdscope.session.live_scores import LiveMeta, LiveScores
        from birdscope.session.session import scores_folder

        if request.session_folder is None:
            return None
        folder = scores_folder(request.session_folder, request.dataset, loaded.fingerprint)
        meta = LiveMeta(loaded.classes, loaded.checkpoints, loaded.weights)
        try:
            live = LiveScores.create(folder, meta)
            return live.writer(request.recording, request.path, request.n_windows)
        except OSError as error:
            # a full disk keeps nobody from seeing predictions; the session tells of it
            print(f"not kept: {error}", file=sys.stderr)
            return None


def _first_window_s(predictor: WindowPredictor) -> float:
    """Seconds for a silent window; it also has the buffers set up before the first real one."""
    import numpy as np

    silence = np.zeros(WINDOW_S * SAMPLE_RATE_HZ, np.float32)
    begun = time.perf_counter()
    predictor.predict_window(silence, 0, 1)
    return time.perf_counter() - begun


def _check(values: npt.NDArray[np.float32], path: Path, index: int) -> None:
    import numpy as np

    if not np.isfinite(values).all():
        raise EngineError(
            f"the ensemble gave no number for the window at {index * WINDOW_S} s",
            path=path,
            remedy="check the file with birdscope scan, and the ensemble's weights",
        )


def main(arguments: Sequence[str]) -> None:
    """Entry point of the process."""
    handle, loader, log = arguments
    channel = settle_in(int(handle))
    Worker(channel, resolve(loader), Waveforms(decode), Path(log)).run()


if __name__ == "__main__":
    main(sys.argv[1:])
