"""The prediction that Audition waits for: started from here, and how far it is."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.widget import Widget

from birdscope.core.windows import SOUNDSCAPE_S, window_count
from birdscope.tui import audition_text
from birdscope.tui.jobs_text import time_left

if TYPE_CHECKING:
    from birdscope.core.types import Split
    from birdscope.tui.audition_feed import AuditionFeed
    from birdscope.tui.jobs_watch import JobsSnapshot, JobView
    from birdscope.tui.services import Services
    from birdscope.tui.submit_parts import Part

LOOK_S = 3.0
_SPLITS: tuple[Split, ...] = ("train_soundscapes", "test_soundscapes")


class AuditionJobs:
    """Starts a prediction, and asks for the queue again as scores arrive.

    A queue that somebody has begun with stays as it is: the feed is told that there is more.

    Args:
        owner: The widget whose app is used.
        services: The app's.
        feed: Is asked again.

    Attributes:
        progress: How far the prediction is that runs; empty where none does.
    """

    def __init__(self, owner: Widget, services: Services, feed: AuditionFeed) -> None:
        self._owner = owner
        self._services = services
        self._feed = feed
        self._looked_at = 0.0
        self._done: dict[str, float] | None = None
        self.progress = ""

    @property
    def offer(self) -> str:
        """What R would predict, with the time it takes; empty where it can't."""
        part, engine = self._part(), self._services.engine
        if part is None or self._feed.ensemble is None:
            return ""
        seconds = engine.status.window_s * window_count(SOUNDSCAPE_S) * part.count
        return audition_text.needed(part.count, part.split, seconds)

    async def predict_all(self) -> None:
        """Predict the soundscapes as a job."""
        from birdscope.tui.screens.submit import SubmitPane

        submit, part = self._owner.app.query_one(SubmitPane), self._part()
        plan, ensemble = submit.plan, self._feed.ensemble
        if part is None:
            await submit.action_predict_all()
            return
        if ensemble is not None:
            plan = replace(plan, ensemble_path=ensemble.path.absolute(), ensemble=ensemble)
        await submit.predict_all(part, plan)

    def take(self, snapshot: JobsSnapshot, *, begun: bool, shown: bool) -> bool:
        """Learn how the jobs stand; gives whether there is something new to draw.

        Args:
            snapshot: All jobs.
            begun: Whether somebody has begun with the queue on show.
            shown: Whether the tab is on show.
        """
        before = self.progress, self._feed.more
        views = [one for one in snapshot.views if "predict" in one.job.spec.argv[:1]]
        live = [one for one in views if one.job.live]
        self.progress = _progress(live[0], time.time()) if live else ""
        done = {one.job.id: _steps(one) for one in views}
        if self._done is not None and done != self._done:
            self._feed.more = True
        self._done = done
        if self._feed.more and shown and not begun and self._may_look(bool(live)):
            self._feed.look(again=True)
        return (self.progress, self._feed.more) != before

    def _may_look(self, runs: bool) -> bool:
        """At once where no job runs any more, else now and then."""
        if runs and time.monotonic() - self._looked_at < LOOK_S:
            return False
        self._looked_at = time.monotonic()
        return True

    def _part(self) -> Part | None:
        """What R predicts: the soundscapes, those of train_soundscapes first."""
        from birdscope.tui.submit_parts import Part

        if (catalog := self._services.catalog) is None:
            return None
        for split in _SPLITS:
            if count := len(catalog.recordings(split)):
                return Part(split, count, count)
        return None


def _steps(view: JobView) -> float:
    """How much a job has done; its end is a step too."""
    done = view.job.progress.done if _counts(view) else 0.0
    return done if view.job.live else done + 0.5


def _progress(view: JobView, now: float) -> str:
    progress = view.job.progress
    left = time_left(view, now)
    if progress.total and _counts(view):
        return f"{progress.done:,.0f} of {progress.total:,.0f} {progress.unit}s, {left}"
    return left if view.job.state == "queued" else f"the nets are being loaded, {left}"


def _counts(view: JobView) -> bool:
    """Whether it counts recordings that are predicted, no longer nets loaded or headers read."""
    progress = view.job.progress
    return progress.unit == "recording" and not progress.message.startswith("reading")
