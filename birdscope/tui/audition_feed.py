"""What Audition shows of a species: its queue of windows, its verdicts, what they say.

The feed owns the state and the workers, the pane draws. Queues and figures come from the
study lane, verdicts from SQLite in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from textual.widget import Widget

from birdscope.core.errors import BirdscopeError, Cancelled
from birdscope.tui.ensembles import default_ensemble
from birdscope.tui.verdict_desk import VerdictDesk

if TYPE_CHECKING:
    from birdscope.core.settings import Settings
    from birdscope.core.verdicts import Answer, QueueKind, Verdict
    from birdscope.dataset.catalog import Catalog
    from birdscope.engine.audition_messages import (
        JudgeSummary,
        QueueFound,
        QueueItem,
        ScoresWanted,
    )
    from birdscope.engine.messages import EnsembleInfo
    from birdscope.session.verdicts import Counts
    from birdscope.tui.services import Services

LIMIT = 200
WindowKey = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which queue is wanted.

    Attributes:
        label: The species; empty before one is chosen.
        kind: How windows are ranked.
        recordings: Text in the keys of the recordings that are listed; empty lists all.
        hours: Only recordings begun from the first hour to before the second; None lists all.
        hide_judged: Whether windows with a verdict are left out.
        scores: Folder of scores; None takes the session's.
        settings: The post-processing; None takes the session's, else the ensemble's own.
        labels: Labels for `auc_loss`; None takes the dataset's own.
    """

    label: str = ""
    kind: QueueKind = "score"
    recordings: str = ""
    hours: tuple[int, int] | None = None
    hide_judged: bool = False
    scores: Path | None = None
    settings: Settings | None = None
    labels: Path | None = None


class AuditionFeed:
    """The species that is auditioned.

    Args:
        owner: The widget whose workers the feed uses.
        services: The app's.
        changed: Called in the interface's thread after every change.

    Attributes:
        choice: Which queue is wanted.
        found: The queue on show; None before the first.
        loading: Whether another one is on its way.
        more: Whether scores may have been added since it was asked for.
        problem: Why it can't be had; empty where it can.
        verdicts: Window → the verdict about the species that counts.
        unsaved: Window → the answer that could not be kept.
        save_problem: Why the last answer was not kept; empty where it was.
        summary: What the verdicts say; None before the first.
        summary_problem: Why that can't be told; empty where it can.
        counts: Species → its verdicts.
        ensemble: What is known of the ensemble in use; None where there is none.
    """

    def __init__(self, owner: Widget, services: Services, changed: Callable[[], None]) -> None:
        self._owner = owner
        self._services = services
        self._changed = changed
        self._catalog: Catalog | None = None
        self._asked: object = None
        self._pending: set[WindowKey] = set()
        self.desk = VerdictDesk(services)
        self.choice = Choice()
        self.found: QueueFound | None = None
        self.loading = False
        self.more = False
        self.problem = ""
        self.verdicts: Mapping[WindowKey, Verdict] = {}
        self.unsaved: dict[WindowKey, Answer] = {}
        self.save_problem = ""
        self.summary: JudgeSummary | None = None
        self.summary_problem = ""
        self.counts: Mapping[str, Counts] = {}
        self.ensemble: EnsembleInfo | None = None

    @property
    def busy_windows(self) -> frozenset[WindowKey]:
        """Windows whose verdict is being written."""
        return frozenset(self._pending)

    @property
    def annotator(self) -> str:
        """Whose verdicts are kept; empty before anybody said."""
        return self._services.session.state.annotator

    def close(self) -> None:
        """Write what was answered."""
        self.desk.close()

    def open(self, catalog: Catalog) -> None:
        """Take another dataset; its queue is asked for once a species is chosen."""
        self._catalog = catalog
        self._asked, self.found, self.summary = None, None, None

    def choose(self, **changes: Any) -> None:
        """Want another queue: fields of the choice."""
        before = self.choice
        self.choice = replace(before, **changes)
        if self.choice.label != before.label:
            self.found = self.summary = None
            self.verdicts, self.unsaved, self.save_problem = {}, {}, ""
        self.look()

    def look(self, *, again: bool = False) -> None:
        """Ask for the queue; without `again`, only where something has changed since."""
        if self._catalog is not None and self.choice.label:
            self._run(self._look(self._catalog, again), "audition-queue", exclusive=True)

    def take_session(self) -> None:
        """Another session is in use: its verdicts, its scores."""
        self._asked, self.found, self.summary = None, None, None
        self.verdicts, self.unsaved, self.save_problem = {}, {}, ""
        self.look(again=True)

    def judge(self, item: QueueItem, answer: Answer, corrected: str | None = None) -> None:
        """Keep an answer about a window; it counts, and is drawn, once it is on the disk."""
        from birdscope.core.verdicts import Verdict
        from birdscope.session.verdicts import now

        verdict = Verdict(
            item.recording, item.index, item.start_s, item.end_s, self.choice.label, answer,
            self.annotator, now(), corrected, self.choice.kind, item.sampling_probability,
            None if item.score != item.score else item.score,
            self.found.ensemble if self.found is not None else "",
        )  # fmt: skip
        self._pending.add(verdict.window)
        self._run(self._keep(verdict), "audition-save")

    async def undo(self) -> Verdict | None:
        """Take back the annotator's last answer; None where there is none.

        Raises:
            SessionError: the disk refuses.
        """
        undone = await self.desk.undo(self.annotator)
        if undone is not None:
            await self._read_verdicts()
            self._judge_anew()
        return undone

    async def read_anew(self) -> None:
        """The verdicts have changed otherwise, such as by an import."""
        await self._read_verdicts()
        self._judge_anew()

    async def read_counts(self) -> Mapping[str, Counts]:
        """How many verdicts each species has."""
        self.counts = await self.desk.counts()
        return self.counts

    async def _look(self, catalog: Catalog, again: bool) -> None:
        from birdscope.engine.audition_messages import QueueWanted

        self.loading, choice = True, self.choice
        self._changed()
        try:
            await self._look_at_ensemble()
            await self._read_verdicts()
            source = self._source(catalog)
            wanted = QueueWanted(
                source, choice.label, choice.kind, LIMIT, recording=choice.recordings,
                hours=choice.hours, skip_judged=choice.hide_judged, labels=choice.labels,
            )  # fmt: skip
            if again or wanted != self._asked or self.found is None or not self.found.items:
                self.more = False
                answer = await self._services.study.ask(wanted)
                self.found, self._asked = cast("QueueFound", answer), wanted
            self.problem = ""
        except Cancelled:
            return
        except BirdscopeError as error:
            self.found, self._asked, self.problem = None, None, str(error)
        self.loading = False
        self._judge_anew()
        self._changed()

    async def _look_at_ensemble(self) -> None:
        path = await asyncio.to_thread(default_ensemble, self._services)
        if path is None:
            self.ensemble = None
        elif self.ensemble is None or self.ensemble.path != path or not self.ensemble.fingerprint:
            self.ensemble = await self._services.engine.questions.describe(path)

    def _source(self, catalog: Catalog) -> ScoresWanted:
        from birdscope.engine.audition_messages import ScoresWanted

        session = self._services.session
        fingerprint = self.ensemble.fingerprint if self.ensemble is not None else ""
        return ScoresWanted(
            catalog.root.resolve(), session.folder, self.choice.scores,
            "" if self.choice.scores is not None else fingerprint,
            self.choice.settings or session.state.settings,
        )  # fmt: skip

    async def _keep(self, verdict: Verdict) -> None:
        try:
            await self.desk.put(verdict)
        except BirdscopeError as error:
            self._pending.discard(verdict.window)
            self.save_problem = str(error)
            self.unsaved[verdict.window] = verdict.answer
            self._owner.notify(
                self.save_problem, title="This verdict is NOT saved", severity="error",
                timeout=20, markup=False,
            )  # fmt: skip
            self._changed()
            return
        self._pending.discard(verdict.window)
        if verdict.label != self.choice.label:
            return
        self.save_problem = ""
        self.unsaved.pop(verdict.window, None)
        self.verdicts = {**self.verdicts, verdict.window: verdict}
        self._changed()
        self._judge_anew()

    async def _read_verdicts(self) -> None:
        label = self.choice.label
        found = await self.desk.of(label)
        if label == self.choice.label:
            self.verdicts = {one.window: one for one in found}
            self._changed()

    def _judge_anew(self) -> None:
        if self._catalog is not None and self.choice.label:
            self._run(self._judge(self._catalog), "audition-judge", exclusive=True)

    async def _judge(self, catalog: Catalog) -> None:
        from birdscope.engine.audition_messages import JudgeWanted

        label = self.choice.label
        try:
            answer = await self._services.study.ask(JudgeWanted(self._source(catalog), label))
        except Cancelled:
            return
        except BirdscopeError as error:
            self.summary, self.summary_problem = None, str(error)
        else:
            if label != self.choice.label:
                return
            self.summary, self.summary_problem = cast("JudgeSummary", answer), ""
        self._changed()

    def _run(self, work: Coroutine[Any, Any, None], group: str, *, exclusive: bool = False) -> None:
        self._owner.run_worker(work, group=group, exclusive=exclusive, exit_on_error=False)
