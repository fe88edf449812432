"""The part of Browse that lists: a dataset, what is searched in it, the recordings behind a row."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from textual import on, work
from textual.reactive import reactive

from birdscope.core.types import Recording
from birdscope.dataset.facets import Query
from birdscope.session.class_auc import load_class_auc
from birdscope.tui import places
from birdscope.tui.browse_auc import last_auc
from birdscope.tui.browse_bulk import Bulk
from birdscope.tui.browse_dialogs import Dialogs
from birdscope.tui.browse_find import Finder, chips
from birdscope.tui.browse_list import RowList
from birdscope.tui.browse_show import SETTLE_S, Shown
from birdscope.tui.columns import SortBy
from birdscope.tui.listing import BYS
from birdscope.tui.outline import SORTS, OutlineData
from birdscope.tui.probing import Probes
from birdscope.tui.services import Services
from birdscope.tui.settling import Settling
from birdscope.tui.widgets.recordings import RecordingsTable
from birdscope.tui.widgets.rows import RowsView
from birdscope.tui.widgets.species_list import SpeciesList
from birdscope.tui.widgets.spectrogram_keys import SpectrogramPane

if TYPE_CHECKING:
    from textual.widgets import Label

    from birdscope.dataset.catalog import Catalog
    from birdscope.dataset.search import Search
    from birdscope.session.state import BrowsePlace
    from birdscope.tui.widgets.chips import Chips
    from birdscope.tui.widgets.filter_input import FilterInput


class ListingPane(SpectrogramPane, inherit_bindings=False):
    """A pane with the species and soundscapes of a dataset, and a table of recordings.

    Args:
        services: Of the app.
        probes: Lengths of files; given by tests.

    Attributes:
        probes: What is known of the files so far.
        finder: What is searched for, and found.
        shown: The selected recording.
    """

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

    def watch_sort(self, sort: str) -> None:
        """Sort, and say how."""
        self.query_one(SpeciesList).sort(sort)
        cast("Label", self.query_one("#sort")).update(f"▾ {sort}")
        self._title_species()

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
        only_soundscapes = not shown and species.row_total() > 0
        panel.border_title = "Soundscapes" if only_soundscapes else f"Species ({count})"
        columns = species.columns(species.scrollable_content_region.width)
        panel.border_subtitle = "  ".join(columns) if len(columns) > 1 else "recordings"
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
