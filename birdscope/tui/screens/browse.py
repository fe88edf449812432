"""Browse: species and soundscapes, their recordings, one spectrogram, one sound."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical

from birdscope.dataset.facets import Query
from birdscope.tui.browse_bindings import BROWSE_BINDINGS
from birdscope.tui.browse_playing import PlayingPane
from birdscope.tui.messages import OpenInScope
from birdscope.tui.outline import SORTS
from birdscope.tui.widgets.recordings import RecordingsTable
from birdscope.tui.widgets.rows import RowsView
from birdscope.tui.widgets.species_list import SpeciesList
from birdscope.tui.widgets.spectrogram import SpectrogramView
from birdscope.tui.widgets.spectrogram_keys import SpectrogramPane

if TYPE_CHECKING:
    from textual.widgets import Input

    from birdscope.tui.widgets.chips import Chips
    from birdscope.tui.widgets.filter_input import FilterInput


class BrowsePane(PlayingPane, inherit_bindings=False):
    """The first tab."""

    BINDINGS: ClassVar[list[BindingType]] = [*BROWSE_BINDINGS, *SpectrogramPane.BINDINGS]

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
