"""Live input: what a microphone hears, its last minute, and the ensemble on every window."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from birdscope.core.errors import BirdscopeError
from birdscope.core.types import Species, Taxonomy
from birdscope.core.windows import WINDOW_S
from birdscope.tui import live_text, scope_text
from birdscope.tui.dialog import Dialog
from birdscope.tui.live_bindings import LIVE_BINDINGS, PICTURE_BINDINGS
from birdscope.tui.live_feed import LiveFeed
from birdscope.tui.scope_drawing import (
    NARROW_LIST,
    TALL_ROWS,
    WIDE_COLUMNS,
    WIDE_LIST,
    even_gutter,
)
from birdscope.tui.screens.choose_one import Choice, ChooseOne
from birdscope.tui.species_lines import row_labels
from birdscope.tui.widgets.engine_line import EngineLine
from birdscope.tui.widgets.heatmap import HeatMap
from birdscope.tui.widgets.key_hints import KeyHints
from birdscope.tui.widgets.level_meter import LevelMeter
from birdscope.tui.widgets.live_picture import LivePicture
from birdscope.tui.widgets.top_species import TopSpecies

if TYPE_CHECKING:
    from birdscope.core.settings import Settings
    from birdscope.tui.services import Services

_ASIDE = 5


class LiveHeatMap(HeatMap, inherit_bindings=False):
    """A heat map of sound that is over: its windows can be looked at, not played."""

    BINDINGS: ClassVar[list[BindingType]] = [
        one for one in HeatMap.BINDINGS if isinstance(one, Binding) and one.id != "heatmap.play"
    ]


class LiveScreen(Dialog[Path | None]):
    """Listens as long as it is shown; closing it gives a recording to open, or None.

    Args:
        services: The app's.
        settings: Gives the stack that Scope shows; None before there is one.
        ensemble: What the ensemble calls itself; empty before one is chosen.
    """

    CSS_PATH = "live.tcss"
    AUTO_FOCUS = "HeatMap"
    BINDINGS: ClassVar[list[BindingType]] = [*LIVE_BINDINGS, *PICTURE_BINDINGS]

    def __init__(
        self,
        services: Services,
        settings: Callable[[], Settings | None],
        ensemble: str = "",
    ) -> None:
        super().__init__()
        self._ensemble = ensemble
        self._services = services
        self.feed = LiveFeed(self, services, settings, self._changed)
        self._held = False
        self._chosen: int | None = None
        self._rows: tuple[int, ...] = ()
        self._span_s = (0.0, 60.0)
        self._forget_engine: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        """Picture over heat map, the list beside them; the level; what the engine does."""
        with Vertical(id="live-box") as box:
            box.border_title = "Live input"
            yield Static(id="live-header")
            yield Static(id="live-trouble")
            with Horizontal(id="live-body"):
                with Vertical(id="live-charts"):
                    yield LivePicture(self._services.live.picture, id="live-picture")
                    yield LiveHeatMap(id="live-heatmap")
                    yield Static(id="live-hint")
                yield TopSpecies(id="live-top")
            yield LevelMeter(id="live-meter")
            yield Static(id="live-facts")
            yield EngineLine(id="live-engine")
            yield KeyHints(id="live-keys")

    def on_mount(self) -> None:
        """Silence the player, which the microphone would hear; then listen."""
        playback = self._services.playback
        if playback.status.state == "playing":
            playback.pause()
        self._forget_engine = self._services.engine.listen(lambda status: self._draw_engine())
        self.feed.start()
        self._begin_anew()

    def on_unmount(self) -> None:
        """Whatever closes the screen ends the listening."""
        self._forget_engine()
        self.feed.close()

    def on_resize(self, event: events.Resize) -> None:
        """Names in the gutter where there is room for them, frames where there are rows."""
        wide = event.size.width >= WIDE_COLUMNS
        self.set_class(event.size.height >= TALL_ROWS, "-tall")
        list_width = WIDE_LIST if wide else NARROW_LIST
        self.query_one(TopSpecies).styles.width = list_width
        gutter = even_gutter(event.size.width - list_width - _ASIDE, wide)
        self.picture.gutter_width = gutter
        self.heatmap.gutter_width = gutter
        self._draw_windows()

    @property
    def picture(self) -> LivePicture:
        """The last minute."""
        return self.query_one(LivePicture)

    @property
    def heatmap(self) -> HeatMap:
        """Species by window."""
        return self.query_one(HeatMap)

    @property
    def window(self) -> int:
        """The window whose species are listed: the chosen one, else the newest."""
        if self._chosen is not None:
            return self._chosen
        newest = self.feed.newest
        return newest.number if newest is not None else 0

    def action_record(self) -> None:
        """Begin or end a recording."""
        if self.feed.status.state != "listening" and self.feed.status.recording is None:
            self.notify("There is no input to record from.", severity="warning")
            return
        self.feed.record()

    def action_hold(self) -> None:
        """Hold the picture, or let it run."""
        self._held = not self._held
        self._draw_status()
        if not self._held:
            self.action_newest()

    def action_newest(self) -> None:
        """Follow the newest window."""
        self._chosen = None
        self._draw_windows()

    async def action_look(self, action: str) -> None:
        """Do what a key of the spectrogram does."""
        await self.app.run_action(action, self.picture)

    @work(group="device", exclusive=True)
    async def action_device(self) -> None:
        """Choose from a list of inputs."""
        try:
            names = await self.feed.live.devices()
        except BirdscopeError as error:
            self.notify(str(error), title="Inputs", severity="warning", markup=False)
            return
        current = self._services.session.state.input_device
        place = names.index(current) + 1 if current in names else 0
        choices = [Choice("the system's default"), *(Choice(one) for one in names)]
        chosen = await self.app.push_screen_wait(ChooseOne("Sound input", choices, place))
        if chosen is not None:
            await self.feed.use_device(names[chosen - 1] if chosen else "")
            self._begin_anew()

    @work(group="end", exclusive=True)
    async def action_open(self) -> None:
        """End, and open the recording in Scope: the one under way, else the last one."""
        if self.feed.status.recording is not None:
            before = self.feed.kept
            self.feed.record()
            while self.feed.kept is before and self.feed.status.state == "listening":
                await asyncio.sleep(0.05)
        if self.feed.kept is None:
            self.notify("Nothing was recorded yet: r records.")
            return
        self.dismiss(self.feed.kept)

    def action_leave(self) -> None:
        """End."""
        self.dismiss(None)

    def on_heat_map_cell_selected(self, message: HeatMap.CellSelected) -> None:
        """The user looks at a window, or at the newest again."""
        windows = self.feed.windows
        if windows is not None:
            number = windows.first + message.window
            self._chosen = number if number < windows.newest else None
        self._draw_top()

    def on_live_picture_moved(self, message: LivePicture.Moved) -> None:
        """The heat map shows the same span of time."""
        self._span_s = (message.start_s, message.end_s)
        self._draw_windows()

    def _begin_anew(self) -> None:
        self._chosen, self._held = None, False
        self.picture.begin()
        self._draw_status()
        self._draw_windows()
        self._draw_engine()

    def _changed(self, what: str) -> None:
        """Draw what is new; called by the feed."""
        if not self.is_mounted or not self.is_attached:
            return
        if what == "levels":
            self._draw_status()
            if not self._held:
                self.picture.advance(self.feed.status.heard_s)
            if self.feed.blended is None:
                self._draw_hint()
            return
        newest = self.feed.newest
        if not self._held:
            self._draw_windows()
            if newest is not None:
                self.call_after_refresh(self._painted)
        self._draw_facts()

    def _painted(self) -> None:
        if self.feed.newest is not None:
            self.feed.painted(self.feed.newest)
        self._draw_facts()

    @property
    def _taxonomy(self) -> Taxonomy:
        catalog = self._services.catalog
        if catalog is not None:
            return catalog.taxonomy
        windows = self.feed.windows
        classes = windows.classes if windows is not None else ()
        return Taxonomy(tuple(Species(label) for label in classes))

    def _draw_status(self) -> None:
        status = self.feed.status
        _update(self.query_one("#live-header", Static), live_text.header(status, held=self._held))
        trouble = live_text.trouble(status)
        self.set_class(trouble is not None, "-trouble")
        if trouble is not None:
            _update(self.query_one("#live-trouble", Static), trouble)
        self.query_one(LevelMeter).show(status.levels if status.state == "listening" else None)
        self._draw_facts()

    def _draw_facts(self) -> None:
        loaded = self._services.engine.loaded
        margin_s = loaded.margin_s if loaded is not None else 0.0
        _update(self.query_one("#live-facts", Static), live_text.facts(self.feed, margin_s))

    def _draw_engine(self) -> None:
        if self.is_attached:
            status = self._services.engine.status
            if status.state == "restarted":
                self.notify(status.text, title="Engine", severity="warning", markup=False)
            named = replace(status, ensemble=self._ensemble or status.ensemble)
            self.query_one(EngineLine).show(named, (), 0.0)
            self._draw_hint()

    def _draw_hint(self) -> None:
        status = self._services.engine.status
        says = {"idle": "No ensemble is loaded: close this, and choose one with e.",
                "failed": f"{status.text}\n→ {status.remedy}"}.get(status.state, "")  # fmt: skip
        _update(self.query_one("#live-hint", Static), live_text.hint(self.feed, says))

    def _draw_windows(self) -> None:
        """The heat map, aligned with the picture, and the list."""
        from birdscope.engine.live_windows import rows_of

        feed, heatmap = self.feed, self.heatmap
        windows, blended = feed.windows, feed.blended
        self.set_class(blended is None, "-empty")
        first = windows.first if windows is not None else 0
        heatmap.set_view(self._span_s[0] - first * WINDOW_S, self._span_s[1] - first * WINDOW_S)
        places = int(feed.status.heard_s // WINDOW_S) + 1 - first
        row = heatmap.cursor[0]
        species = self._rows[row] if row < len(self._rows) else None
        with heatmap.prevent(HeatMap.CellSelected):
            if windows is None or blended is None:
                heatmap.show(*scope_text.empty_rows(places))
            else:
                self._rows = feed.rows
                labels = row_labels(
                    windows.classes, self._taxonomy, heatmap.gutter_width, self._rows
                )
                heatmap.show(labels, rows_of(blended.probabilities, self._rows, places))
                # the best come first at every window; the cursor stays on its species
                row = self._rows.index(species) if row and species in self._rows else 0
            heatmap.cursor = (row, self.window - first)
        heatmap.set_busy(places - 2 if feed.status.waiting else None)
        self._draw_top()

    def _draw_top(self) -> None:
        row = self.heatmap.cursor[0]
        chosen = self._rows[row] if row < len(self._rows) and row else None
        title, scores, members, hint = live_text.top_of(
            self.feed, self._taxonomy, self.window, chosen
        )
        self.query_one(TopSpecies).show(title, scores, members, hint)


def _update(line: Static, text: object) -> None:
    """Draw a line anew only where it changed."""
    if text != line.content:
        line.update(text)  # type: ignore[arg-type]
