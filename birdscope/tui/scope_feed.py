"""What Scope shows of a recording: predictions asked of the engine, blended, kept.

The feed owns the state and the workers, the pane draws. Everything slow happens in the
engine's processes or in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.widget import Widget

from birdscope.core.errors import BirdscopeError, Cancelled
from birdscope.core.types import Recording
from birdscope.core.windows import window_count
from birdscope.dataset.loose import LOOSE
from birdscope.engine.schedule import PAGE_WINDOWS, nearby_order, window_order
from birdscope.engine.status import WindowsWanted
from birdscope.tui.ensembles import default_ensemble
from birdscope.tui.scope_stack import Pair, Shown, shown_stack

if TYPE_CHECKING:
    from birdscope.engine.client import Engine
    from birdscope.engine.live import LiveRecording
    from birdscope.engine.messages import Blended, EnsembleInfo
    from birdscope.tui.services import Services

LONG_WINDOWS = 5 * PAGE_WINDOWS
# A fast ensemble scores 20 windows a second; nobody reads more than 8 pictures of them.
PAUSE_S = 0.12


class Feed:
    """The recording on show and its predictions.

    Args:
        owner: The widget whose workers the feed uses.
        services: The app's.
        changed: Called in the interface's thread after every change.

    Attributes:
        recording: On show; None before the first.
        duration_s: Its length; 0 until known.
        n_windows: Its windows; 0 until known.
        problem: Why the recording can't be shown or predicted; empty where it can.
        ensemble: What is known of the chosen ensemble; None before one is chosen.
        ensemble_problem: Why it can't be used; empty where it can.
        ensemble_missing: Whether none was chosen and none fits the dataset.
        blended: Probabilities as shown; None before the first window.
        remaining: Windows being predicted, the present one first.
        whole: Whether the whole file was asked for.
        before: Whether probabilities are shown as they are without the session's settings.
        changes: Whether it is asked what the session's settings change.
        pair: Two settings that are compared in place of the session's; None where none are.
        other: Probabilities without the session's settings, where `changes`; else None.
    """

    def __init__(self, owner: Widget, services: Services, changed: Callable[[], None]) -> None:
        self._owner = owner
        self._services = services
        self._changed = changed
        self._dirty = asyncio.Event()
        self._live: LiveRecording | None = None
        self._fingerprint = ""
        self._rank_anew = True
        self._asked_for_ensemble = False
        self._telling = self._untold = False
        self._forget_status: Callable[[], None] | None = None
        self.recording: Recording | None = None
        self.duration_s = 0.0
        self.n_windows = 0
        self.problem = ""
        self.ensemble: EnsembleInfo | None = None
        self.ensemble_problem = ""
        self.ensemble_missing = False
        self.blended: Blended | None = None
        self.remaining: tuple[int, ...] = ()
        self.whole = False
        self.before = self.changes = False
        self.pair: Pair | None = None
        self.other: Blended | None = None

    @property
    def engine(self) -> Engine:
        """The app's engine."""
        return self._services.engine

    @property
    def done(self) -> frozenset[int]:
        """Windows that have scores."""
        return frozenset(self._live.done) if self._live is not None else frozenset()

    @property
    def classes(self) -> tuple[str, ...]:
        """Labels of the columns of `blended`."""
        return self._live.classes if self._live is not None else ()

    @property
    def can_predict(self) -> bool:
        """Whether the ensemble on show is there, or on its way, and a recording to predict."""
        up = self.engine.status.state != "failed"
        usable = up and self._asked_for_ensemble and not self.ensemble_problem
        return usable and self.n_windows > 0 and not self.problem

    def start(self) -> None:
        """Start the engine and the blending; after the first paint."""
        self._forget_status = self.engine.listen(lambda status: self._tell())
        self.engine.start()
        self._run(self._blend_for_ever(), "scope-blend")

    def show_before(self, before: bool) -> None:
        """Show the probabilities before the session's settings, or after; rows stay."""
        self.before, self.changes = before, False
        self.blend_anew()

    def show_changes(self, changes: bool) -> None:
        """Show what the session's settings change, or the probabilities again."""
        self.changes, self.before = changes, False
        self.blend_anew()

    def compare(self, pair: Pair | None) -> None:
        """Show what differs between two settings; None goes back to the session's."""
        self.pair = pair
        self.show_changes(pair is not None)

    def blend_anew(self) -> None:
        """Blend again: the settings are other ones."""
        self._dirty.set()
        self._tell()

    @property
    def stack(self) -> Shown | None:
        """The post-processing that is shown; None before an ensemble is chosen."""
        return self._stack(self.before)

    def _stack(self, before: bool) -> Shown | None:
        if self.ensemble is None:
            return None
        members = [one.name for one in self.ensemble.members]
        chosen = self._services.session.state.settings
        return shown_stack(self.ensemble.settings, chosen, members, before, self.pair)

    def close(self) -> None:
        """Listen no more."""
        if self._forget_status is not None:
            self._forget_status()

    def choose_default_ensemble(self) -> None:
        """Take the ensemble asked for, the session's, the demo's or the first that fits."""
        self._fingerprint = ""
        self._run(self._choose_default(), "scope-ensemble")

    def use_ensemble(self, path: Path) -> None:
        """Load another ensemble, and show what is kept of it."""
        self._run(self._use_ensemble(path), "scope-ensemble")

    def open(self, recording: Recording) -> None:
        """Show another recording, with what is kept of it."""
        self._stop_stream()
        self.recording, self.problem = recording, ""
        self.duration_s, self.n_windows = 0.0, 0
        self._clear()
        self._run(self._open(recording), "scope-open")

    def aim(self, window: int) -> None:
        """Predict from the window under the playhead on; does nothing where that is under way."""
        if self.can_predict:
            order = self._order(window)
            if order and order[0] not in self.remaining[:1]:
                self._predict(order)

    def glance(self, window: int) -> None:
        """Predict one window and the one after it, when nothing else is under way."""
        if self.can_predict and not self.remaining:
            ahead = range(window, min(window + 2, self.n_windows))
            order = tuple(index for index in ahead if index not in self.done)
            if order:
                self._predict(order)

    def predict_whole(self, window: int) -> None:
        """Predict every window there is, beginning at one."""
        if self.can_predict:
            self.whole = True
            self._predict(self._order(window))

    def stop(self) -> None:
        """Stop predicting; what is there stays."""
        self.whole = False
        self._stop_stream()
        self._tell()

    def rank_anew(self) -> None:
        """Sort the species by their top probability again."""
        self._rank_anew = True
        self._dirty.set()

    def _order(self, window: int) -> tuple[int, ...]:
        if self.n_windows <= LONG_WINDOWS or self.whole:
            return window_order(self.n_windows, window, self.done)
        return nearby_order(self.n_windows, window, self.done)

    def _predict(self, order: tuple[int, ...]) -> None:
        self.remaining = order
        self._run(self._stream(order), "scope-stream")
        self._tell()

    async def _stream(self, order: tuple[int, ...]) -> None:
        recording, live = self.recording, self._live
        assert recording is not None and live is not None
        session, catalog = self._services.session, self._services.catalog
        if not self._fingerprint:
            # what is kept must lie where it is looked for the next time
            own = await asyncio.to_thread(catalog.fingerprint) if catalog else LOOSE
            self._fingerprint = own
        wanted = WindowsWanted(
            recording.key,
            recording.path,
            self.n_windows,
            order,
            None if session.read_only else session.folder,
            self._fingerprint,
        )
        try:
            async for result in self.engine.predict_windows(wanted):
                loaded = self.engine.loaded
                if live is not self._live or loaded is None:
                    return
                live.take(result, loaded)
                self.remaining = tuple(one for one in self.remaining if one != result.index)
                self._dirty.set()
        except BirdscopeError as error:
            if live is self._live:
                self.problem = "" if self.engine.status.state == "failed" else str(error)
        if len(self.done) == self.n_windows:
            # the order held still while results arrived; now the best of the file come first
            self.rank_anew()
        self.remaining, self.whole = (), False
        self._tell()

    def _stop_stream(self) -> None:
        self._owner.workers.cancel_group(self._owner, "scope-stream")
        self.remaining = ()

    async def _choose_default(self) -> None:
        path = await asyncio.to_thread(default_ensemble, self._services)
        if path is not None:
            await self._use_ensemble(path)
            return
        self._stop_stream()
        self._asked_for_ensemble, self.ensemble, self.ensemble_problem = False, None, ""
        self.ensemble_missing = True
        self._clear()
        self._tell()

    async def _use_ensemble(self, path: Path) -> None:
        self._stop_stream()
        self._asked_for_ensemble, self.ensemble_problem = False, ""
        self.ensemble_missing = False
        try:
            info = await self.engine.questions.describe(path)
        except BirdscopeError as error:
            self.ensemble_problem = str(error)
            self._tell()
            return
        self.ensemble = info
        self._clear()
        self._tell()
        await self._recall()
        await asyncio.to_thread(self._remember)
        if info.problem:
            self.ensemble_problem = info.problem
            self._tell()
            return
        self._asked_for_ensemble = True
        try:
            loaded = await self.engine.warm(path, self._dataset_classes())
        except Cancelled:
            return
        except BirdscopeError as error:
            self.ensemble_problem = str(error)
        else:
            for text in loaded.warnings:
                self._owner.notify(text, title=info.name, severity="warning", markup=False)
        self._tell()

    async def _open(self, recording: Recording) -> None:
        try:
            self.duration_s = await asyncio.to_thread(_duration_s, recording.path)
        except BirdscopeError as error:
            self.problem = str(error)
            self._tell()
            return
        self.n_windows = window_count(self.duration_s)
        self._clear()
        self._tell()
        await self._recall()
        await asyncio.to_thread(self._remember)

    async def _recall(self) -> None:
        """Show what the session keeps of this recording and this ensemble."""
        recording, live, catalog = self.recording, self._live, self._services.catalog
        if recording is None or live is None or self.ensemble is None:
            return
        fingerprint = await asyncio.to_thread(catalog.fingerprint) if catalog else LOOSE
        self._fingerprint = fingerprint
        if not self.ensemble.fingerprint:
            return
        session, ensemble = self._services.session, self.ensemble.fingerprint
        folder = session.scores_folder(fingerprint, ensemble)
        jobs = session.job_scores_folder(fingerprint, ensemble)
        try:
            kept = await self.engine.questions.recall(recording.key, recording.path, folder, jobs)
        except Cancelled:
            return
        except BirdscopeError as error:
            self._owner.app.notify(str(error), title="Kept scores", severity="warning")
            return
        if kept is not None and live is self._live:
            live.take_recalled(kept)
            self._dirty.set()

    async def _blend_for_ever(self) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            try:
                await self._blend()
            except Cancelled:
                continue
            except BirdscopeError as error:
                self.problem = str(error)
            self._tell()
            await asyncio.sleep(PAUSE_S)

    async def _blend(self) -> None:
        live = self._live
        if live is None or live.values is None or self.ensemble is None:
            return
        keep = self.blended is not None and not self._rank_anew
        self._rank_anew = False
        shown = self.blended.ranking if keep and self.blended is not None else ()
        blended = await self._blend_by(live, self.stack, shown)
        other = await self._blend_by(live, self._stack(True), shown) if self.changes else None
        if live is self._live:
            self.blended, self.other = blended, other

    async def _blend_by(
        self, live: LiveRecording, stack: Shown | None, shown: Sequence[int]
    ) -> Blended:
        assert live.values is not None and self.ensemble is not None
        return await self.engine.questions.blend(
            live.values.copy(),
            live.checkpoints,
            live.weights,
            stack.settings if stack is not None else self.ensemble.settings,
            shown=shown,
        )

    def _clear(self) -> None:
        """Forget the predictions on show; they stay in the session."""
        from birdscope.engine.live import LiveRecording

        self.blended, self.other, self._rank_anew = None, None, True
        self._live = None
        if self.recording is not None and self.n_windows:
            self._live = LiveRecording(self.recording.key, self.n_windows)

    def _dataset_classes(self) -> tuple[str, ...]:
        catalog = self._services.catalog
        return tuple(catalog.taxonomy.labels) if catalog is not None else ()

    def _remember(self) -> None:
        """Keep what is on show now: of two late calls, both write the newest."""
        changes: dict[str, str] = {}
        if self.recording is not None:
            changes["recording"] = self.recording.key
        if self.ensemble is not None:
            changes["ensemble"] = str(self.ensemble.path)
        self._services.session.update(**changes)

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


def _duration_s(path: Path) -> float:
    from birdscope.audio.decode import probe

    return probe(path).duration_s
