"""The boxes that Browse opens, and what it finds out for the filter's."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from birdscope.dataset.facets import Pick
from birdscope.tui.browse_find import BATCH
from birdscope.tui.browse_list import RowList
from birdscope.tui.columns import FILE, SortBy
from birdscope.tui.services import Services
from birdscope.tui.widgets.recordings import RecordingsTable

if TYPE_CHECKING:
    from birdscope.tui.browse_listing import ListingPane

_TELL_S = 0.5


class Dialogs:
    """The boxes of one pane.

    Args:
        pane: Is asked and told.
        services: Of the app.
        listed: The recordings of the chosen row.
    """

    def __init__(self, pane: ListingPane, services: Services, listed: RowList) -> None:
        self._pane = pane
        self._services = services
        self._list = listed

    def sort_table(self) -> None:
        """Let the user choose a column to sort by."""
        from birdscope.tui.screens.choose_one import Choice, ChooseOne

        table = self._table
        columns = [FILE, *table.columns]
        keys = [one.key for one in columns]
        choices = [Choice("as in the dataset"), *(Choice(one.title) for one in columns)]
        current = keys.index(table.sort.key) + 1 if table.sort.key in keys else 0

        def sort(number: int | None) -> None:
            if number is not None:
                self._list.sort(table.sort.turned(keys[number - 1]) if number else SortBy())

        screen = ChooseOne("Sort by · again turns it around", choices, current)
        self._pane.app.push_screen(screen, sort)

    def columns(self) -> None:
        """Let the user choose columns."""
        from birdscope.tui.screens.columns import ColumnsScreen

        table = self._table
        screen = ColumnsScreen(table.columns, table.shown_keys)
        self._pane.app.push_screen(screen, lambda keys: table.show_columns(keys or frozenset()))

    def details(self) -> None:
        """Show all that is known of the recording."""
        from birdscope.tui.screens.recording_details import RecordingDetails

        if self._pane.shown.known() is not None:
            self._pane.app.push_screen(RecordingDetails(self._pane.shown.known, self._step))

    def plots(self) -> None:
        """Show plots of what is listed."""
        from birdscope.tui.screens.plots import Plots

        finder, shown, row = self._pane.finder, self._pane.shown, self._list.row
        if not finder.is_ready:
            return
        known = shown.known()
        screen = Plots(
            finder.species,
            finder.counts,
            label=self._pane.label,
            title=row.title if row is not None else "nothing",
            listed=self._table.recordings,
            here=known.here if known is not None else None,
            reserve=shown.reserve,
        )
        self._pane.app.push_screen(screen)

    def review_cuts(self) -> None:
        """Hear what birdscope clean proposed to leave out."""
        from birdscope.dataset.cut_lists import cuts_folder
        from birdscope.tui.screens.cuts import ReviewCuts

        catalog = self._services.catalog
        if catalog is not None:
            folder = cuts_folder(catalog.root)
            screen = ReviewCuts(self._services, catalog.root, folder, self._pane.probes)
            self._pane.app.push_screen(screen)

    def filter(self) -> None:
        """Let the user tick what recordings must be."""
        from birdscope.tui.screens.filter_recordings import FilterRecordings

        finder = self._pane.finder
        if finder.is_ready:
            screen = FilterRecordings(finder.query.picked, finder.search.counts, self._pick)
            self._pane.app.push_screen(screen)
            self.learn()

    def learn(self) -> None:
        """Find out what only files tell, where the filter wants it; show it as it comes."""
        self._pane.run_worker(self._learn(), group="learn", exclusive=True)

    def _pick(self, picked: frozenset[Pick]) -> str:
        """Filter, and say how many fit."""
        pane = self._pane
        pane.find(replace(pane.finder.query, picked=picked))
        self.learn()
        return self._fits()

    async def _learn(self) -> None:
        from birdscope.tui.screens.filter_recordings import FilterRecordings

        pane, finder = self._pane, self._pane.finder
        await finder.read_problems()
        if finder.query.needs("length"):
            await self._read_lengths()
        elif finder.query.needs("problems"):
            pane.find(finder.query)
        if isinstance(pane.app.screen, FilterRecordings):
            pane.app.screen.recount(self._fits() if finder.query.picked else "")

    async def _read_lengths(self) -> None:
        """Read what decides; what fits is shown twice a second."""
        pane, finder, loop = self._pane, self._pane.finder, asyncio.get_running_loop()
        unread, told_s = finder.unread(), loop.time()
        for start in range(0, len(unread), BATCH):
            await finder.read_lengths(unread[start : start + BATCH])
            done = min(start + BATCH, len(unread))
            if loop.time() - told_s > _TELL_S:
                told_s = loop.time()
                pane.find(finder.query)
                self._list.progress(done, len(unread))
        pane.find(finder.query)

    def _fits(self) -> str:
        finder = self._pane.finder
        return f"{finder.found:,} of {finder.total:,} fit"

    def _step(self, rows: int) -> None:
        """Select another recording at once."""
        table = self._table
        table.cursor += rows
        self._pane.shown.select(table.recording)

    @property
    def _table(self) -> RecordingsTable:
        return self._pane.query_one(RecordingsTable)
