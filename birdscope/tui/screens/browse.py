"""Browse: species and soundscapes, their recordings, one spectrogram, one sound."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.reactive import reactive

from birdscope.core.types import Recording
from birdscope.dataset.facets import Query
from birdscope.session.class_auc import load_class_auc
from birdscope.tui import places
from birdscope.tui.browse_auc import last_auc
from birdscope.tui.browse_bindings import BROWSE_BINDINGS
from birdscope.tui.browse_bulk import Bulk
from birdscope.tui.browse_dialogs import Dialogs
from birdscope.tui.browse_find import Finder, chips
from birdscope.tui.browse_list import RowList
from birdscope.tui.browse_show import SETTLE_S, Shown
from birdscope.tui.columns import SortBy
from birdscope.tui.listing import BYS
from birdscope.tui.messages import OpenInScope
from birdscope.tui.outline import SORTS, OutlineData
from birdscope.tui.playback import PlaybackStatus
from birdscope.tui.probing import Probes
from birdscope.tui.services import Services
from birdscope.tui.settling import Settling
from birdscope.tui.widgets.recordings import RecordingsTable
from birdscope.tui.widgets.rows import RowsView
from birdscope.tui.widgets.species_list import SpeciesList
from birdscope.tui.widgets.spectrogram import SpectrogramView
from birdscope.tui.widgets.spectrogram_keys import SpectrogramPane

if TYPE_CHECKING:
    from textual.widgets import Input, Label

    from birdscope.dataset.catalog import Catalog
    from birdscope.dataset.search import Search
    from birdscope.session.state import BrowsePlace
    from birdscope.tui.widgets.chips import Chips
    from birdscope.tui.widgets.filter_input import FilterInput


class BrowsePane(SpectrogramPane, inherit_bindings=False):
    """The first tab.

    Args:
        services: Of the app.
        probes: Lengths of files; given by tests.

    Attributes:
        probes: What is known of the files so far.
        finder: What is searched for, and found.
        shown: The selected recording.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*BROWSE_BINDINGS, *SpectrogramPane.BINDINGS]

    sort: reactive[str] = reactive(SORTS[0], init=False)

    def __init__(
        self, services: Services, *, probes: Probes | None = None, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._services = services
        self.probes = probes or Probes()
        self.finder = Finder(self.probes)
        self.shown = Shown(self, services, self.finder, self.probes)
        self._list = RowList(
            self, lambda: self.query_one(RecordingsTable), self.finder, self.probes, self._listed
        )
        self._bulk = Bulk(self, services, self.probes)
        self._dialogs = Dialogs(self, services, self._list)
        self._seen = Settling(self, SETTLE_S, self._probe)
        self._catalog: Catalog | None = None

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
        """Add what the first paint can do without: the search, the chips and the details."""
        from textual.widgets import Label

        from birdscope.tui.widgets.chips import Chips
        from birdscope.tui.widgets.details import Details
        from birdscope.tui.widgets.filter_input import FilterInput

        await self.query_one("#filter-row").mount(
            FilterInput(placeholder="/ search", id="filter", compact=True),
            Label(f"▾ {self.sort}", id="sort"),
        )
        await self.query_one("#species-panel").mount(Chips(id="chips"), after="#filter-row")
        details = Details(id="details", classes="panel")
        details.border_title = "Details"
        await self.query_one("#upper").mount(details)

    def on_mount(self) -> None:
        """Follow the player and wait for the catalog."""
        self.query_one(RecordingsTable).border_title = "Recordings"
        self.shown.title()
        for name in ("scale", "band"):
            self.watch(self.spectrogram, name, self.shown.title, init=False)
        services = self._services
        services.playback.changed.subscribe(self, self._playback_changed, immediate=True)
        services.playback.moved.subscribe(self, self._playback_moved, immediate=True)
        services.playback.ended.subscribe(self, self._playback_ended, immediate=True)
        self.query_one(SpeciesList).empty_text = "opening the dataset …"

    def on_unmount(self) -> None:
        """Give the verdicts' file back."""
        self.shown.close()

    def on_show(self) -> None:
        """Read the lengths that nobody saw while another tab was on show; take new figures."""
        self._seen.touch()
        self._take_auc()

    def on_resize(self) -> None:
        """More rows may be in sight, and the details may have come into view."""
        self._seen.touch()
        self.call_after_refresh(self._fit)

    @property
    def selected(self) -> Recording | None:
        """The recording whose spectrogram is shown."""
        return self.shown.recording

    @property
    def label(self) -> str:
        """The species under the cursor; empty where that is something else."""
        row = self.query_one(SpeciesList).row
        return row.key if row is not None and row.kind == "species" else ""

    @property
    def place(self) -> BrowsePlace | None:
        """Where the user is here; None before the dataset is listed."""
        species = self.query_one(SpeciesList)
        if self.shown.wanted is not None or not species.row_total():
            return None
        table = self.query_one(RecordingsTable)
        return places.browse_place(species, self.finder, table, self.selected, self.spectrogram)

    def come_back(self, place: BrowsePlace) -> None:
        """Go to a place as soon as the dataset is listed."""
        self.shown.wanted = place

    @on(RowsView.Highlighted, "#species")
    def _species_highlighted(self) -> None:
        row, before = self.query_one(SpeciesList).row, self._list.row
        if self._catalog is None:
            return
        if row is None:
            self.shown.wanted = None
            self._list.show_nothing()
        elif before is None or (row.kind, row.key) != (before.kind, before.key):
            self._list.show(row)

    @on(RowsView.Chosen, "#species")
    def _species_chosen(self) -> None:
        self.query_one(RecordingsTable).focus()

    @on(RowsView.Highlighted, "#recordings")
    def _recording_highlighted(self, event: RowsView.Highlighted) -> None:
        event.stop()
        self.shown.select(self.query_one(RecordingsTable).recording)

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
    def _recordings_scrolled(self, event: RowsView.Scrolled) -> None:
        event.stop()
        self._seen.touch()

    def on_recordings_table_sort_chosen(self, message: RecordingsTable.SortChosen) -> None:
        """A click on a title sorts by it; another one turns the order around."""
        self._list.sort(self.query_one(RecordingsTable).sort.turned(message.key))

    def on_recordings_table_marked(self) -> None:
        """Say how many are marked."""
        self._list.title()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search as is typed."""
        self.find(replace(self.finder.query, words=event.value))

    def on_filter_input_left(self, event: FilterInput.Left) -> None:
        """Back to the list."""
        event.stop()
        self.query_one(SpeciesList).focus()

    def on_chips_wanted(self, message: Chips.Wanted) -> None:
        """A click on the chips."""
        if message.clear:
            self.find(replace(self.finder.query, picked=frozenset()))
        else:
            self.action_facets()

    @on(SpectrogramView.Seek)
    def _seek(self, event: SpectrogramView.Seek) -> None:
        event.stop()
        if self.selected is None:
            return
        if self._services.playback.path == self.selected.path:
            self._services.playback.seek(event.seconds)
        else:
            self._play(self.selected, event.seconds)

    def action_play_pause(self) -> None:
        """Pause what plays; else play the selected recording."""
        playback = self._services.playback
        same = self.selected is None or playback.path == self.selected.path
        if playback.status.state == "playing" or same:
            playback.toggle()
        elif self.selected is not None:
            self._play(self.selected)

    def action_play_step(self, steps: int) -> None:
        """Go to another recording of the list, and play it."""
        table = self.query_one(RecordingsTable)
        if 0 <= table.cursor + steps < table.row_total():
            table.cursor += steps
            if table.recording is not None:
                self._play(table.recording)

    def action_filter(self) -> None:
        """Go to the search line."""
        self.query_one("#filter").focus()

    def action_clear_filter(self) -> None:
        """Show everything and go there."""
        self.finder.query = replace(self.finder.query, picked=frozenset())
        field = cast("FilterInput", self.query_one("#filter"))
        if not field.value:
            self.find(Query())
        field.action_clear()

    def action_sort(self) -> None:
        """Take the next order of species."""
        self.sort = SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)]

    def watch_sort(self, sort: str) -> None:
        """Sort, and say how."""
        self.query_one(SpeciesList).sort(sort)
        cast("Label", self.query_one("#sort")).update(f"▾ {sort}")
        self._title_species()

    def action_sort_table(self) -> None:
        """Let the user choose a column to sort by."""
        self._dialogs.sort_table()

    def action_facets(self) -> None:
        """Let the user tick what recordings must be."""
        self._dialogs.filter()

    def action_details(self) -> None:
        """Show all that is known of the recording."""
        self._dialogs.details()

    def action_plots(self) -> None:
        """Show plots of what is listed."""
        self._dialogs.plots()

    def action_columns(self) -> None:
        """Let the user choose columns."""
        self._dialogs.columns()

    def action_review_cuts(self) -> None:
        """Hear what birdscope clean proposed to leave out."""
        self._dialogs.review_cuts()

    def action_regroup(self) -> None:
        """List soundscapes by the next of site, date and hour, and unfold them."""
        if not self.finder.is_ready:
            return
        species = self.query_one(SpeciesList)
        data = self.finder.next_grouping()
        species.fold_only(species.folded - data.listing.groups.keys())
        self._show_data(data)

    def action_export(self) -> None:
        """Export the marked recordings, or all that are listed."""
        self._bulk.export()

    def action_copy(self) -> None:
        """Copy paths."""
        self._bulk.copy()

    async def action_predict(self) -> None:
        """Predict the marked recordings."""
        await self._bulk.predict()

    def action_open_scope(self) -> None:
        """Open the selected recording in Scope."""
        if self.selected is not None:
            self.post_message(OpenInScope(self.selected))

    @work(group="auc", exclusive=True, exit_on_error=False)
    async def _take_auc(self) -> None:
        """Show the ROC-AUC of each class as Tune has measured it last."""
        catalog = self._catalog
        if catalog is None or not self.finder.is_ready:
            return
        auc = await last_auc(self.app, self._services.session, catalog.name)
        if auc != self.finder.auc:
            self.finder.auc = auc
            self._show_data(self.finder.data)

    async def open_catalog(self, catalog: Catalog) -> None:
        """List a dataset."""
        self._catalog = catalog
        search = await asyncio.to_thread(self._gather, catalog)
        self._show_catalog(catalog, search)
        self._warm(search)

    def _gather(self, catalog: Catalog) -> Search:
        """In a thread."""
        search = self.finder.open(catalog)
        self.finder.auc = load_class_auc(self._services.session.folder, catalog.name)
        self.shown.catalog, self.shown.reserve = catalog, catalog.location()
        return search

    @work(thread=True, group="warm", exclusive=True)
    def _warm(self, search: Search) -> None:
        search.warm()

    def _show_catalog(self, catalog: Catalog, search: Search) -> None:
        species, wanted = self.query_one(SpeciesList), self.shown.wanted
        species.empty_text = "nothing fits"
        self._list.row = self.shown.recording = None
        self.finder.query = Query()
        if wanted is not None:
            self._arrange(species, wanted)
        species.show(self.finder.take(catalog, search))
        if wanted is not None:
            species.go_to(wanted.row)
        self._species_highlighted()
        self._title_species()
        if self.finder.query.picked:
            self._dialogs.learn()
        if self.display:
            species.focus()

    def _arrange(self, species: SpeciesList, place: BrowsePlace) -> None:
        """Search, filter, sort and fold as it was."""
        if place.folded is not None:
            species.fold_only(frozenset(place.folded))
        if place.sort in SORTS:
            self.sort = place.sort
        field = cast("FilterInput", self.query_one("#filter"))
        with field.prevent(field.Changed):
            field.value = place.filter
        self.finder.query = places.query_of(place)
        self.finder.by = next((by for by in BYS if by == place.soundscapes_by), "site")
        self.query_one(RecordingsTable).sort = SortBy.parse(place.order)
        places.set_colours(self.spectrogram, palette=place.palette, scale=place.scale)

    def find(self, query: Query) -> None:
        """Show what fits a query."""
        self._show_data(self.finder.find(query))

    def _show_data(self, data: OutlineData) -> None:
        """List what fits; the cursor stays where it can."""
        species, before = self.query_one(SpeciesList), self._list.row
        species.show(data)
        row = species.row
        if (
            row is not None
            and before is not None
            and (row.kind, row.key) == (before.kind, before.key)
        ):
            self._list.show(row, stay=True)
        else:
            self._species_highlighted()
        self._title_species()

    def _title_species(self) -> None:
        species = self.query_one(SpeciesList)
        shown = species.species_shown
        total = len(self._catalog.taxonomy) if self._catalog is not None else 0
        count = f"{shown} of {total}" if shown != total else str(total)
        panel = self.query_one("#species-panel")
        panel.border_title = f"Species ({count})"
        panel.border_subtitle = "  ".join(species.columns(species.scrollable_content_region.width))
        cast("Chips", self.query_one("#chips")).show(chips(self.finder.query.picked))

    def _listed(self, recordings: Sequence[Recording]) -> None:
        """Other recordings are listed."""
        table, wanted = self.query_one(RecordingsTable), self.shown.wanted
        if wanted is not None:
            table.go_to(wanted.recording)
        self.shown.listed(recordings)
        self.shown.select(table.recording)
        self._seen.touch()

    def _fit(self) -> None:
        """The widths are others now."""
        if self.finder.is_ready and self.is_attached:
            self._title_species()
            self.shown.details()

    @work(group="probe", exclusive=True)
    async def _probe(self) -> None:
        """Read lengths of what is on screen, top to bottom, until the user moves on."""
        table = self.query_one(RecordingsTable)
        for recording in table.seen():
            if self.probes.get(recording) is None:
                await asyncio.to_thread(self.probes.ask, recording)
                table.refresh_recording(recording)

    def _play(self, recording: Recording, start_s: float | None = None) -> None:
        self._services.playback.play(recording.path, name=recording.name, start_s=start_s)

    def _playback_changed(self, status: PlaybackStatus) -> None:
        key = ""
        if status.path is not None and status.state != "stopped" and self._catalog is not None:
            root = self._catalog.root
            if status.path.is_relative_to(root):
                key = status.path.relative_to(root).as_posix()
        self.query_one(RecordingsTable).mark_playing(key)

    def _playback_ended(self, path: Path) -> None:
        """Let the next recording follow, if so wanted."""
        recording = self.query_one(RecordingsTable).recording
        wanted = self._services.playback.status.auto_advance and self.display
        if wanted and recording is not None and recording.path == path:
            self.action_play_step(1)

    def _playback_moved(self, seconds: float) -> None:
        view = self.spectrogram
        if view.path is not None and view.path == self._services.playback.path:
            view.set_playhead(seconds)
