"""An engine without processes, whose windows come when a test lets them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import EngineError
from birdscope.core.scores import ScoredCheckpoint
from birdscope.core.settings import Settings
from birdscope.engine.blending import blend_recording
from birdscope.engine.messages import (
    Blended,
    EnsembleInfo,
    LoadedEnsemble,
    MemberInfo,
    Recall,
    Recalled,
    SegmentsScored,
    WindowScored,
)
from birdscope.engine.recalling import recall
from birdscope.engine.status import EngineStatus, WindowsWanted
from birdscope.session.live_scores import LiveMeta, LiveScores
from birdscope.session.session import scores_folder

CHECKPOINTS = (ScoredCheckpoint("a0", "alpha"), ScoredCheckpoint("b0", "beta"))
WEIGHTS = {"alpha": 0.5, "beta": 0.5}
FINGERPRINT = "f" * 64


def score(index: int, classes: int) -> npt.NDArray[np.float32]:
    """[K, C]: in window w, class w leads with 0.9 for alpha and 0.7 for beta."""
    values = np.full((2, classes), 0.05, np.float32)
    values[:, index % classes] = (0.9, 0.7)
    return values


class FakeQuestions:
    """The quick lane, answered in place."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine

    async def describe(self, ensemble: Path) -> EnsembleInfo:
        members = tuple(MemberInfo(name, "sed tiny", 0.5, 1) for name in WEIGHTS)
        problem = self._engine.ensemble_problem
        fingerprint = "" if problem else FINGERPRINT
        return EnsembleInfo(ensemble, ensemble.stem, members, Settings(), fingerprint, problem)

    async def recall(
        self, recording: str, path: Path, folder: Path, jobs: Path | None = None
    ) -> Recalled | None:
        return recall(Recall(0, recording, path, folder, jobs))

    async def blend(
        self,
        values: npt.NDArray[np.float32],
        checkpoints: Sequence[ScoredCheckpoint],
        weights: Mapping[str, float],
        settings: Settings,
        **more: Any,
    ) -> Blended:
        return blend_recording(values, checkpoints, weights, settings, **more)


class FakeEngine:
    """Looks like birdscope.engine.client.Engine.

    Args:
        held: Windows wait for `let` instead of coming at once.
        ensemble_problem: What describing an ensemble complains about.
        classes: What its checkpoints know, where no dataset says what is wanted.
    """

    def __init__(
        self, *, held: bool = False, ensemble_problem: str = "", classes: Sequence[str] = ()
    ) -> None:
        self.classes = tuple(classes)
        self.status = EngineStatus()
        self.loaded: LoadedEnsemble | None = None
        self.questions = FakeQuestions(self)
        self.ensemble_problem = ensemble_problem
        self.asked: list[tuple[int, ...]] = []
        self._listeners: list[Callable[[EngineStatus], None]] = []
        self._gate = asyncio.Semaphore(0 if held else 1_000_000)

    def let(self, windows: int = 1) -> None:
        """Let so many windows be ready."""
        for _ in range(windows):
            self._gate.release()

    def start(self) -> None:
        self.show(state="starting")

    def close(self) -> None:
        self.show(state="off")

    def listen(self, listener: Callable[[EngineStatus], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def show(self, **changes: Any) -> None:
        self.status = replace(self.status, **changes)
        for listener in tuple(self._listeners):
            listener(self.status)

    async def warm(self, ensemble: Path, classes: Sequence[str]) -> LoadedEnsemble:
        self.show(state="warming", text="loading a0", done=1, total=2, ensemble=ensemble.stem)
        await asyncio.sleep(0)
        self.loaded = LoadedEnsemble(
            ensemble, CHECKPOINTS, tuple(classes) or self.classes, WEIGHTS, FINGERPRINT, 0.1
        )
        self.show(state="ready", text="", window_s=0.1)
        return self.loaded

    async def segments(self, path: Path, index: int, n_windows: int, column: int) -> SegmentsScored:
        times_s = tuple(index * 5.0 + 0.05 + 0.1 * step for step in range(50))
        return SegmentsScored(1, times_s, (column / 10,) * 50)

    async def predict_windows(self, wanted: WindowsWanted) -> AsyncIterator[WindowScored]:
        if self.loaded is None:
            raise EngineError("no ensemble is loaded")
        self.asked.append(wanted.order)
        self.show(state="busy")
        for index in wanted.order:
            await self._gate.acquire()
            values = score(index, len(self.loaded.classes))
            self._keep(wanted, index, values)
            yield WindowScored(0, wanted.recording, index, values, 0.1)
        self.show(state="ready")

    def _keep(self, wanted: WindowsWanted, index: int, values: npt.NDArray[np.float32]) -> None:
        if wanted.session_folder is None or self.loaded is None:
            return
        folder = scores_folder(wanted.session_folder, wanted.dataset, FINGERPRINT)
        meta = LiveMeta(self.loaded.classes, CHECKPOINTS, WEIGHTS)
        live = LiveScores.create(folder, meta)
        live.writer(wanted.recording, wanted.path, wanted.n_windows).write(index, values)
