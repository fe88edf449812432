"""A study lane without a process: its figures follow from the settings by simple rules."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np

from birdscope.core.errors import Cancelled, EngineError
from birdscope.core.scores import ScoredCheckpoint
from birdscope.core.settings import LowRankPower, Settings, Smooth
from birdscope.engine.tune_messages import (
    BlendFitted,
    FindSources,
    MeasuredSettings,
    OpenTuning,
    TuningOpened,
    TuningSource,
)
from birdscope.metrics.tune_results import (
    ClassDelta,
    Curves,
    FoldScore,
    IntervalSoFar,
    Measured,
    RowCost,
    StageScore,
)
from birdscope.postprocess.baselines import baselines

NAMES = {"a": "Great Kiskadee", "b": "Plain Xenops", "c": "Andean Guan", "d": "Rufous Motmot"}
SOURCE = TuningSource("soundscapes", "soundscape labels · demo", Path("/scores/demo"))
OWN = Settings(
    name="demo",
    steps=(LowRankPower(at="checkpoint"), Smooth(at="member", weight=0.2)),
)


class FakeTuning:
    """Looks like birdscope.engine.study_client.Study.

    Args:
        members: Of the ensemble.
        sources: What `find_sources` gives.
        unit: What a row is.
        held: Answers to `measure` wait for `let`.
    """

    def __init__(
        self,
        members: tuple[str, ...] = ("alpha", "beta"),
        sources: tuple[TuningSource, ...] = (SOURCE,),
        unit: Any = "window",
        *,
        held: bool = False,
    ) -> None:
        self.members = members
        self.sources = sources
        self.unit = unit
        self.asked: list[Settings] = []
        self.opened: list[OpenTuning] = []
        self.problem = ""
        self._newest: dict[tuple[str, str], int] = {}
        self._gate = asyncio.Semaphore(0 if held else 1_000_000)

    def let(self, answers: int = 1) -> None:
        """Let so many measurements be ready."""
        for _ in range(answers):
            self._gate.release()

    def close(self) -> None:
        """Nothing to end."""

    async def find_sources(self, wanted: FindSources) -> tuple[TuningSource, ...]:
        return self.sources

    async def open_tuning(self, wanted: OpenTuning) -> TuningOpened:
        self.opened.append(wanted)
        if self.problem:
            raise EngineError(self.problem, remedy="mend it")
        classes = tuple(NAMES)
        return TuningOpened(
            "soundscape labels" if wanted.kind == "soundscapes" else wanted.kind,
            self.unit,
            self.members,
            tuple(ScoredCheckpoint(f"{one}/0", one) for one in self.members),
            {one: round(1 / len(self.members), 2) for one in self.members},
            classes,
            NAMES,
            classes[:3],
            {"a": 120, "b": 14, "c": 1, "d": 0},
            1200,
            40,
            (0, 1, 2),
            ("1,200 windows of 40 recordings, every class in each", "1 class has no positive"),
            OWN,
            baselines(self.members),
        )

    async def measure(self, settings: Settings, slot: str = "") -> MeasuredSettings:
        await self._turn("measure", slot, gate=not slot)
        self.asked.append(settings)
        auc = figure(settings)
        folds = tuple(FoldScore(fold, auc + 0.01 * (fold - 1), 3) for fold in range(3))
        measured = Measured(
            auc, np.array([auc, auc, auc, np.nan]), 3, folds, auc, 0.01, auc - 0.3, 0.03
        )
        no_ops = {
            number: "monotone on the blend: no class's AUC can change"
            for number, one in enumerate(settings.steps)
            if one.kind == "power" and one.at == "ensemble"
        }
        return MeasuredSettings(measured, no_ops)

    async def stages(self, settings: Settings) -> tuple[StageScore, ...]:
        found = [StageScore("raw mean", None, 0.9, 0.0)]
        for number, one in enumerate(settings.steps):
            change = 0.01 if number % 2 == 0 else -0.004
            before = found[-1].macro_roc_auc
            title = f"{one.kind.replace('_', ' ')} · {one.at}"
            found.append(StageScore(title, number, before + change, change))
        return tuple(found)

    async def interval(
        self, settings: Settings, baseline: Settings, slot: str = ""
    ) -> AsyncIterator[IntervalSoFar]:
        difference = figure(settings) - figure(baseline)
        for resamples in (100, 1000):
            await self._turn("interval", slot)
            low, high = difference - 0.005, difference + 0.005
            badge: Any = "better" if low > 0 else "worse" if high < 0 else "within noise"
            yield IntervalSoFar(difference, low, high, resamples, 1000, badge)

    async def curves(self, settings: Settings, label: str) -> Curves:
        await self._turn("curves", "")
        x = np.linspace(0, 1, 21)
        if label == "d":
            empty = np.zeros(0)
            return Curves(label, empty, empty, empty, empty, np.nan, np.nan, 0, 1200)
        power = 0.2 if settings.steps else 0.4
        return Curves(label, x, x**power, x, 1 - 0.8 * x, 0.93, 0.61, 120, 1080)

    async def deltas(self, settings: Settings, baseline: Settings) -> tuple[ClassDelta, ...]:
        await self._turn("deltas", "")
        change = figure(settings) - figure(baseline)
        changes = {"a": change, "b": -change / 2, "c": 2 * change}
        positives = {"a": 120, "b": 14, "c": 1}
        return tuple(
            ClassDelta(label, 0.9 + by, 0.9, by, positives[label]) for label, by in changes.items()
        )

    async def costs(self, settings: Settings, label: str, limit: int = 200) -> tuple[RowCost, ...]:
        return ()

    async def ask(self, request: object, slot: str = "") -> object:
        """Only the blend is fitted this way."""
        weights = {one: (0.75 if number == 0 else 0.25) for number, one in enumerate(self.members)}
        return BlendFitted(weights, 0.91, 0.004, "within noise", 0.92, 0.01)

    async def _turn(self, kind: str, slot: str, *, gate: bool = False) -> None:
        """A breath; raises where a newer question of the kind came meanwhile."""
        mine = self._newest[kind, slot] = self._newest.get((kind, slot), 0) + 1
        await asyncio.sleep(0)
        if gate:
            await self._gate.acquire()
        if self._newest[kind, slot] != mine:
            raise Cancelled("a newer question took its place")


def figure(settings: Settings) -> float:
    """Every enabled step is worth something; smoothing is best at 0.25."""
    total = 0.9
    for step in settings.steps:
        if step.enabled and isinstance(step, Smooth):
            total += 0.02 - abs(step.weight - 0.25) / 10
        elif step.enabled:
            total += 0.004
    weights = settings.weights or {}
    return total + 0.01 * (weights.get("alpha", 0.5) - 0.5)
