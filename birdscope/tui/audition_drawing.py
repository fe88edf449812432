"""Draws Audition: the feed's state into the widgets of its pane."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual.widget import Widget
from textual.widgets import Static

from birdscope.tui import audition_figures, audition_text
from birdscope.tui.widgets.queue_list import QueueList
from birdscope.tui.widgets.rows import RowsView
from birdscope.tui.widgets.verdict_summary import CalibrationView, VerdictSummary

if TYPE_CHECKING:
    from birdscope.core.types import Species
    from birdscope.engine.audition_messages import QueueFound
    from birdscope.session.state import AuditionPlace
    from birdscope.tui.audition_feed import AuditionFeed, Choice
    from birdscope.tui.audition_jobs import AuditionJobs
    from birdscope.tui.services import Services


class AuditionDrawing:
    """The hand that draws the pane.

    Args:
        pane: Its widgets are drawn.
        services: Know the species.
        feed: What is known.
        jobs: How far a prediction is.

    Attributes:
        autoplay: Whether a window plays when it is reached.
        wanted: The place to come back to with the next queue; None where there is none.
    """

    def __init__(
        self, pane: Widget, services: Services, feed: AuditionFeed, jobs: AuditionJobs
    ) -> None:
        self._pane = pane
        self._services = services
        self._feed = feed
        self._jobs = jobs
        self._found: QueueFound | None = None
        self._choice: Choice | None = None
        self._first: tuple[str, int] | None = None
        self._came = 0
        self.autoplay = False
        self.wanted: AuditionPlace | None = None

    @property
    def queue(self) -> QueueList:
        """The windows to be judged."""
        return self._pane.query_one(QueueList)

    @property
    def species(self) -> Species | None:
        """The one that is auditioned."""
        catalog, label = self._services.catalog, self._feed.choice.label
        return catalog.taxonomy.get(label) if catalog is not None and label else None

    @property
    def begun(self) -> bool:
        """Whether somebody has moved in the queue on show, or judged of it."""
        item = self.queue.item
        return item is not None and (
            (item.recording, item.index) != self._first or bool(self._feed.busy_windows)
        )

    def from_the_top(self) -> None:
        """The next queue begins with its first window that has no verdict."""
        self._choice = None

    def queue_changed(self) -> bool:
        """Draw the queue; gives whether it is another one than was on show."""
        found = self._feed.found
        self._pane.set_class(found is None or not found.items, "-empty")
        if found is self._found:
            self.queue.show_marks(audition_text.marks(self._feed))
            return False
        self._found = found
        items = found.items if found is not None else ()
        row = self._row_wanted(found)
        with self.queue.prevent(RowsView.Highlighted):
            self.queue.show(
                items,
                audition_text.marks(self._feed),
                audition_text.ranked_by(self._feed.choice.kind, items),
                row,
            )
        self._first = (items[row].recording, items[row].index) if items else None
        return True

    def header(self) -> None:
        """What is auditioned, and the frame of the queue."""
        feed, header = self._feed, self._pane.query_one("#audition-header", Static)
        width = max(self._pane.size.width - 2, 20)
        who = f"by {feed.annotator}" if feed.annotator else ""
        who = " · ".join(one for one in ("autoplay" if self.autoplay else "", who) if one)
        source = feed.found.source if feed.found is not None else ""
        text = audition_text.header(feed.choice, self.species, source, who, width)
        if text != header.content:
            header.update(text)
        self.queue_titles()

    def queue_titles(self) -> None:
        """The frame of the queue."""
        queue = self.queue
        came = 0 if self.begun else self._came
        titles = audition_text.queue_titles(self._feed, queue.cursor, self._jobs.progress, came)
        queue.border_title, queue.border_subtitle = titles

    def hint(self) -> None:
        """What to do where there is no window."""
        self._pane.query_one("#audition-hint", Static).update(
            audition_text.hint(self._feed, self.species, self._jobs.offer, self._jobs.progress)
        )

    def figures(self) -> None:
        """What the verdicts say."""
        feed, label = self._feed, self._feed.choice.label
        self._pane.query_one(VerdictSummary).show(
            lambda width, rows: audition_figures.summary_lines(feed, width, rows)
        )
        said = [(one.score, one.says(label)) for one in feed.verdicts.values()]
        yes = [score for score, there in said if there is True and score is not None]
        no = [score for score, there in said if there is False and score is not None]
        words = feed.summary.reason if feed.summary is not None else ""
        curve = audition_figures.curve_of(feed.summary)
        self._pane.query_one(CalibrationView).show(curve, yes, no, words)

    def _row_wanted(self, found: QueueFound | None) -> int:
        """The row to stand on.

        That of the remembered window; else, in the same queue ranked anew by itself, that of
        the window on show, so that a key never judges another one than was heard; else that of
        the first window without a verdict.
        """
        items = found.items if found is not None else ()
        keys = [(one.recording, one.index) for one in items]
        wanted, before, choice = self.wanted, self.queue.item, self._feed.choice
        choice = replace(choice, hide_judged=False)
        same = choice == self._choice
        if found is not None:
            self.wanted, self._choice = None, choice
        known, self._came = self._came, 0
        if wanted is not None and (wanted.recording, wanted.index) in keys:
            return keys.index((wanted.recording, wanted.index))
        if same and before is not None and (before.recording, before.index) in keys:
            row = keys.index((before.recording, before.index))
            self._came = max(0, known + row - self.queue.cursor)
            return row
        return next((row for row, one in enumerate(keys) if one not in self._feed.verdicts), 0)
