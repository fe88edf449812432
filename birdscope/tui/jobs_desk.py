"""What the app does about jobs wherever the user is: the indicator, news, `R`, the farewell."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from birdscope.tui import jobs_text
from birdscope.tui.widgets.player_bar import PlayerBar

if TYPE_CHECKING:
    from birdscope.tui.app import BirdscopeApp
    from birdscope.tui.jobs_watch import Ended, JobsSnapshot

_TELLING_TABS = ("scope", "submit")


class JobsDesk:
    """The jobs of one app.

    Args:
        app: Its player bar has the indicator, its services hold the watch.
    """

    def __init__(self, app: BirdscopeApp) -> None:
        self._app = app

    def begin(self) -> None:
        """Watch from now on."""
        watch = self._app.services.jobs
        watch.changed.subscribe(self._app, self._changed)
        watch.ended.subscribe(self._app, self._ended)
        watch.starting.subscribe(self._app, self._starting)
        self._app.services.session_changed.subscribe(self._app, lambda session: watch.restart())
        watch.begin()

    async def predict_all(self) -> None:
        """Predict all files of the split on show, with the ensemble on show, as a job.

        It is long work: on a tab that doesn't show what of, it only leads to one that does.
        """
        from birdscope.tui.screens.scope import ScopePane
        from birdscope.tui.screens.submit import SubmitPane
        from birdscope.tui.submit_parts import Part

        if self._app.tab not in _TELLING_TABS:
            self._app.action_show_tab("submit")
            self._app.notify("R once more predicts all files of this split.")
            return
        submit, scope = self._app.query_one(SubmitPane), self._app.query_one(ScopePane)
        recording, ensemble = scope.feed.recording, scope.feed.ensemble
        catalog = self._app.services.catalog
        if not scope.display or recording is None or catalog is None or ensemble is None:
            await submit.action_predict_all()
            return
        count = len(catalog.recordings(recording.split))
        plan = replace(submit.plan, ensemble_path=ensemble.path.absolute(), ensemble=ensemble)
        await submit.predict_all(Part(recording.split, count, count), plan)

    def farewell(self) -> str | None:
        """What to say when the app ends while jobs run; None where none does."""
        count = len(self._app.services.jobs.snapshot.live)
        if not count:
            return None
        go = "job goes" if count == 1 else "jobs go"
        session = self._app.services.session_name
        return (
            f"{count} {go} on in the background: open birdscope again to see how far, or\n"
            f"  birdscope jobs --session {session} list"
        )

    def _starting(self, title: str) -> None:
        """Say at once that the key was understood; the process takes a moment."""
        self._app.query_one(PlayerBar).jobs = "starting …"

    def _changed(self, snapshot: JobsSnapshot) -> None:
        self._app.query_one(PlayerBar).jobs = jobs_text.indicator(snapshot, time.time())

    def _ended(self, ended: Ended) -> None:
        for title, text, severity in jobs_text.ended_notices(ended):
            self._app.notify(text, title=title, severity=severity, markup=False)
