"""Audition: the windows of one species, one after the other, judged by ear and eye."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from birdscope.core.windows import SOUNDSCAPE_S, window_count
from birdscope.tui import audition_text, palettes
from birdscope.tui.audition_choosers import AuditionChoosers
from birdscope.tui.audition_exchange import AuditionExchange
from birdscope.tui.audition_feed import AuditionFeed
from birdscope.tui.audition_sounds import AuditionSounds
from birdscope.tui.frequency import SCALES
from birdscope.tui.messages import OpenInAudition
from birdscope.tui.widgets.queue_list import QueueList
from birdscope.tui.widgets.rows import RowsView
from birdscope.tui.widgets.spectrogram import SpectrogramView
from birdscope.tui.widgets.spectrogram_keys import SpectrogramPane
from birdscope.tui.widgets.verdict_summary import CalibrationView, VerdictSummary

if TYPE_CHECKING:
    from birdscope.core.types import Species, Split
    from birdscope.core.verdicts import Answer
    from birdscope.dataset.catalog import Catalog
    from birdscope.engine.audition_messages import QueueFound
    from birdscope.session.session import Session
    from birdscope.session.state import AuditionPlace
    from birdscope.tui.jobs_watch import JobsSnapshot
    from birdscope.tui.services import Services
    from birdscope.tui.submit_plan import Part

WIDE_COLUMNS, TALL_ROWS = 110, 30
LOOK_S = 3.0
_SPLITS: tuple[Split, ...] = ("train_soundscapes", "test_soundscapes")
_OF_A_WINDOW = ("answer", "correct", "compare", "play_pause")


class AuditionPane(SpectrogramPane, inherit_bindings=False):
    """The tab of verdicts.

    Args:
        services: The app's catalog, player, study lane and session.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer('yes')", "Yes", id="audition.yes",
                tooltip="Yes: the species is in this window"),
        Binding("n", "answer('no')", "No", id="audition.no",
                tooltip="No: the species is not in this window"),
        Binding("m", "answer('maybe')", "Maybe", id="audition.maybe",
                tooltip="Maybe: this window counts for nothing"),
        Binding("c", "correct", "Correct", id="audition.correct",
                tooltip="No, it is another species: choose which"),
        Binding("u", "undo", "Undo", id="audition.undo", tooltip="Take your last verdict back"),
        Binding("v", "reference", "Ref", id="audition.reference",
                tooltip="Show or hide a reference recording of this species"),
        Binding("slash", "species", "Species", id="audition.species",
                tooltip="Choose the species to audition"),
        Binding("s", "kind", "Queue", id="audition.kind",
                tooltip="Choose which windows come first"),
        Binding("a", "autoplay", "Autoplay", id="audition.autoplay",
                tooltip="Play each window when it is reached, or not"),
        Binding("tab", "compare", "Compare", show=False, id="audition.compare",
                tooltip="Play the reference, then the window, in turns"),
        Binding("space", "play_pause", "Play", show=False, id="audition.toggle",
                tooltip="Play the window, or pause"),
        Binding("V", "step_reference(1)", "Next reference", show=False,
                id="audition.next_reference", tooltip="The next reference recording"),
        Binding("b", "turn_reference", "Reference on", show=False, id="audition.turn_reference",
                tooltip="The next part of the reference"),
        Binding("F", "filter", "Filter", show=False, id="audition.filter",
                tooltip="List only some recordings, or only some hours of the day"),
        Binding("escape", "clear_filter", "All windows", show=False, id="audition.clear",
                tooltip="List windows of all recordings and hours"),
        Binding("H", "hide_judged", "Hide judged", show=False, id="audition.hide_judged",
                tooltip="Leave windows out that have a verdict, or show them again"),
        Binding("w", "curve", "Curve", show=False, id="audition.curve",
                tooltip="Show the calibration curve, where there is room for one only"),
        Binding("r", "reload", "Rank again", show=False, id="audition.reload",
                tooltip="Rank the windows again with the newest scores"),
        Binding("N", "annotator", "Name", show=False, id="audition.annotator",
                tooltip="Change the name that verdicts are kept with"),
        Binding("e", "exchange", "Export", show=False, id="audition.exchange",
                tooltip="Export verdicts as CSV, Raven or Audacity files, or import some"),
        Binding("R", "predict_all", "Predict all", show=False, id="audition.predict_all",
                tooltip="Predict all soundscapes, as a job"),
        *(replace(one, show=False) for one in SpectrogramPane.BINDINGS if isinstance(one, Binding)),
    ]  # fmt: skip

    def __init__(self, services: Services, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._services = services
        self.feed = AuditionFeed(self, services, self._feed_changed)
        self._choosers = AuditionChoosers(self, self.feed, services)
        self._exchange = AuditionExchange(self, self.feed, services)
        self._sounds: AuditionSounds | None = None
        self._drawn: QueueFound | None = None
        self._autoplay = self._reference_wanted = False
        self._wanted: AuditionPlace | None = None
        self._taken_from: dict[str, str] = {}
        self._told, self._looked_at = "", 0.0

    @property
    def spectrogram(self) -> SpectrogramView:
        """The one on show: the window's, unless the reference stands in its place."""
        window = self._window
        return window if window.display else self.query_one("#audition-reference", SpectrogramView)

    @property
    def queue(self) -> QueueList:
        """The windows to be judged."""
        return self.query_one(QueueList)

    @property
    def autoplay(self) -> bool:
        """Whether a window plays when it is reached."""
        return self._autoplay

    @property
    def place(self) -> AuditionPlace | None:
        """Where the user is here; None before a queue is on show."""
        from birdscope.session.state import AuditionPlace

        choice, item = self.feed.choice, self.queue.item
        if self._wanted is not None or not choice.label:
            return None
        return AuditionPlace(
            label=choice.label, kind=choice.kind, recordings=choice.recordings,
            hours=choice.hours, hide_judged=choice.hide_judged, autoplay=self._autoplay,
            reference=self._reference_wanted,
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
        reference = self.query_one("#audition-reference", SpectrogramView)
        self._sounds = AuditionSounds(self, self._services, self._window, reference)
        for view in (self._window, reference):
            view.can_focus = False
        self._window.border_title, reference.border_title = "Window", "Reference"
        self._window.border_subtitle = ""
        self.query_one("#audition-curve").border_title = "P(there | score)"
        services = self._services
        services.playback.moved.subscribe(self, self._sounds.moved)
        services.playback.changed.subscribe(self, self._sounds.playback_changed)
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
        self.set_class(event.size.width >= WIDE_COLUMNS, "-wide")
        self.set_class(event.size.height >= TALL_ROWS, "-tall")
        self._draw_header()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A bug in a worker must be seen, and must not end the app."""
        if event.state is WorkerState.ERROR:
            self.log.error(event.worker.error)
            text = str(event.worker.error)
            self.notify(text, title="Audition", severity="error", markup=False)

    def open_species(self, wanted: OpenInAudition) -> None:
        """Show the queue that another screen wants."""
        kind = wanted.kind or self.feed.choice.kind
        self._wanted = None
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
        self._wanted, self._taken_from = place, {"browse": browsed}
        self._autoplay, self._reference_wanted = place.autoplay, place.reference

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys of a window only where there is one."""
        if action in _OF_A_WINDOW:
            return self.is_mounted and self.queue.item is not None
        return True

    def action_answer(self, answer: Answer) -> None:
        """Keep a verdict about the window on show, and go to the next."""
        self._judge(answer)

    async def action_correct(self) -> None:
        """Say which species it is instead."""
        if (catalog := self._services.catalog) is not None and not self._explain_read_only():
            await self._choosers.correction(catalog, lambda label: self._judge("correct", label))

    async def action_undo(self) -> None:
        """Take the last verdict back, and go to its window."""
        if self._explain_read_only():
            return
        undone = await self.feed.undo()
        if undone is None:
            self.notify("There is no verdict of yours to take back.")
            return
        rows = [(one.recording, one.index) for one in self.queue.items]
        if undone.label == self.feed.choice.label and undone.window in rows:
            self.queue.cursor = rows.index(undone.window)
            return
        where = f"{undone.answer} of {undone.label}, {undone.row_id}"
        self.notify(where, title="Taken back", markup=False)

    def action_reference(self) -> None:
        """Show or hide the reference."""
        self._reference_wanted = not self._reference_wanted
        self._draw_reference()

    def action_step_reference(self, steps: int) -> None:
        """Show another reference."""
        if not self._reference_wanted:
            self.action_reference()
        else:
            self._ready.step_reference(steps)

    def action_turn_reference(self) -> None:
        """Show the next part of the reference."""
        if self._reference_wanted:
            self._ready.turn_reference()

    def action_compare(self) -> None:
        """Play what was not played last: the reference or the window."""
        if not self._reference_wanted:
            self.action_reference()
        elif self._ready.sounding == "reference":
            self._ready.play()
        else:
            self._ready.play_reference()

    def action_play_pause(self) -> None:
        """Play the window, pause, or go on."""
        self._ready.toggle()

    def action_autoplay(self) -> None:
        """Play each window when it is reached, or not."""
        self._autoplay = not self._autoplay
        self._draw_header()
        if self._autoplay:
            self._ready.play()

    def action_exchange(self) -> None:
        """Export verdicts, or import some."""
        if (catalog := self._services.catalog) is not None:
            self._exchange.open(catalog)

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
        """Rank again."""
        self.feed.look(again=True)

    def action_annotator(self) -> None:
        """Ask for the name."""
        self._choosers.annotator(self._draw_header)

    def action_palette(self) -> None:
        """Take the next palette, in both pictures."""
        following = palettes.following(self._window.palette)
        for view in self.query(SpectrogramView):
            view.palette = following

    def action_scale(self) -> None:
        """Take the next frequency scale, in both pictures."""
        following = SCALES[(SCALES.index(self._window.scale) + 1) % len(SCALES)]
        for view in self.query(SpectrogramView):
            view.scale = following

    def action_zoom_reset(self) -> None:
        """Show the window with its context again."""
        self._ready.show(self.queue.item, note=self._truth())

    async def action_predict_all(self) -> None:
        """Predict the soundscapes."""
        from birdscope.tui.screens.submit import SubmitPane

        submit, part = self.app.query_one(SubmitPane), self._part()
        plan, ensemble = submit.plan, self.feed.ensemble
        if part is None:
            await submit.action_predict_all()
            return
        if ensemble is not None:
            plan = replace(plan, ensemble_path=ensemble.path.absolute(), ensemble=ensemble)
        await submit.predict_all(part, plan)

    @on(RowsView.Highlighted, "#audition-queue")
    def _window_highlighted(self) -> None:
        self._show_window(play=self._autoplay)
        self._title_queue()

    @on(RowsView.Chosen, "#audition-queue")
    def _window_chosen(self) -> None:
        self._ready.play(context=True)

    @on(SpectrogramView.Seek)
    def _seek(self, event: SpectrogramView.Seek) -> None:
        event.stop()
        if event.view.path is not None and event.view.path == self._services.playback.path:
            self._services.playback.seek(event.seconds)

    @property
    def _window(self) -> SpectrogramView:
        return self.query_one("#audition-window", SpectrogramView)

    @property
    def _ready(self) -> AuditionSounds:
        assert self._sounds is not None
        return self._sounds

    @property
    def _species(self) -> Species | None:
        catalog, label = self._services.catalog, self.feed.choice.label
        return catalog.taxonomy.get(label) if catalog is not None and label else None

    def _judge(self, answer: Answer, corrected: str | None = None) -> None:
        item, queue = self.queue.item, self.queue
        if item is None or self._explain_read_only():
            return
        if not self.feed.annotator:
            self._choosers.annotator(lambda: self._judge(answer, corrected))
            return
        self.feed.judge(item, answer, corrected)
        following = queue.next_unjudged(queue.cursor, self.feed.busy_windows)
        if following is not None:
            queue.cursor = following
        else:
            self.notify("Every window of this queue has a verdict: H lists the next ones.")

    def _explain_read_only(self) -> bool:
        session = self._services.session
        if session.read_only:
            text = f"{session.notice}.\nVerdicts can't be kept: ctrl+s opens another session"
            self.notify(text, title="Read-only", severity="error", markup=False)
        return session.read_only

    def _catalog_loaded(self, catalog: Catalog) -> None:
        self.feed.open(catalog)
        wanted, known = self._wanted, catalog.taxonomy.index
        if wanted is not None and wanted.label in known:
            kinds = audition_text.KINDS
            kind = next((one for one in kinds if one == wanted.kind), "score")
            self.feed.choose(
                label=wanted.label, kind=kind, recordings=wanted.recordings,
                hours=wanted.hours, hide_judged=wanted.hide_judged,
            )  # fmt: skip
        elif self.feed.choice.label not in known:
            self._wanted = None
            self.feed.choose(label="", scores=None, settings=None, labels=None)
        else:
            self.feed.look(again=True)
        self._feed_changed()

    def _session_changed(self, session: Session) -> None:
        self.feed.take_session()

    def _jobs_changed(self, snapshot: JobsSnapshot) -> None:
        """The first scores may be there; a queue on show stays as it is until r."""
        empty = self.feed.found is None or not self.feed.found.items
        if empty and self._is_shown and time.monotonic() - self._looked_at > LOOK_S:
            self._looked_at = time.monotonic()
            self.feed.look(again=True)

    def _feed_changed(self) -> None:
        """Draw what is new; called by the feed after every change."""
        if not self.is_mounted or self._sounds is None:
            return
        found = self.feed.found
        self.set_class(found is None or not found.items, "-empty")
        if found is not self._drawn:
            self._drawn = found
            self._draw_queue(found)
        else:
            self.queue.show_marks(audition_text.marks(self.feed))
        self._draw_header()
        self._draw_hint()
        self._draw_figures()
        self._draw_reference()
        self.refresh_bindings()

    def _draw_queue(self, found: QueueFound | None) -> None:
        queue, items = self.queue, found.items if found is not None else ()
        row = self._row_wanted(found)
        extra: tuple[str, list[float | None]] = ("", [])
        if self.feed.choice.kind == "auc_loss":
            extra = ("AUC", [one.cost for one in items])
        with queue.prevent(RowsView.Highlighted):
            queue.show(items, audition_text.marks(self.feed), extra, row)
        self._show_window(play=False)
        if found is not None and items and self._is_shown:
            queue.focus()
        if found is not None and items and found.note not in ("", self._told):
            self._told = found.note
            self.notify(f"{found.note}.", title="This queue", markup=False)

    def _row_wanted(self, found: QueueFound | None) -> int:
        """The remembered window's row, else that of the first window without a verdict."""
        items = found.items if found is not None else ()
        keys = [(one.recording, one.index) for one in items]
        wanted, before = self._wanted, self.queue.item
        if found is not None:
            self._wanted = None
        if wanted is not None and (wanted.recording, wanted.index) in keys:
            return keys.index((wanted.recording, wanted.index))
        if before is not None and (before.recording, before.index) in keys:
            return keys.index((before.recording, before.index))
        return next((row for row, one in enumerate(keys) if one not in self.feed.verdicts), 0)

    def _show_window(self, *, play: bool) -> None:
        self._ready.show(self.queue.item, play=play and self._is_shown, note=self._truth())

    def _truth(self) -> str:
        """What the labels say, where it is errors that are listened to."""
        item = self.queue.item
        if item is None or item.truth is None or self.feed.choice.kind != "auc_loss":
            return ""
        return "labels: there" if item.truth else "labels: not there"

    @property
    def _is_shown(self) -> bool:
        return bool(self.display) and self.app.screen is self.screen

    def _draw_header(self) -> None:
        header = self.query_one("#audition-header", Static)
        width = max(self.size.width - 2, 20)
        who = f"by {self.feed.annotator}" if self.feed.annotator else ""
        who = " · ".join(one for one in ("autoplay" if self._autoplay else "", who) if one)
        source = self.feed.found.source if self.feed.found is not None else ""
        text = audition_text.header(self.feed.choice, self._species, source, who, width)
        if text != header.content:
            header.update(text)
        self._title_queue()

    def _title_queue(self) -> None:
        queue = self.queue
        titles = audition_text.queue_titles(self.feed, queue.cursor)
        queue.border_title, queue.border_subtitle = titles

    def _draw_hint(self) -> None:
        self.query_one("#audition-hint", Static).update(
            audition_text.hint(self.feed, self._species, self._to_predict())
        )

    def _draw_figures(self) -> None:
        feed, summary = self.feed, self.query_one(VerdictSummary)
        summary.show(lambda width, rows: audition_text.summary_lines(feed, width, rows))
        curve = self.query_one(CalibrationView)
        known = [one for one in feed.verdicts.values() if one.score is not None]
        label = feed.choice.label
        yes = [one.score for one in known if one.says(label) is True and one.score is not None]
        no = [one.score for one in known if one.says(label) is False and one.score is not None]
        words = feed.summary.reason if feed.summary is not None else ""
        curve.show(audition_text.curve_of(feed.summary), yes, no, words)

    def _draw_reference(self) -> None:
        self.set_class(self._reference_wanted, "-reference")
        catalog, label = self._services.catalog, self.feed.choice.label
        if self._reference_wanted and catalog is not None and label:
            self._ready.show_reference(catalog, label)

    def _part(self) -> Part | None:
        """What R predicts: the soundscapes, those of train_soundscapes first."""
        from birdscope.tui.submit_plan import Part

        if (catalog := self._services.catalog) is None:
            return None
        for split in _SPLITS:
            if count := len(catalog.recordings(split)):
                return Part(split, count, count)
        return None

    def _to_predict(self) -> str:
        part, engine = self._part(), self._services.engine
        if part is None or self.feed.ensemble is None:
            return ""
        seconds = engine.status.window_s * window_count(SOUNDSCAPE_S) * part.count
        return audition_text.needed(part.count, part.split, seconds)
