"""What Tune works on: scores and labels opened in the study lane, settings measured on them.

The feed owns the state and the workers, the pane draws. The hand never waits: a change is
taken at once, and of the changes meanwhile only the newest is measured.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from textual.widget import Widget

from birdscope.core import paths
from birdscope.core.errors import BirdscopeError, Cancelled
from birdscope.core.settings import Settings
from birdscope.tui.tune_board import Board
from birdscope.tui.tune_history import History
from birdscope.tui.tune_stack import Bench, fits, ordered, same

if TYPE_CHECKING:
    from birdscope.engine.study_client import Study
    from birdscope.engine.tune_messages import MeasuredSettings, TuningOpened, TuningSource
    from birdscope.metrics.tune_results import ClassDelta, Curves, IntervalSoFar, StageScore
    from birdscope.tui.services import Services

Phase = Literal["waiting", "looking", "opening", "open", "empty", "failed"]
# A hand that has come to rest wants the interval; one that still moves wants the figure.
REST_S, PAUSE_S = 0.3, 0.05


@dataclass(frozen=True, slots=True)
class Latest:
    """Figures of settings that were in hand a moment ago; None where there are none."""

    measured: MeasuredSettings | None
    interval: IntervalSoFar | None


class TuneFeed:
    """The settings in hand and everything that is known about them.

    Args:
        owner: The widget whose workers the feed uses.
        services: The app's.
        changed: Called in the interface's thread after every change.

    Attributes:
        phase: How far things are.
        problem: Why nothing can be measured; empty where it can.
        sources: Pairs of scores and labels there are.
        source: The one that is open, or being opened.
        opened: What there is to tune with; None before it is open.
        board: All figures so far.
        baseline: What the others are compared with.
        label: The class whose curves are shown.
        deltas: Every scored class against the baseline.
        curves: Of the class under the settings in hand, and under the baseline.
        stages: The figure after each step of the settings in hand.
    """

    def __init__(self, owner: Widget, services: Services, changed: Callable[[], None]) -> None:
        self._owner = owner
        self._services = services
        self._changed = changed
        self._history = History(Settings())
        self._to_measure, self._to_detail = asyncio.Event(), asyncio.Event()
        self._others: tuple[Settings, ...] = ()
        self._latest = self._history.present
        self._latest_interval: IntervalSoFar | None = None
        self._begun = self._telling = self._untold = False
        self.phase: Phase = "waiting"
        self.problem = ""
        self.sources: tuple[TuningSource, ...] = ()
        self.source: TuningSource | None = None
        self.opened: TuningOpened | None = None
        self.board = Board()
        self.baseline = Settings()
        self.label = ""
        self.deltas: tuple[ClassDelta, ...] = ()
        self.curves: tuple[Curves | None, Curves | None] = (None, None)
        self.stages: tuple[StageScore, ...] = ()

    @property
    def study(self) -> Study:
        """The app's study lane."""
        return self._services.study

    @property
    def settings(self) -> Settings:
        """The settings in hand."""
        return self._history.present

    @property
    def measured(self) -> MeasuredSettings | None:
        """The figures of the settings in hand; None while they are being computed."""
        return self.board.measured(self.settings)

    @property
    def latest(self) -> Latest:
        """The newest figures of settings that were in hand, for the moment until theirs come."""
        return Latest(self.board.measured(self._latest), self._latest_interval)

    @property
    def bench(self) -> Bench:
        """What the stack editor must know."""
        if self.opened is None:
            return Bench()
        measured = self.measured
        return Bench(
            self.opened.members,
            self.opened.weights,
            len(self.opened.classes),
            self.opened.unit == "file",
            measured.no_ops if measured is not None else {},
        )

    def look(self, *, again: bool = False) -> None:
        """Look which scores and labels there are, and open the best; `again` opens anew."""
        self._begin()
        self._run(self._look(again), "tune-open")

    def open(self, source: TuningSource) -> None:
        """Tune with other scores or labels."""
        self._begin()
        self._run(self._open(source), "tune-open")

    def close_data(self) -> None:
        """Another dataset or session: nothing that is known holds any more."""
        self.opened, self.source, self.sources = None, None, ()
        self.phase, self.problem = "waiting", ""
        self._forget()
        self._tell()

    def change(self, settings: Settings, gesture: str = "", *, held: bool = False) -> None:
        """Take settings in hand; see `History.take` for the rest."""
        self._history.take(ordered(settings), gesture, held=held)
        self._measure_anew()

    def name(self, name: str) -> None:
        """Call the settings in hand something; no change that could be undone."""
        self._history.name(name)
        self._tell()

    def undo(self) -> bool:
        """Take back the last change; False where there is none."""
        done = self._history.undo()
        self._measure_anew()
        return done

    def redo(self) -> bool:
        """Do the last change again that was taken back; False where there is none."""
        done = self._history.redo()
        self._measure_anew()
        return done

    def compare_with(self, baseline: Settings) -> None:
        """Compare all with these from now on."""
        self.baseline, self.deltas, self._latest_interval = baseline, (), None
        self._measure_anew()
        self.list_others(self._others)

    def show_class(self, label: str) -> None:
        """Show the curves of a class."""
        if label != self.label:
            self.label, self.curves = label, (None, None)
            self._to_detail.set()

    def list_others(self, others: tuple[Settings, ...]) -> None:
        """Measure the other settings of the table too, when nothing else is to be done."""
        self._others = others
        if self.opened is not None:
            self._run(self._measure_others(), "tune-others")

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._run(self._measure_for_ever(), "tune-measure")
            self._run(self._detail_for_ever(), "tune-detail")

    def _measure_anew(self) -> None:
        self._to_measure.set()
        if self.opened is not None:
            self._run(self._rest_then_interval(), "tune-interval")
        self._tell()

    def _forget(self) -> None:
        self._latest_interval = None
        self.board, self.deltas, self.stages, self.curves = Board(), (), (), (None, None)

    async def _look(self, again: bool) -> None:
        from birdscope.engine.tune_messages import FindSources

        catalog = self._services.catalog
        if catalog is None:
            self.phase = "waiting"
            self._tell()
            return
        if self.opened is None:
            self.phase = "looking"
            self._tell()
        session = self._services.session.folder
        wanted = FindSources(catalog.root, session, (paths.models(),))
        try:
            self.sources = await self.study.find_sources(wanted)
        except Cancelled:
            return
        except BirdscopeError as error:
            self._fail(str(error))
            return
        await self._open_best(again)

    async def _open_best(self, again: bool) -> None:
        """Open what was open, else the first that can be."""
        usable = [one for one in self.sources if not one.problem]
        known = next((one for one in usable if _is_same(one, self.source)), None)
        if known is not None and self.opened is not None and not again:
            self._tell()
        elif usable:
            await self._open(known or usable[0])
        else:
            self.opened, self.source, self.phase = None, None, "empty"
            self._tell()

    async def _open(self, source: TuningSource) -> None:
        from birdscope.engine.tune_messages import OpenTuning

        catalog, session = self._services.catalog, self._services.session
        if catalog is None:
            return
        self.source, self.problem = source, ""
        self.phase = "opening"
        self._tell()
        wanted = OpenTuning(source.kind, source.scores, catalog.root, session.folder, source.labels)
        try:
            opened = await self.study.open_tuning(wanted)
        except Cancelled:
            return
        except BirdscopeError as error:
            self.opened = None
            self._fail(str(error))
            return
        self._take(opened)

    def _take(self, opened: TuningOpened) -> None:
        """Go on with other labels and the settings in hand, or begin where they don't fit."""
        first = self.opened is None
        self._forget()
        self.opened, self.phase = opened, "open"
        if first or not fits(self.settings, opened.members):
            wanted = self._services.session.state.settings
            usable = wanted is not None and fits(wanted, opened.members)
            start = wanted if usable and wanted is not None else opened.default_settings
            self._history = History(ordered(start))
        names = [one.name for one in opened.baselines]
        if self.baseline.name not in names or not fits(self.baseline, opened.members):
            self.baseline = opened.baselines[0]
        if self.label not in opened.classes:
            self.label = next(iter((*opened.scored_classes, *opened.classes)), "")
        self._measure_anew()

    def _fail(self, problem: str) -> None:
        self.phase, self.problem = "failed", problem
        self._tell()

    async def _measure_for_ever(self) -> None:
        while True:
            await self._to_measure.wait()
            self._to_measure.clear()
            while self.opened is not None and not self.board.is_known(self.settings):
                asked = self.settings
                if not await self._measure(asked, ""):
                    break
                self._latest = asked
            if self.opened is not None:
                self._to_detail.set()

    async def _measure(self, settings: Settings, slot: str) -> bool:
        """Measure and keep; False where the question was overtaken."""
        board = self.board
        try:
            board.take(settings, await self.study.measure(settings, slot))
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
        await self._follow_interval(self.settings, "")

    async def _follow_interval(self, settings: Settings, slot: str) -> None:
        """Ask for an interval, and show it get firmer."""
        board, baseline = self.board, self.baseline
        if same(settings, baseline) or board.is_firm(settings, baseline):
            return
        try:
            async for so_far in self.study.interval(settings, baseline, slot):
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
        settings, baseline, label = self.settings, self.baseline, self.label
        if self.opened is None or self.board.problem(settings):
            return
        self.deltas = await self.study.deltas(settings, baseline)
        self.stages = await self.study.stages(settings)
        self._tell()
        if label:
            ours = await self.study.curves(settings, label)
            alike = same(settings, baseline)
            theirs = None if alike else await self.study.curves(baseline, label)
            if label == self.label:
                self.curves = (ours, theirs)
        self._tell()

    def _tell(self) -> None:
        """Have the change drawn: at once after a quiet while, else together with the next ones."""
        if self._telling:
            self._untold = True
            return
        self._telling = True
        self._changed()
        self._owner.set_timer(PAUSE_S, self._tell_rest)

    def _tell_rest(self) -> None:
        self._telling = False
        if self._untold:
            self._untold = False
            self._tell()

    def _run(self, work: Coroutine[Any, Any, None], group: str) -> None:
        self._owner.run_worker(work, group=group, exclusive=True, exit_on_error=False)


def _is_same(one: TuningSource, other: TuningSource | None) -> bool:
    known = (one.kind, one.scores, one.labels)
    return other is not None and known == (other.kind, other.scores, other.labels)
