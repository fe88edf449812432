"""Audition: the windows of one species, one after the other, judged by ear and eye."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from birdscope.tui import audition_text
from birdscope.tui.audition_bindings import ACTIONS_OF_A_WINDOW, BINDINGS
from birdscope.tui.audition_choosers import AuditionChoosers
from birdscope.tui.audition_drawing import AuditionDrawing
from birdscope.tui.audition_exchange import AuditionExchange
from birdscope.tui.audition_feed import AuditionFeed
from birdscope.tui.audition_jobs import AuditionJobs
from birdscope.tui.audition_judging import Judging
from birdscope.tui.audition_listening import ListeningPane
from birdscope.tui.messages import OpenInAudition
from birdscope.tui.widgets.queue_list import QueueList
from birdscope.tui.widgets.rows import RowsView
from birdscope.tui.widgets.spectrogram import SpectrogramView
from birdscope.tui.widgets.verdict_summary import CalibrationView, VerdictSummary

if TYPE_CHECKING:
    from birdscope.core.verdicts import Answer
    from birdscope.dataset.catalog import Catalog
    from birdscope.session.session import Session
    from birdscope.session.state import AuditionPlace
    from birdscope.tui.jobs_watch import JobsSnapshot
    from birdscope.tui.services import Services

WIDE_COLUMNS, TALL_ROWS = 110, 30


class AuditionPane(ListeningPane, inherit_bindings=False):
    """The tab of verdicts.

    Args:
        services: The app's catalog, player, study lane and session.
    """

    BINDINGS: ClassVar[list[BindingType]] = BINDINGS

    def __init__(self, services: Services, *, id: str | None = None) -> None:
        super().__init__(services, id=id)
        self.feed = AuditionFeed(self, services, self._feed_changed)
        self._jobs = AuditionJobs(self, services, self.feed)
        self._drawing = AuditionDrawing(self, services, self.feed, self._jobs)
        self._choosers = AuditionChoosers(self, self.feed, services)
        self._judging = Judging(self, services, self.feed, self._choosers)
        self._exchange = AuditionExchange(self, self.feed, services)
        self._taken_from: dict[str, str] = {}
        self._told = ""

    @property
    def queue(self) -> QueueList:
        """The windows to be judged."""
        return self._drawing.queue

    @property
    def autoplay(self) -> bool:
        """Whether a window plays when it is reached."""
        return self._drawing.autoplay

    @property
    def place(self) -> AuditionPlace | None:
        """Where the user is here; None before a queue is on show."""
        from birdscope.session.state import AuditionPlace

        choice, item = self.feed.choice, self.queue.item
        if self._drawing.wanted is not None or not choice.label:
            return None
        return AuditionPlace(
            label=choice.label, kind=choice.kind, recordings=choice.recordings,
            hours=choice.hours, hide_judged=choice.hide_judged, autoplay=self.autoplay,
            reference=self.reference_wanted,
            recording=item.recording if item is not None else "",
            index=item.index if item is not None else 0,
        )  # fmt: skip

    def compose(self) -> ComposeResult:
        """Header; the queue beside pictures over figures, or words in their place."""
        provider = self._services.spectrogram
        yield Static(id="audition-header")
        with Container(id="audition-body"):
            yield QueueList(id="audition-queue")
            with Container(id="audition-right"):
                with Container(id="audition-pictures"):
                    yield SpectrogramView(provider, id="audition-window")
                    yield SpectrogramView(provider, id="audition-reference")
                with Container(id="audition-figures"):
                    yield VerdictSummary(id="audition-summary")
                    yield CalibrationView(id="audition-curve")
            yield Static(id="audition-hint")

    def on_mount(self) -> None:
        """Follow the player, the catalog, the session and the jobs."""
        self.begin_to_sound()
        self.query_one("#audition-summary").border_title = "Verdicts"
        self.query_one("#audition-curve").border_title = "P(there | score)"
        services = self._services
        services.catalog_loaded.subscribe(self, self._catalog_loaded)
        services.session_changed.subscribe(self, self._session_changed)
        services.jobs.changed.subscribe(self, self._jobs_changed)
        if services.catalog is not None:
            self._catalog_loaded(services.catalog)
        self._feed_changed()

    def on_unmount(self) -> None:
        """Whatever was answered is written before the app ends."""
        self.feed.close()

    def on_show(self) -> None:
        """The ensemble, the settings and the scores may have changed meanwhile."""
        self.feed.look()

    def on_resize(self, event: events.Resize) -> None:
        """Side by side where there is room."""
        wide = event.size.width >= WIDE_COLUMNS
        self.set_class(wide, "-wide")
        self.set_class(event.size.height >= TALL_ROWS, "-tall")
        self.query_one("#audition-summary").border_subtitle = "" if wide else "w curve"
        self.query_one("#audition-curve").border_subtitle = "" if wide else "w figures"
        self._drawing.header()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A bug in a worker must be seen, and must not end the app."""
        if event.state is WorkerState.ERROR:
            self.log.error(event.worker.error)
            text = str(event.worker.error)
            self.notify(text, title="Audition", severity="error", markup=False)

    def open_species(self, wanted: OpenInAudition) -> None:
        """Show the queue that another screen wants."""
        kind = wanted.kind or self.feed.choice.kind
        self._drawing.wanted = None
        self.feed.choose(
            label=wanted.label, kind=kind, recordings="", hours=None, scores=wanted.scores,
            settings=wanted.settings, labels=wanted.labels,
        )  # fmt: skip

    def come_from(self, tab: str, label: str) -> None:
        """Take the species of the tab left, unless it was taken from there before."""
        if label and self._taken_from.get(tab) != label:
            self._taken_from[tab] = label
            if label != self.feed.choice.label:
                self.open_species(OpenInAudition(label))

    def come_back(self, place: AuditionPlace, browsed: str) -> None:
        """Go to a place as soon as the dataset is there.

        Args:
            place: The place.
            browsed: The row of Browse that its list comes back to.
        """
        if not place.label:
            return
        self._drawing.wanted, self._taken_from = place, {"browse": browsed}
        self._drawing.autoplay, self.reference_wanted = place.autoplay, place.reference

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of a window only where there is one."""
        if action in ACTIONS_OF_A_WINDOW:
            return self.is_mounted and self.queue.item is not None
        return True

    def action_answer(self, answer: Answer) -> None:
        """Keep a verdict about the window on show, and go to the next."""
        self._judging.judge(answer)

    async def action_correct(self) -> None:
        """Say which species it is instead."""
        await self._judging.correct()

    async def action_undo(self) -> None:
        """Take the last verdict back, and go to its window."""
        await self._judging.undo()

    def action_autoplay(self) -> None:
        """Play each window when it is reached, or not."""
        self._drawing.autoplay = not self.autoplay
        self._drawing.header()
        if self.autoplay:
            self.sounds.play()

    async def action_exchange(self) -> None:
        """Export verdicts, or import some."""
        if (catalog := self._services.catalog) is not None:
            await self._exchange.open(catalog)

    async def action_species(self) -> None:
        """Choose a species."""
        if self._services.catalog is not None:
            await self._choosers.species(self._services.catalog)

    def action_kind(self) -> None:
        """Choose a queue."""
        self._choosers.kind()

    def action_filter(self) -> None:
        """Choose recordings and hours."""
        self._choosers.filter()

    def action_clear_filter(self) -> None:
        """List all windows."""
        if audition_text.filters(self.feed.choice):
            self.feed.choose(recordings="", hours=None, hide_judged=False)

    def action_hide_judged(self) -> None:
        """Leave judged windows out, or show them."""
        self.feed.choose(hide_judged=not self.feed.choice.hide_judged)

    def action_curve(self) -> None:
        """Swap figures and curve where there is no room for both."""
        self.toggle_class("-curve")

    def action_reload(self) -> None:
        """Rank anew, and begin at the top."""
        self._drawing.from_the_top()
        self.feed.look(again=True)

    def action_annotator(self) -> None:
        """Ask for the name."""
        self._choosers.annotator(self._drawing.header)

    async def action_predict_all(self) -> None:
        """Predict the soundscapes."""
        await self._jobs.predict_all()

    @on(RowsView.Highlighted, "#audition-queue")
    def _window_highlighted(self) -> None:
        self.show_window(play=self.autoplay)
        self._drawing.queue_titles()

    @on(RowsView.Chosen, "#audition-queue")
    def _window_chosen(self) -> None:
        self.sounds.play(context=True)

    def _catalog_loaded(self, catalog: Catalog) -> None:
        self.feed.open(catalog)
        wanted, known = self._drawing.wanted, catalog.taxonomy.index
        if wanted is not None and wanted.label in known:
            self.feed.choose(**audition_text.choice_of(wanted))
        elif self.feed.choice.label not in known:
            self._drawing.wanted = None
            self.feed.choose(label="", scores=None, settings=None, labels=None)
        else:
            self.feed.look(again=True)
        self._feed_changed()

    def _session_changed(self, session: Session) -> None:
        self.feed.take_session()

    def _jobs_changed(self, snapshot: JobsSnapshot) -> None:
        """More scores may be there, and the prediction is a step further."""
        if self._jobs.take(snapshot, begun=self._drawing.begun, shown=self.is_on_show):
            self._drawing.hint()
            self._drawing.queue_titles()

    def _feed_changed(self) -> None:
        """Draw what is new; called by the feed after every change."""
        if not self.is_mounted or not self.sounds_ready:
            return
        if self._drawing.queue_changed():
            self._queue_drawn()
        self._drawing.header()
        self._drawing.hint()
        self._drawing.figures()
        self.draw_reference()
        self.refresh_bindings()

    def _queue_drawn(self) -> None:
        self.show_window(play=False)
        found = self.feed.found
        if found is None or not found.items:
            return
        if self.is_on_show:
            self.queue.focus()
        if found.note not in ("", self._told):
            self._told = found.note
            self.notify(f"{found.note}.", title="This queue", markup=False)
