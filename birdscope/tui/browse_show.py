"""The selected recording: its spectrogram and its details, once the cursor has come to rest."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from textual.content import Content

from birdscope.core.errors import BirdscopeError
from birdscope.core.types import Recording
from birdscope.tui.browse_find import Finder
from birdscope.tui.known_marks import KnownMarks
from birdscope.tui.outline import places_of
from birdscope.tui.probing import Probes
from birdscope.tui.services import Services
from birdscope.tui.settling import Settling
from birdscope.tui.widgets.recordings import RecordingsTable
from birdscope.tui.widgets.spectrogram import SpectrogramView

if TYPE_CHECKING:
    from birdscope.dataset.catalog import Catalog
    from birdscope.session.state import BrowsePlace
    from birdscope.tui.browse_listing import ListingPane
    from birdscope.tui.widgets.details import Details, Known, Place

SETTLE_S = 0.06
# a map and a new layout cost more than the picture: not while somebody scrolls
_DETAILS_S = 0.2


class Shown:
    """What is shown of one recording.

    Args:
        pane: Its widgets show it.
        services: Of the app.
        finder: Knows problems.
        probes: Lengths of files.

    Attributes:
        catalog: The dataset that is listed; the app may still be opening its other tabs.
        recording: The selected one.
        wanted: A place that the user is to be led back to; None once that is done.
        reserve: Where the dataset was recorded.
    """

    def __init__(
        self, pane: ListingPane, services: Services, finder: Finder, probes: Probes
    ) -> None:
        self._pane = pane
        self._services = services
        self._finder = finder
        self._probes = probes
        self._marks = KnownMarks(services)
        self._listed: Sequence[Recording] = ()
        self._places: list[Place] | None = None
        self._settling = Settling(pane, SETTLE_S, self._show)
        self._details_due = Settling(pane, _DETAILS_S, self.details)
        self.catalog: Catalog | None = None
        self.recording: Recording | None = None
        self.wanted: BrowsePlace | None = None
        self.reserve: Place | None = None

    def close(self) -> None:
        """Give the verdicts' file back."""
        self._marks.close()

    def listed(self, recordings: Sequence[Recording]) -> None:
        """Other recordings are listed: their places are on the map."""
        self._listed, self._places = recordings, None

    def select(self, recording: Recording | None) -> None:
        """Show a recording as soon as the cursor rests."""
        if recording is self.recording:
            return
        self.recording = recording
        self._details_due.cancel()
        self._settling.touch()

    def title(self) -> None:
        """Name the spectrogram."""
        view = self._pane.spectrogram
        name = f"{self.recording.name}  " if self.recording is not None else ""
        view.border_title = Content(f"{name}{view.scale} {view.band}")

    def known(self) -> Known | None:
        """All that is known of the recording; None where there is none."""
        from birdscope.tui.widgets.details import Known

        recording, catalog = self.recording, self.catalog
        if recording is None or catalog is None:
            return None
        if self._places is None:
            self._places = places_of(self._listed)
        label = recording.primary_label
        here = places_of([recording])
        return Known(
            recording,
            catalog.taxonomy.get(label) if label else None,
            self._probes.get(recording),
            tuple(self._finder.problems_of(recording)),
            tuple(self._places),
            here[0] if here else None,
            self.reserve,
        )

    def details(self) -> None:
        """Draw the panel of details."""
        for details in self._pane.query("#details"):
            cast("Details", details).show(self.known())

    def _show(self) -> None:
        if not self._pane.query(SpectrogramView):
            return
        view = self._pane.spectrogram
        self.title()
        if self.recording is not None:
            work = self._show_recording(self.recording)
            self._pane.run_worker(work, group="show", exclusive=True)
            return
        self._pane.workers.cancel_group(self._pane, "show")
        self.wanted = None
        self.details()
        view.show(None)

    async def _show_recording(self, recording: Recording) -> None:
        view: SpectrogramView = self._pane.spectrogram
        table = self._pane.query_one(RecordingsTable)
        probed = self._probes.get(recording)
        if probed is None:
            probed = await asyncio.to_thread(self._probes.ask, recording)
            if not view.is_attached:
                return
            table.refresh_recording(recording)
        if probed.duration_s is None:
            view.show_error(recording.path, f"✗ {recording.name}: {probed.problem}")
        else:
            wanted = self.wanted
            span_s = wanted.span_s if wanted and wanted.recording == recording.key else None
            view.show(recording.path, probed.duration_s, span_s)
            if self._services.playback.path == recording.path:
                view.set_playhead(self._services.playback.position_s)
        self.wanted = None
        self._details_due.touch()
        if probed.duration_s is not None:
            await self._show_marks(view, recording)

    async def _show_marks(self, view: SpectrogramView, recording: Recording) -> None:
        """Draw labels and verdicts below the spectrogram."""
        try:
            marks = await self._marks.of(recording, self.catalog)
        except BirdscopeError as error:
            view.log.error(error)
            return
        if view.path == recording.path:
            view.set_marks(marks)
