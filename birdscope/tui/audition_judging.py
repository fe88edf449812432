"""Judging: an answer about the window on show, and on to the next; taking one back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widget import Widget

from birdscope.tui.widgets.queue_list import QueueList

if TYPE_CHECKING:
    from birdscope.core.verdicts import Answer
    from birdscope.tui.audition_choosers import AuditionChoosers
    from birdscope.tui.audition_feed import AuditionFeed
    from birdscope.tui.services import Services

_DONE = "Every window of this queue has a verdict: H lists the next ones, s another queue."


class Judging:
    """Gives the feed what is answered.

    Args:
        pane: Holds the queue; its app tells what can't be done.
        services: The app's, for the session and the species.
        feed: Keeps the verdicts.
        choosers: Ask for a name and for another species.
    """

    def __init__(
        self, pane: Widget, services: Services, feed: AuditionFeed, choosers: AuditionChoosers
    ) -> None:
        self._pane = pane
        self._services = services
        self._feed = feed
        self._choosers = choosers

    def judge(self, answer: Answer, corrected: str | None = None) -> None:
        """Keep a verdict about the window under the cursor, and go to the next without one.

        Asks for a name first where nobody has given one.
        """
        queue = self._pane.query_one(QueueList)
        item = queue.item
        if item is None or self.refused():
            return
        if not self._feed.annotator:
            self._choosers.annotator(lambda: self.judge(answer, corrected))
            return
        self._feed.judge(item, answer, corrected)
        following = queue.next_unjudged(queue.cursor, self._feed.busy_windows)
        if following is not None:
            queue.cursor = following
        else:
            self._pane.notify(_DONE)

    async def correct(self) -> None:
        """Ask which species it is instead, and keep that."""
        if (catalog := self._services.catalog) is not None and not self.refused():
            await self._choosers.correction(catalog, lambda label: self.judge("correct", label))

    async def undo(self) -> None:
        """Take the last verdict back, and go to its window."""
        if self.refused():
            return
        undone = await self._feed.undo()
        if undone is None:
            self._pane.notify("There is no verdict of yours to take back.")
            return
        queue = self._pane.query_one(QueueList)
        rows = [(one.recording, one.index) for one in queue.items]
        if undone.label == self._feed.choice.label and undone.window in rows:
            queue.cursor = rows.index(undone.window)
            return
        where = f"{undone.answer} of {undone.label}, {undone.row_id}"
        self._pane.notify(where, title="Taken back", markup=False)

    def refused(self) -> bool:
        """Whether verdicts can't be kept here; says so then."""
        session = self._services.session
        if session.read_only:
            text = f"{session.notice}.\nVerdicts can't be kept: ctrl+s opens another session"
            self._pane.notify(text, title="Read-only", severity="error", markup=False)
        return session.read_only
