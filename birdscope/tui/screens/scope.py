"""Scope: a soundscape, its windows, and the ensemble running ahead of the playhead."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from birdscope.core.types import Recording
from birdscope.core.windows import SOUNDSCAPE_S, WINDOW_S
from birdscope.tui import places, scope_text
from birdscope.tui.scope_bindings import HEAT_BINDINGS, SOUND_BINDINGS, VIEW_BINDINGS
from birdscope.tui.scope_choosing import ScopeChoosers
from birdscope.tui.scope_drawing import ScopeDrawing
from birdscope.tui.scope_feed import Feed
from birdscope.tui.scope_files import ScopeFiles
from birdscope.tui.scope_heat import HeatDesk
from birdscope.tui.scope_parts import PartsDesk
from birdscope.tui.widgets.engine_line import EngineLine
from birdscope.tui.widgets.heatmap import HeatMap
from birdscope.tui.widgets.spectrogram import SpectrogramView
from birdscope.tui.widgets.spectrogram_keys import SpectrogramPane
from birdscope.tui.widgets.top_species import TopSpecies

if TYPE_CHECKING:
    from birdscope.core.settings import Settings
    from birdscope.dataset.catalog import Catalog
    from birdscope.session.state import ScopePlace
    from birdscope.tui.playback import PlaybackStatus
    from birdscope.tui.scope_stack import Pair
    from birdscope.tui.services import Services


class ScopePane(SpectrogramPane):
    """The tab of live predictions.

    Args:
        services: The app's catalog, player, engine and session.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*SOUND_BINDINGS, *HEAT_BINDINGS, *VIEW_BINDINGS]

    def __init__(self, services: Services, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._services = services
        self.feed = Feed(self, services, self._feed_changed)
        self.heat = HeatDesk(self.feed, services)
        self._choosers = ScopeChoosers(self, self.feed, services)
        self._drawing = ScopeDrawing(self, services, self.feed, self.heat)
        self._parts = PartsDesk(self, self.feed, self.heat)
        self._files = ScopeFiles(services)
        self.follows = True
        self._window = 0
        self._playing = False
        self._following = False
        self._playhead_window: int | None = None
        self._wanted: ScopePlace | None = None
        self._opened_for: tuple[object, object] | None = None

    @property
    def place(self) -> ScopePlace | None:
        """Where the user is here; None while no recording is on show."""
        if self._wanted is not None or not self._spectrogram.duration_s:
            return None
        usual = self._span_of(self._window)
        return places.scope_place(self._window, self._spectrogram, usual, self.heat, self.follows)

    def come_back(self, place: ScopePlace) -> None:
        """Go to a place in the recording that the session remembers, once it is open."""
        self._wanted = place
        self.follows = place.follow
        self.heat.come_back(place)

    @property
    def window(self) -> int:
        """The selected window."""
        return self._window

    @property
    def label(self) -> str:
        """The species of the selected row; empty before there are predictions."""
        column = self.heat.column_of(self._heatmap.cursor[0])
        predicted = self.feed.blended is not None
        return self.feed.classes[column] if predicted and column is not None else ""

    @property
    def is_shown(self) -> bool:
        """Whether this is the tab on show; the others must leave the focus alone."""
        return bool(self.display) and self.app.screen is self.screen

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A bug in the feed must be seen, and must not end the app."""
        if event.state is WorkerState.ERROR:
            self.log.error(event.worker.error)
            self.notify(repr(event.worker.error), title="Scope", severity="error", markup=False)

    def compose(self) -> ComposeResult:
        """Header; spectrogram over heat map, the list beside them; the engine's line."""
        yield Static(id="scope-header")
        with Horizontal(id="scope-body"):
            with Vertical(id="scope-charts"):
                yield SpectrogramView(self._services.spectrogram, id="scope-spectrogram")
                yield HeatMap(id="scope-heatmap")
                yield Static(id="scope-hint")
                yield Static(id="scope-facts")
            yield TopSpecies(id="scope-top")
        yield EngineLine(id="scope-engine")

    def on_mount(self) -> None:
        """Follow the player and the catalog; warm the engine up after the first paint."""
        self._spectrogram.window_grid = True
        self._spectrogram.can_focus = False
        playback = self._services.playback
        playback.moved.subscribe(self, self._moved)
        playback.changed.subscribe(self, self._playback_changed)
        self._services.catalog_loaded.subscribe(self, self._catalog_loaded)
        self._services.settings_changed.subscribe(self, self._settings_changed)
        self.call_after_refresh(self._begin)

    def on_unmount(self) -> None:
        """Let the engine go."""
        self.feed.close()
        self.heat.close()

    def on_resize(self, event: events.Resize) -> None:
        """Names in the gutter where there is room for them, frames where there are rows."""
        self._drawing.fit(event.size)
        self._drawing.rows(self._window)

    def on_show(self) -> None:
        """Show what was judged meanwhile."""
        if self.feed.recording is not None:
            self._ask_for_marks(self.feed.recording)

    def open_recording(self, recording: Recording) -> None:
        """Show a recording, from its beginning."""
        self._wanted = None
        self._open(recording)

    def open_files(self, paths: Sequence[Path]) -> None:
        """Show the first of some sound files; the others are the next ones.

        Raises:
            DatasetError: there is no such file.
        """
        recording = self._files.take(paths)
        if self._services.catalog is None and self.feed.ensemble is None:
            self.feed.choose_default_ensemble()
        self.open_recording(recording)

    def _open(self, recording: Recording) -> None:
        self._window, self._playhead_window = 0, None
        self._drawing.forget()
        self.feed.open(recording)
        self._spectrogram.show(None)
        self._parts.forget()
        self._feed_changed()
        self._ask_for_marks(recording)
        if self.is_shown:
            self._heatmap.focus()

    def action_play_pause(self) -> None:
        """Play from the selected window, pause, or go on."""
        recording, playback = self.feed.recording, self._services.playback
        if recording is None or not self.feed.duration_s:
            return
        ours = playback.path == recording.path
        self._following = self.follows
        if ours and (playback.status.state in ("playing", "paused") or self._is_at_playhead):
            playback.toggle()
        else:
            start_s = self._window * WINDOW_S
            playback.play(recording.path, name=recording.name, start_s=start_s)
        self.feed.aim(self._window)

    def action_predict(self) -> None:
        """Predict the whole file, from the selected window on."""
        if self._explain_why_not():
            return
        if len(self.feed.done) == self.feed.n_windows:
            self.notify("Every window of this recording has its predictions.")
        self.feed.predict_whole(self._window)

    def action_take_in_hand(self) -> None:
        """Go to the spectrogram's cursor; the way back is escape or tab."""
        self._spectrogram.can_focus = True
        super().action_take_in_hand()

    def on_descendant_blur(self) -> None:
        """Tab passes the spectrogram by: its cursor is asked for."""
        self._spectrogram.can_focus = self._spectrogram.has_focus

    def action_stop(self) -> None:
        """Leave the spectrogram; else stop predicting."""
        if self._spectrogram.has_focus:
            self._heatmap.focus()
        else:
            self.feed.stop()

    def action_sort(self) -> None:
        """Take the next order of the species, and sort them again."""
        self.heat.wanted = self.heat.wanted.with_next_sort()
        self.feed.rank_anew()
        self._look_changed()

    def action_pin(self) -> None:
        """Keep the selected species on top, or no longer."""
        if self.label:
            self.heat.wanted = self.heat.wanted.with_pin(self.label)
            self._look_changed()

    def action_animal_class(self) -> None:
        """Show only the next animal class."""
        self.heat.wanted = self.heat.wanted.with_next_class(self.heat.class_names)
        self._look_changed()

    def action_threshold(self, tenths: int) -> None:
        """Move the threshold."""
        self.heat.move_threshold(tenths)
        self._look_changed()

    def action_follow(self) -> None:
        """Let the selection follow the playhead, or stay where it is."""
        self.follows = not self.follows
        self._following, self._playhead_window = self.follows, None
        self._draw_header()
        if self._playing:
            self._moved(self._services.playback.position_s)

    def action_which_part(self) -> None:
        """Show which part of the window triggered the selected species, or no longer."""
        self._parts.turn(self._window)

    def action_changes(self) -> None:
        """Show what the settings change, or the probabilities again."""
        self.feed.show_changes(not self.feed.changes)
        self._draw_header()

    def _look_changed(self) -> None:
        self._drawing.rows(self._window)
        self._draw_header()
        self._draw_top()

    def _draw_header(self) -> None:
        self._drawing.header(follows=self.follows)

    def _draw_top(self) -> None:
        self._drawing.top(self._window)
        self._parts.ask(self._window)

    def _ask_for_marks(self, recording: Recording) -> None:
        self.run_worker(self._read_marks(recording), group="scope-marks", exclusive=True)

    async def _read_marks(self, recording: Recording) -> None:
        problem = await self.heat.read_marks(recording)
        if problem:
            self.notify(problem, title="Verdicts and labels", severity="warning", markup=False)
        self._drawing.facts()
        self._draw_header()
        if self.feed.blended is not None:
            self.heat.mark(self._heatmap)

    def action_compare(self) -> None:
        """Show the other side: before the session's settings, after them."""
        self.feed.show_before(not self.feed.before)
        stack = self.feed.stack
        if stack is not None and not stack.side:
            self.notify(f"The {stack.name} again: Tune (4) makes other settings.", markup=False)

    def compare(self, pair: Pair) -> None:
        """Show what differs between two settings."""
        self.feed.compare(pair)
        self._draw_header()
        self.notify("b shows A or B, d their difference, B ends it.", title="A/B of two settings")

    def action_end_comparison(self) -> None:
        """Show the session's settings again, after two others were compared."""
        if self.feed.pair is None:
            self.notify("Nothing of Tune is compared here: B on a row of Tune (4) does it.")
            return
        self.feed.compare(None)
        self._draw_header()

    def action_page(self, minutes: int) -> None:
        """Go to another minute of a long recording."""
        target = self._window + minutes * SOUNDSCAPE_S // WINDOW_S
        if 0 <= target < self.feed.n_windows or self._page_of(target) != self._page_of(
            self._window
        ):
            self._select(min(max(target, 0), self.feed.n_windows - 1), seek=True)

    def action_step(self, steps: int) -> None:
        """Go to another soundscape."""
        recording = self._files.beside(self.feed.recording, steps)
        if recording is not None:
            self.open_recording(recording)

    def action_zoom(self, factor: float) -> None:
        """Zoom around the middle of the selected window."""
        self._spectrogram.zoom(factor, self._window * WINDOW_S + WINDOW_S / 2)

    def action_zoom_reset(self) -> None:
        """Show the minute of the selected window."""
        self._spectrogram.show_span(*self._span_of(self._window))

    def action_open(self) -> None:
        """Choose a soundscape from a list."""
        self._choosers.recording(self._files.listed(), self._open_chosen)

    def action_open_file(self) -> None:
        """Ask for the path of a sound file."""
        self._choosers.file()

    def action_live(self) -> None:
        """Listen to a microphone or line input."""
        self._choosers.live()

    def action_ensemble(self) -> None:
        """Choose an ensemble from a list."""
        self._choosers.ensemble(self._use_ensemble)

    def on_heat_map_cell_selected(self, message: HeatMap.CellSelected) -> None:
        """The user chose a window; while it plays, the sound goes there."""
        if message.window != self._window:
            self._select(message.window, seek=True)
        else:
            self._draw_top()

    def on_heat_map_cell_activated(self, message: HeatMap.CellActivated) -> None:
        """Play the window with 2 s of context on either side."""
        from birdscope.engine.live import context_span

        recording = self.feed.recording
        if recording is None or not self.feed.duration_s:
            return
        self._following = False
        start_s, end_s = context_span(message.window, self.feed.duration_s)
        self._services.playback.play(
            recording.path, name=recording.name, start_s=start_s, end_s=end_s
        )
        self.feed.aim(message.window)

    def on_spectrogram_view_seek(self, message: SpectrogramView.Seek) -> None:
        """Go to where the user clicked."""
        message.stop()
        playback, recording = self._services.playback, self.feed.recording
        if recording is not None and playback.path == recording.path:
            self._following = self.follows
            playback.seek(message.seconds)
        self._select(int(message.seconds // WINDOW_S))

    def on_spectrogram_view_view_changed(self, message: SpectrogramView.ViewChanged) -> None:
        """The heat map shows the same span of time."""
        self._heatmap.set_view(message.start_s, message.end_s)
        self._draw_header()

    @property
    def _spectrogram(self) -> SpectrogramView:
        return self._drawing.spectrogram

    @property
    def _heatmap(self) -> HeatMap:
        return self._drawing.heatmap

    def _begin(self) -> None:
        self.feed.start()
        if self._services.catalog is not None:
            self._catalog_loaded(self._services.catalog)
        self._feed_changed()

    def _catalog_loaded(self, catalog: Catalog) -> None:
        """Open what was open last time; the ensemble needs the dataset's classes."""
        session = self._services.session
        if self._opened_for == (catalog, session):
            return
        self._opened_for = (catalog, session)
        self.feed.choose_default_ensemble()
        recording, asked_for = self._files.to_begin_with(catalog)
        if not asked_for:
            self._wanted = None
        if recording is not None:
            self._open(recording)
        self._feed_changed()

    def _settings_changed(self, settings: Settings | None) -> None:
        """The session's settings are what is wanted to be seen."""
        self.feed.pair = None
        self.feed.show_before(False)

    def _open_chosen(self, recording: Recording | None) -> None:
        if recording is not None:
            self.open_recording(recording)

    def _use_ensemble(self, path: Path | None) -> None:
        if path is not None:
            self._drawing.forget()
            self.feed.use_ensemble(path)

    def _explain_why_not(self) -> bool:
        """Say why nothing can be predicted, if so."""
        reason = scope_text.why_not(self.feed)
        if reason:
            self.notify(reason, title="Can't predict", severity="warning", markup=False)
        return bool(reason)

    def _select(self, window: int, *, seek: bool = False) -> None:
        """Select a window, show its minute, predict it."""
        self._window = window
        with self._heatmap.prevent(HeatMap.CellSelected):
            self._heatmap.cursor = (self._heatmap.cursor[0], window)
        start_s = window * WINDOW_S
        self._spectrogram.selected_span = (start_s, start_s + WINDOW_S)
        if self.heat.wanted.sort == "window" and self.feed.blended is not None:
            self._drawing.rows(window)
        self._show_page(window)
        if self._playing and self._following:
            if seek:
                self._services.playback.seek(start_s)
            self.feed.aim(window)
        else:
            self.feed.glance(window)
        self._draw_top()

    @property
    def _is_at_playhead(self) -> bool:
        """Whether the playhead rests within the selected window."""
        position_s = self._services.playback.position_s
        here = int(position_s // WINDOW_S) == self._window
        return here and 0 < position_s < self.feed.duration_s

    def _page_of(self, window: int) -> int:
        return window * WINDOW_S // SOUNDSCAPE_S

    def _show_page(self, window: int) -> None:
        """Bring a window into sight: its minute, unless it can be seen already."""
        view, start_s = self._spectrogram, window * WINDOW_S
        if view.view_start_s <= start_s and start_s + WINDOW_S <= view.view_end_s + 0.1:
            return
        view.show_span(*self._span_of(window))

    def _span_of(self, window: int) -> tuple[float, float]:
        start_s = float(self._page_of(window) * SOUNDSCAPE_S)
        return start_s, min(start_s + SOUNDSCAPE_S, max(self.feed.duration_s, start_s + WINDOW_S))

    def _moved(self, seconds: float) -> None:
        from birdscope.engine.live import window_at

        recording = self.feed.recording
        if recording is None or self._services.playback.path != recording.path:
            return
        window = window_at(seconds, self.feed.n_windows)
        paused = self._services.playback.status.state == "paused"
        if (self._playing or paused) and window != self._playhead_window:
            self._playhead_window = window
            if self._playing:
                self.feed.aim(window)
            if self._following:
                self._select(window)
        self._spectrogram.set_playhead(seconds)
        self._heatmap.set_playhead(seconds)

    def _playback_changed(self, status: PlaybackStatus) -> None:
        recording = self.feed.recording
        ours = recording is not None and status.path == recording.path
        playing = ours and status.state == "playing"
        if playing != self._playing:
            self._playing, self._playhead_window = playing, None
        if not ours:
            self._spectrogram.set_playhead(None)
            self._heatmap.set_playhead(None)

    def _feed_changed(self) -> None:
        """Draw what is new; called by the feed after every change."""
        if not self.is_mounted:
            return
        feed, view = self.feed, self._spectrogram
        if feed.recording is not None and feed.duration_s and view.path != feed.recording.path:
            self._show_from(feed.recording, self._wanted)
        elif feed.recording is not None and feed.problem and not feed.duration_s:
            view.show_error(feed.recording.path, feed.problem.splitlines()[0])
        self._drawing.news(self._window, follows=self.follows)
        self._parts.ask(self._window)

    def _show_from(self, recording: Recording, wanted: ScopePlace | None) -> None:
        """Show a recording that was opened, at a place or from its beginning."""
        self._wanted = None
        view, playback = self._spectrogram, self._services.playback
        window = min(wanted.window, self.feed.n_windows - 1) if wanted is not None else 0
        span_s = wanted.span_s if wanted is not None else None
        if wanted is not None:
            places.set_colours(view, scale=wanted.scale)
        view.show(recording.path, self.feed.duration_s, self._span_of(window))
        if playback.path == recording.path:
            view.set_playhead(playback.position_s)
            self._heatmap.set_playhead(playback.position_s)
        self._drawing.rows(self._window)
        self._select(window)
        if span_s is not None:
            view.show_span(*span_s)
