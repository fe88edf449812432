"""What Tune works on: scores and labels opened in the study lane, and the settings in hand.

The feed owns the state, `Measuring` the figures, the pane draws. A change is taken at once.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from textual.widget import Widget

from birdscope.core import paths
from birdscope.core.errors import BirdscopeError, Cancelled
from birdscope.core.settings import Settings
from birdscope.tui import tune_places
from birdscope.tui.tune_board import Board
from birdscope.tui.tune_deeds import Deed
from birdscope.tui.tune_history import Change, History
from birdscope.tui.tune_measuring import PAUSE_S, Measuring
from birdscope.tui.tune_stack import Bench, bench_of, ordered

if TYPE_CHECKING:
    from birdscope.engine.study_client import Study
    from birdscope.engine.tune_messages import MeasuredSettings, TuningOpened, TuningSource
    from birdscope.session.state import TunePlace
    from birdscope.tui.services import Services

Phase = Literal["waiting", "looking", "opening", "open", "empty", "failed"]


class TuneFeed:
    """The settings in hand, and what they are measured on.

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
        figures: What is known of the settings in hand and of the others.
        start_label: The class to begin with; empty is the first of the list.
    """

    def __init__(self, owner: Widget, services: Services, changed: Callable[[], None]) -> None:
        self._owner = owner
        self._services = services
        self._changed = changed
        self._history = History(Settings())
        self._wanted: TunePlace | None = None
        self._telling = self._untold = False
        self._members: tuple[str, ...] = ()
        self._hands: dict[tuple[str, ...], Settings] = {}
        self._given: tuple[Path, ...] = ()
        self._look_in: Path | None = None
        self.figures = Measuring(owner, services, lambda: self.settings, self._tell)
        self.phase: Phase = "waiting"
        self.problem = ""
        self.sources: tuple[TuningSource, ...] = ()
        self.source: TuningSource | None = None
        self.opened: TuningOpened | None = None
        self.start_label = ""

    @property
    def study(self) -> Study:
        """The app's study lane."""
        return self._services.study

    @property
    def settings(self) -> Settings:
        """The settings in hand."""
        return self._history.present

    @property
    def board(self) -> Board:
        """All figures so far."""
        return self.figures.board

    @property
    def baseline(self) -> Settings:
        """What the others are compared with."""
        return self.figures.baseline

    @property
    def label(self) -> str:
        """The class whose curves are shown."""
        return self.figures.label

    @property
    def measured(self) -> MeasuredSettings | None:
        """The figures of the settings in hand; None while they are being computed."""
        return self.board.measured(self.settings)

    @property
    def bench(self) -> Bench:
        """What the stack editor must know."""
        return bench_of(self.opened, self.measured)

    @property
    def place(self) -> TunePlace | None:
        """Where the user is; None while nothing is open."""
        from birdscope.session.state import TunePlace

        if self.opened is None or self.source is None:
            return None
        return TunePlace(
            settings=self.settings,
            baseline=self.baseline,
            label=self.label,
            kind=self.source.kind,
            scores=str(self.source.scores),
            labels=str(self.source.labels or ""),
        )

    def come_back(self, place: TunePlace) -> None:
        """Go to a place as soon as scores and labels are open."""
        self._wanted = place

    def look(self, *, again: bool = False) -> None:
        """Look which scores and labels there are, and open the best; `again` opens anew."""
        self.figures.begin()
        self._run(self._look(again), "tune-open")

    def look_in(self, folder: Path) -> None:
        """Look through a folder too, and open what is in it."""
        self._given = (folder, *(one for one in self._given if one != folder))
        self._look_in = folder
        self.look()

    def open(self, source: TuningSource) -> None:
        """Tune with other scores or labels."""
        self.figures.begin()
        self._run(self._open(source), "tune-open")

    def close_data(self) -> None:
        """Another dataset or session: nothing that is known holds any more."""
        self.opened, self.source, self.sources = None, None, ()
        self._history, self._members = History(Settings()), ()
        self._hands.clear()
        self.phase, self.problem = "waiting", ""
        self.figures.close_data()
        self._tell()

    def change(self, settings: Settings, gesture: str = "", *, held: bool = False) -> None:
        """Take settings in hand; see `History.take` for the rest."""
        self._history.take(ordered(settings), gesture, held=held)
        self._hand_moved()

    def done(self, deed: Deed) -> None:
        """Note what was done beside the settings in hand, to be undone in its turn."""
        self._history.done(deed)
        self._tell()

    def forget(self, deed: Deed) -> None:
        """A deed that could not be taken back."""
        self._history.forget(deed)

    def undo(self) -> Change | None:
        """Take back the last change, and give it; a deed is the caller's to undo."""
        change = self._history.undo()
        self._hand_moved()
        return change

    def redo(self) -> Change | None:
        """Do the last change again that was taken back; as `undo`."""
        change = self._history.redo()
        self._hand_moved()
        return change

    def compare_with(self, baseline: Settings) -> None:
        """Compare all with these from now on."""
        self.figures.compare_with(baseline)
        self._tell()

    def _hand_moved(self) -> None:
        self.figures.hand_moved()
        self._tell()

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
        given = tune_places.folders(self._given, self._wanted, self.source)
        wanted = FindSources(catalog.root, session, (paths.models(), *given))
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
        folder, self._look_in = self._look_in, None
        if folder is not None:
            if inside := tune_places.below(usable, folder):
                await self._open(inside[0])
                return
            self._owner.notify(
                tune_places.nothing_in(folder, self.sources),
                title="Nothing to tune with", severity="warning", markup=False, timeout=12,
            )  # fmt: skip
        known = next(
            (one for one in usable if tune_places.was_open(one, self.source, self._wanted)), None
        )
        if known is not None and self.opened is not None and not again:
            self._tell()
        elif usable:
            await self._open(known or usable[0])
        else:
            self.opened, self.source, self.phase = None, None, "empty"
            self.figures.is_open = False
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
            self.opened, self.figures.is_open = None, False
            self._fail(str(error))
            return
        self._take(opened)

    def _take(self, opened: TuningOpened) -> None:
        """Go on with other labels and the settings in hand, or begin where they don't fit."""
        place = self._wanted
        self.figures.forget()
        self.opened, self.phase, self.figures.is_open = opened, "open", True
        self._take_hand(opened, place)
        self.figures.baseline = tune_places.baseline_of(opened, place, self.baseline)
        label = self.start_label = place.label if place is not None else self.label
        if label not in opened.classes:
            label = next(iter((*opened.scored_classes, *opened.classes)), "")
        self.figures.show_class(label)
        self._wanted = None
        self.figures.measure_all()
        self._tell()

    def _take_hand(self, opened: TuningOpened, place: TunePlace | None) -> None:
        """Other members have a stack of their own, which is there again when they are."""
        if opened.members == self._members:
            return
        if self._members:
            self._hands[self._members] = self.settings
        in_use = self._services.session.state.settings
        first = tune_places.first_settings(opened, place, in_use)
        self._history.begin_with(ordered(self._hands.get(opened.members, first)))
        self._members = opened.members

    def _fail(self, problem: str) -> None:
        self.phase, self.problem = "failed", problem
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
