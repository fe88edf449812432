"""What is known of the settings in hand and of the others: asked of the study lane, and kept.

The hand never waits: of the changes made meanwhile only the newest is measured.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.widget import Widget

from birdscope.core.errors import BirdscopeError, Cancelled
from birdscope.core.settings import Settings
from birdscope.tui.tune_board import Board
from birdscope.tui.tune_stack import same

if TYPE_CHECKING:
    from birdscope.engine.study_client import Study
    from birdscope.engine.tune_messages import MeasuredSettings
    from birdscope.metrics.tune_results import ClassDelta, Curves, IntervalSoFar, StageScore
    from birdscope.tui.services import Services

# A hand that has come to rest wants the interval; one that still moves wants the figure.
REST_S, PAUSE_S = 0.3, 0.05


@dataclass(frozen=True, slots=True)
class Latest:
    """Figures of settings that were in hand a moment ago; None where there are none."""

    measured: MeasuredSettings | None
    interval: IntervalSoFar | None


class Measuring:
    """Asks, and keeps the answers.

    Args:
        owner: The widget whose workers are used.
        services: The app's.
        hand: Gives the settings in hand.
        told: Called when something new is known.

    Attributes:
        is_open: Whether there is anything to measure on.
        board: All figures so far.
        baseline: What the others are compared with.
        label: The class whose curves are shown.
        deltas: Every scored class against the baseline.
        curves: Of the class under the settings in hand, and under the baseline.
        stages: The figure after each step of the settings in hand.
    """

    def __init__(
        self,
        owner: Widget,
        services: Services,
        hand: Callable[[], Settings],
        told: Callable[[], None],
    ) -> None:
        self._owner = owner
        self._services = services
        self._hand = hand
        self._tell = told
        self._to_measure, self._to_detail = asyncio.Event(), asyncio.Event()
        self._others: tuple[Settings, ...] = ()
        self._latest = Settings()
        self._latest_interval: IntervalSoFar | None = None
        self._begun = False
        self.is_open = False
        self.board = Board()
        self.baseline = Settings()
        self.label = ""
        self.deltas: tuple[ClassDelta, ...] = ()
        self.curves: tuple[Curves | None, Curves | None] = (None, None)
        self.stages: tuple[StageScore, ...] = ()

    @property
    def latest(self) -> Latest:
        """The newest figures of settings that were in hand, for the moment until theirs come."""
        return Latest(self.board.measured(self._latest), self._latest_interval)

    def begin(self) -> None:
        """Have the workers wait for something to do; a second call does nothing."""
        if not self._begun:
            self._begun = True
            self._run(self._measure_for_ever(), "tune-measure")
            self._run(self._detail_for_ever(), "tune-detail")

    def forget(self) -> None:
        """Other labels or scores: nothing that is known holds any more."""
        self._latest_interval = None
        self.board, self.deltas, self.stages, self.curves = Board(), (), (), (None, None)

    def close_data(self) -> None:
        """Another dataset or session."""
        self.is_open, self.baseline, self.label = False, Settings(), ""
        self.forget()

    def hand_moved(self) -> None:
        """Other settings are in hand."""
        self._to_measure.set()
        if self.is_open:
            self._run(self._rest_then_interval(), "tune-interval")

    def compare_with(self, baseline: Settings) -> None:
        """Compare all with these from now on."""
        self.baseline, self.deltas, self._latest_interval = baseline, (), None
        self.measure_all()

    def measure_all(self) -> None:
        """Measure the settings in hand and the others."""
        self.hand_moved()
        self.list_others(self._others)

    def list_others(self, others: tuple[Settings, ...]) -> None:
        """Measure the other settings of the table too, when nothing else is to be done."""
        self._others = others
        if self.is_open:
            self._run(self._measure_others(), "tune-others")

    def show_class(self, label: str) -> None:
        """Ask for the curves of a class."""
        if label != self.label:
            self.label, self.curves = label, (None, None)
            self._to_detail.set()

    @property
    def _study(self) -> Study:
        return self._services.study

    async def _measure_for_ever(self) -> None:
        while True:
            await self._to_measure.wait()
            self._to_measure.clear()
            while self.is_open and not self.board.is_known(self._hand()):
                asked = self._hand()
                if not await self._measure(asked, ""):
                    break
                self._latest = asked
            if self.is_open:
                self._to_detail.set()

    async def _measure(self, settings: Settings, slot: str) -> bool:
        """Measure and keep; False where the question was overtaken."""
        board = self.board
        try:
            board.take(settings, await self._study.measure(settings, slot))
        except Cancelled:
            return False
        except BirdscopeError as error:
            board.take_problem(settings, str(error))
        if board is self.board:
            self._tell()
        return True

    async def _measure_others(self) -> None:
        for number, settings in enumerate((self.baseline, *self._others)):
            if not self.board.is_known(settings):
                await self._measure(settings, f"row {number}")
        for number, settings in enumerate(self._others):
            await self._follow_interval(settings, f"row {number}")

    async def _rest_then_interval(self) -> None:
        await asyncio.sleep(REST_S)
        await self._follow_interval(self._hand(), "")

    async def _follow_interval(self, settings: Settings, slot: str) -> None:
        """Ask for an interval, and show it get firmer."""
        board, baseline = self.board, self.baseline
        if same(settings, baseline) or board.is_firm(settings, baseline):
            return
        try:
            async for so_far in self._study.interval(settings, baseline, slot):
                board.take_interval(settings, baseline, so_far)
                if not slot:
                    self._latest_interval = so_far
                self._tell()
        except BirdscopeError as error:
            if not isinstance(error, Cancelled) and not board.problem(settings):
                board.take_problem(settings, str(error))
                self._tell()

    async def _detail_for_ever(self) -> None:
        while True:
            await self._to_detail.wait()
            await asyncio.sleep(PAUSE_S)
            self._to_detail.clear()
            try:
                await self._detail()
            except BirdscopeError:
                # overtaken, or not to be measured: the table says what is wrong
                continue

    async def _detail(self) -> None:
        settings, baseline, label = self._hand(), self.baseline, self.label
        if not self.is_open or self.board.problem(settings):
            return
        self.deltas = await self._study.deltas(settings, baseline)
        self.stages = await self._study.stages(settings)
        self._tell()
        if label:
            ours = await self._study.curves(settings, label)
            alike = same(settings, baseline)
            theirs = None if alike else await self._study.curves(baseline, label)
            if label == self.label:
                self.curves = (ours, theirs)
        self._tell()

    def _run(self, work: Coroutine[Any, Any, None], group: str) -> None:
        self._owner.run_worker(work, group=group, exclusive=True, exit_on_error=False)
