"""Browse: species and soundscapes, their recordings, one spectrogram, one sound."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.timer import Timer

from birdscope.core.types import Recording
from birdscope.tui import places
from birdscope.tui.messages import OpenInScope
from birdscope.tui.outline import SORTS, OutlineData, OutlineRow, places_of, recordings_behind
from birdscope.tui.playback import PlaybackStatus
from birdscope.tui.probing import Probes
from birdscope.tui.services import Services
from birdscope.tui.widgets.recordings import RecordingsTable
from birdscope.tui.widgets.rows import RowsView
from birdscope.tui.widgets.species_list import SpeciesList
from birdscope.tui.widgets.spectrogram import SpectrogramView
from birdscope.tui.widgets.spectrogram_keys import SpectrogramPane

if TYPE_CHECKING:
    from textual.widgets import Input, Label

    from birdscope.dataset.catalog import Catalog
    from birdscope.session.state import BrowsePlace
    from birdscope.tui.widgets.details import Details, Place
    from birdscope.tui.widgets.filter_input import FilterInput

_SETTLE_S = 0.06


class BrowsePane(SpectrogramPane, inherit_bindings=False):
    """The first tab.

    Args:
        services: Of the app.
        probes: Lengths of files; given by tests.

    Attributes:
        probes: What is known of the files so far.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "play_pause", "Play/pause", id="browse.toggle", tooltip="Play or pause"),
        Binding("slash", "filter", "Filter", id="browse.filter", tooltip="Filter species"),
        Binding("s", "sort", "Sort", id="browse.sort", tooltip="Sort species another way"),
        Binding("o", "open_scope", "Scope", id="browse.scope", tooltip="Open in Scope"),
        Binding("C", "columns", "Columns", show=False, id="browse.columns",
                tooltip="Choose columns of the table"),
        Binding("X", "review_cuts", "Review cuts", show=False, id="browse.cuts",
                tooltip="Review proposed cuts by ear"),
        Binding("escape", "clear_filter", "All species", show=False, id="browse.clear",
                tooltip="Clear the filter"),
        *SpectrogramPane.BINDINGS,
    ]  # fmt: skip

    sort: reactive[str] = reactive(SORTS[0], init=False)

    def __init__(
        self, services: Services, *, probes: Probes | None = None, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._services = services
        self.probes = probes or Probes()
        self._catalog: Catalog | None = None
        self._reserve: Place | None = None
        self._places: list[Place] = []
        self._selected: Recording | None = None
        self._shown_row: OutlineRow | None = None
        self._settling: Timer | None = None
        self._wanted: BrowsePlace | None = None

    def compose(self) -> ComposeResult:
        """Species | recordings over the spectrogram; `furnish` adds the rest."""
        with Horizontal():
            with Vertical(id="species-panel", classes="panel") as panel:
                panel.border_title = "Species"
                yield Horizontal(id="filter-row")
                yield SpeciesList(id="species")
            with Vertical(id="right"):
                with Horizontal(id="upper"):
                    yield RecordingsTable(self.probes.get, id="recordings")
                yield SpectrogramView(self._services.spectrogram, id="spectrogram")

    async def furnish(self) -> None:
        """Add what the first paint can do without: the filter and the details."""
        from textual.widgets import Label

        from birdscope.tui.widgets.details import Details
        from birdscope.tui.widgets.filter_input import FilterInput

        await self.query_one("#filter-row").mount(
            FilterInput(placeholder="/ filter", id="filter", compact=True),
            Label(f"▾ {self.sort}", id="sort"),
        )
        details = Details(id="details", classes="panel")
        details.border_title = "Details"
        await self.query_one("#upper").mount(details)

    def on_mount(self) -> None:
        """Follow the player and wait for the catalog."""
        self.query_one(RecordingsTable).border_title = "Recordings"
        self._title_spectrogram()
        self.watch(self.spectrogram, "scale", self._title_spectrogram, init=False)
        services = self._services
        services.catalog_loaded.subscribe(self, self._take_catalog)
        services.playback.changed.subscribe(self, self._playback_changed, immediate=True)
        services.playback.moved.subscribe(self, self._playback_moved, immediate=True)
        if services.catalog is not None:
            self._take_catalog(services.catalog)
        else:
            self.query_one(SpeciesList).empty_text = "opening the dataset …"

    def on_show(self) -> None:
        """Read the lengths that nobody saw while another tab was on show."""
        self._probe_seen()

    def on_resize(self) -> None:
        """More rows may be in sight."""
        self._probe_seen()

    @property
    def selected(self) -> Recording | None:
        """The recording whose spectrogram is shown."""
        return self._selected

    @property
    def label(self) -> str:
        """The species under the cursor; empty where that is something else."""
        row = self.query_one(SpeciesList).row
        return row.key if row is not None and row.kind == "species" else ""

    @property
    def place(self) -> BrowsePlace | None:
        """Where the user is here; None before the dataset is listed."""
        species = self.query_one(SpeciesList)
        if self._wanted is not None or not species.row_total():
            return None
        return places.browse_place(species, self._selected, self.spectrogram)

    def come_back(self, place: BrowsePlace) -> None:
        """Go to a place as soon as the dataset is listed."""
        self._wanted = place

    @on(RowsView.Highlighted, "#species")
    def _species_highlighted(self) -> None:
        row = self.query_one(SpeciesList).row
        if self._catalog is None:
            return
        if row is None:
            self._show_no_species()
            return
        if self._shown_row is not None and (row.kind, row.key) == (
            self._shown_row.kind,
            self._shown_row.key,
        ):
            return
        self._shown_row = row
        table = self.query_one(RecordingsTable)
        recordings = recordings_behind(self._catalog, row)
        what = "Soundscapes" if row.kind in ("split", "site") else "Recordings"
        title = f"{row.key}  {row.title}" if row.kind == "species" else row.title
        table.border_title = Content(f"{what} of {title}" if row.kind != "split" else title)
        table.border_subtitle = f"{len(recordings)}"
        table.empty_text = "no recordings in this dataset"
        table.show(recordings)
        if self._wanted is not None:
            table.go_to(self._wanted.recording)
        self._places = places_of(recordings)
        self._select(table.recording)
        self._probe_seen()

    def _show_no_species(self) -> None:
        """Empty all that belongs to a species: the filter lets none through."""
        self._shown_row = self._wanted = None
        self._places = []
        table = self.query_one(RecordingsTable)
        table.border_title, table.border_subtitle = "Recordings", ""
        table.empty_text = "no species is chosen"
        table.show(())
        self._select(None)

    @on(RowsView.Chosen, "#species")
    def _species_chosen(self) -> None:
        self.query_one(RecordingsTable).focus()

    @on(RowsView.Highlighted, "#recordings")
    def _recording_highlighted(self) -> None:
        self._select(self.query_one(RecordingsTable).recording)

    @on(RowsView.Chosen, "#recordings")
    def _recording_chosen(self) -> None:
        recording = self.query_one(RecordingsTable).recording
        if recording is None:
            return
        if recording.split == "train_audio":
            self._play(recording)
        else:
            self.post_message(OpenInScope(recording))

    @on(RowsView.Scrolled, "#recordings")
    def _recordings_scrolled(self) -> None:
        self._probe_seen()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as is typed."""
        self.query_one(SpeciesList).filter(event.value)
        self._title_species()

    def on_filter_input_left(self, event: FilterInput.Left) -> None:
        """Back to the list."""
        event.stop()
        self.query_one(SpeciesList).focus()

    @on(SpectrogramView.Seek)
    def _seek(self, event: SpectrogramView.Seek) -> None:
        event.stop()
        if self._selected is None:
            return
        if self._services.playback.path == self._selected.path:
            self._services.playback.seek(event.seconds)
        else:
            self._play(self._selected, event.seconds)

    def action_play_pause(self) -> None:
        """Pause what plays; else play the selected recording."""
        playback = self._services.playback
        same = self._selected is None or playback.path == self._selected.path
        if playback.status.state == "playing" or same:
            playback.toggle()
        elif self._selected is not None:
            self._play(self._selected)

    def action_filter(self) -> None:
        """Go to the filter."""
        self.query_one("#filter").focus()

    def action_clear_filter(self) -> None:
        """Show all species and go there."""
        cast("FilterInput", self.query_one("#filter")).action_clear()

    def action_sort(self) -> None:
        """Take the next order of species."""
        self.sort = SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)]

    def watch_sort(self, sort: str) -> None:
        """Sort, and say how."""
        self.query_one(SpeciesList).sort(sort)
        cast("Label", self.query_one("#sort")).update(f"▾ {sort}")

    def action_open_scope(self) -> None:
        """Open the selected recording in Scope."""
        if self._selected is not None:
            self.post_message(OpenInScope(self._selected))

    def action_columns(self) -> None:
        """Let the user choose columns."""
        from birdscope.tui.screens.columns import ColumnsScreen

        table = self.query_one(RecordingsTable)
        screen = ColumnsScreen(table.columns, table.shown_keys)
        self.app.push_screen(screen, lambda keys: table.show_columns(keys or frozenset()))

    def action_review_cuts(self) -> None:
        """Hear what birdscope clean proposed to leave out."""
        from birdscope.dataset.cut_lists import cuts_folder
        from birdscope.tui.screens.cuts import ReviewCuts

        if self._catalog is not None:
            root = self._catalog.root
            screen = ReviewCuts(self._services, root, cuts_folder(root), self.probes)
            self.app.push_screen(screen)

    def _take_catalog(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._gather(catalog)

    @work(thread=True, group="outline", exclusive=True)
    def _gather(self, catalog: Catalog) -> None:
        data = OutlineData.of(catalog)
        self._reserve = catalog.location()
        self.app.call_from_thread(self._show_outline, data)

    def _show_outline(self, data: OutlineData) -> None:
        species = self.query_one(SpeciesList)
        species.empty_text = "nothing fits the filter"
        if self._wanted is not None:
            self._arrange(species, self._wanted)
        species.show(data)
        if self._wanted is not None:
            species.go_to(self._wanted.row)
            self._shown_row = self._selected = None
            self._species_highlighted()
        self._title_species()
        if self.display:
            species.focus()

    def _arrange(self, species: SpeciesList, place: BrowsePlace) -> None:
        """Filter, sort and fold as it was."""
        if place.folded is not None:
            species.fold_only(frozenset(place.folded))
        if place.sort in SORTS:
            self.sort = place.sort
        field = cast("FilterInput", self.query_one("#filter"))
        with field.prevent(field.Changed):
            field.value = place.filter
        species.filter(place.filter)
        places.set_colours(self.spectrogram, palette=place.palette, scale=place.scale)

    def _title_species(self) -> None:
        shown = self.query_one(SpeciesList).species_shown
        total = len(self._catalog.taxonomy) if self._catalog is not None else 0
        count = f"{shown} of {total}" if shown != total else str(total)
        self.query_one("#species-panel").border_title = f"Species ({count})"

    def _title_spectrogram(self) -> None:
        view = self.spectrogram
        name = f"{self._selected.name}  " if self._selected is not None else ""
        view.border_title = Content(f"{name}{view.scale} 0–16 kHz")

    def _select(self, recording: Recording | None) -> None:
        if recording is self._selected:
            return
        self._selected = recording
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(_SETTLE_S, self._show_selected)

    def _show_selected(self) -> None:
        view = self.spectrogram
        recording = self._selected
        self._title_spectrogram()
        if recording is None:
            self.workers.cancel_group(self, "show")
            self._wanted = None
            self._show_details()
            view.show(None)
        else:
            self._show_recording(recording)

    @work(group="show", exclusive=True)
    async def _show_recording(self, recording: Recording) -> None:
        probed = self.probes.get(recording)
        if probed is None:
            probed = await asyncio.to_thread(self.probes.ask, recording)
            self.query_one(RecordingsTable).refresh_recording(recording)
        view = self.spectrogram
        if probed.duration_s is None:
            view.show_error(recording.path, f"✗ {recording.name}: {probed.problem}")
        else:
            wanted = self._wanted
            span_s = wanted.span_s if wanted and wanted.recording == recording.key else None
            view.show(recording.path, probed.duration_s, span_s)
            if self._services.playback.path == recording.path:
                view.set_playhead(self._services.playback.position_s)
        self._wanted = None
        self._show_details()

    def _show_details(self) -> None:
        details, recording = cast("Details", self.query_one("#details")), self._selected
        if recording is None or self._catalog is None:
            details.show_nothing()
            return
        label = recording.primary_label
        species = self._catalog.taxonomy.get(label) if label else None
        details.show(species, recording, self.probes.get(recording))
        here = places_of([recording])
        details.show_places(self._places, here[0] if here else None, self._reserve)

    @work(group="probe", exclusive=True)
    async def _probe_seen(self) -> None:
        """Read lengths of what is on screen, top to bottom, until the user moves on."""
        table = self.query_one(RecordingsTable)
        await asyncio.sleep(_SETTLE_S)
        for recording in table.seen():
            if self.probes.get(recording) is None:
                await asyncio.to_thread(self.probes.ask, recording)
                table.refresh_recording(recording)

    def _play(self, recording: Recording, start_s: float | None = None) -> None:
        self._services.playback.play(recording.path, name=recording.name, start_s=start_s)

    def _playback_changed(self, status: PlaybackStatus) -> None:
        table = self.query_one(RecordingsTable)
        is_active = status.path is not None and status.state != "stopped"
        key = next((one.key for one in table.recordings if one.path == status.path), "")
        table.mark_playing(key if is_active else "")

    def _playback_moved(self, seconds: float) -> None:
        view = self.spectrogram
        if view.path is not None and view.path == self._services.playback.path:
            view.set_playhead(seconds)
