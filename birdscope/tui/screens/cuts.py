"""Review cuts by ear: what `birdscope clean` proposed, one after the other."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from birdscope.core.errors import BirdscopeError
from birdscope.core.types import Recording, Split
from birdscope.tui.dialog import Dialog
from birdscope.tui.probing import Probes
from birdscope.tui.widgets.cuts_table import CutsTable
from birdscope.tui.widgets.key_hints import KeyHints
from birdscope.tui.widgets.rows import RowsView
from birdscope.tui.widgets.spectrogram import SpectrogramView

if TYPE_CHECKING:
    from birdscope.dataset.cut_lists import Cut, CutList, Decision
    from birdscope.tui.services import Services

AROUND_S = 1.0
"""Heard before and after a cut."""
_SEEN_AROUND_S = 3.0
_SETTLE_S = 0.06


class ReviewCuts(Dialog[None]):
    """The list of cuts over the picture of the one under the cursor.

    Args:
        services: Of the app.
        dataset: The dataset folder.
        folder: Where its cuts are.
        probes: Lengths of files.
    """

    CSS_PATH = "cuts.tcss"
    AUTO_FOCUS = "CutsTable"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "play", "Play", id="cuts.play",
                tooltip="Play this cut and a second around it, or pause"),
        Binding("y", "decide('accepted')", "Cut", id="cuts.accept",
                tooltip="Accept: training leaves this out"),
        Binding("n", "decide('rejected')", "Keep", id="cuts.reject",
                tooltip="Reject: the sound stays"),
        Binding("u", "undo", "Undo", id="cuts.undo", tooltip="Take the last decision back"),
        Binding("w", "next_waiting", "Next waiting", id="cuts.waiting",
                tooltip="Go to the next cut that nobody has decided on"),
        Binding("escape,q", "leave", "Close", id="cuts.close", tooltip="Close the review"),
    ]  # fmt: skip

    def __init__(
        self, services: Services, dataset: Path, folder: Path, probes: Probes | None = None
    ) -> None:
        super().__init__()
        self._services = services
        self._dataset = dataset
        self._folder = folder
        self._probes = probes or Probes()
        self._list: CutList | None = None
        self._saving = asyncio.Lock()

    def compose(self) -> ComposeResult:
        """The table, the picture, a line of facts, the keys."""
        with Vertical(id="cuts-box") as box:
            box.border_title = "Review cuts"
            table = CutsTable(id="cuts")
            table.empty_text = "reading the cuts …"
            yield table
            yield SpectrogramView(self._services.spectrogram, id="cuts-picture")
            yield Static(id="cuts-facts", markup=False)
            yield KeyHints(id="cuts-keys")

    def on_mount(self) -> None:
        """Follow the player, read the list."""
        playback = self._services.playback
        playback.moved.subscribe(self, self._moved, immediate=True)
        self._read()

    @property
    def table(self) -> CutsTable:
        """The list of cuts."""
        return self.query_one(CutsTable)

    @work(group="cuts", exclusive=True)
    async def _read(self) -> None:
        from birdscope.dataset.cut_lists import CutList

        try:
            self._list = await asyncio.to_thread(CutList, self._folder)
        except BirdscopeError as error:
            self.table.empty_text = "the list can't be read"
            self.query_one("#cuts-facts", Static).update(str(error))
            return
        cuts = self._list.cuts
        if not cuts:
            self.table.empty_text = "nothing is proposed"
            command = f"birdscope clean --data {self._dataset}"
            self.query_one("#cuts-facts", Static).update(f"find something with: {command}")
        self.table.show(cuts, self._waiting_from(0) or 0)
        self._show_counts()
        if cuts:
            self._show_cut()

    @on(RowsView.Highlighted)
    def _highlighted(self) -> None:
        self._show_cut()

    @on(RowsView.Chosen)
    def _chosen(self) -> None:
        self._play()

    def action_play(self) -> None:
        """Pause what plays; else play the cut."""
        playback = self._services.playback
        if playback.status.state == "playing":
            playback.pause()
        else:
            self._play()

    async def action_decide(self, decision: str) -> None:
        """Save a decision and go to the next cut that waits."""
        self.run_worker(self._decide(cast("Decision", decision)), exit_on_error=False)

    async def action_undo(self) -> None:
        """Take the last decision back and go there."""
        self.run_worker(self._undo(), exit_on_error=False)

    def action_next_waiting(self) -> None:
        """Go to the next undecided cut, from the beginning once at the end."""
        row = self._waiting_from(self.table.cursor + 1)
        row = self._waiting_from(0) if row is None else row
        if row is not None:
            self.table.cursor = row

    def action_leave(self) -> None:
        """Stop the sound and close."""
        self._services.playback.stop()
        self.dismiss(None)

    async def _decide(self, decision: Decision) -> None:
        """One at a time: the next key is about the row that this one leads to."""
        async with self._saving:
            cuts, row = self._list, self.table.cursor
            if cuts is None or self.table.cut is None:
                return
            try:
                await asyncio.to_thread(cuts.decide, row, decision)
            except BirdscopeError as error:
                self._trouble(error)
                return
            following = self._waiting_from(row + 1)
            self.table.show(cuts.cuts, row if following is None else following)
            self._show_counts()

    async def _undo(self) -> None:
        async with self._saving:
            cuts = self._list
            if cuts is None:
                return
            try:
                row = await asyncio.to_thread(cuts.undo)
            except BirdscopeError as error:
                self._trouble(error)
                return
            if row is not None:
                self.table.show(cuts.cuts, row)
                self._show_counts()

    def _trouble(self, error: BirdscopeError) -> None:
        """Say why nothing was saved; a list that somebody else wrote is read again."""
        from birdscope.dataset.cut_lists import ChangedMeanwhileError

        if isinstance(error, ChangedMeanwhileError):
            self.notify("The list has changed meanwhile and was read again", severity="warning")
            self._read()
            return
        self.notify(str(error), title="Not saved", severity="error", markup=False)

    def _waiting_from(self, row: int) -> int | None:
        """The first undecided cut from a row on."""
        cuts = self._list.cuts if self._list is not None else ()
        waiting = (n for n in range(row, len(cuts)) if cuts[n].decision == "proposed")
        return next(waiting, None)

    def _show_counts(self) -> None:
        cuts = self._list.cuts if self._list is not None else ()
        counts = Counter(one.decision for one in cuts)
        self.query_one(
            "#cuts-box"
        ).border_subtitle = (
            f"{counts['proposed']} wait · {counts['accepted']} cut · {counts['rejected']} kept"
        )

    def _recording(self, cut: Cut) -> Recording:
        split = cast("Split", cut.recording.split("/")[0])
        return Recording(cut.recording, self._dataset / cut.recording, split)

    @work(group="cut", exclusive=True)
    async def _show_cut(self) -> None:
        """Draw the cut under the cursor, once the cursor rests."""
        await asyncio.sleep(_SETTLE_S)
        cut, view = self.table.cut, self.query_one(SpectrogramView)
        if cut is None:
            view.show(None)
            return
        recording = self._recording(cut)
        probed = self._probes.get(recording)
        if probed is None:
            probed = await asyncio.to_thread(self._probes.ask, recording)
        view.border_title = recording.name
        facts = cut.note or f"{cut.reason}, {cut.duration_s:.1f} s of {recording.key}"
        self.query_one("#cuts-facts", Static).update(facts)
        if probed.duration_s is None:
            view.show_error(recording.path, f"✗ {recording.name}: {probed.problem}")
            return
        start_s = max(0.0, cut.start_s - _SEEN_AROUND_S)
        end_s = min(probed.duration_s, cut.end_s + _SEEN_AROUND_S)
        view.show(recording.path, probed.duration_s, (start_s, end_s))
        view.selected_span = (cut.start_s, cut.end_s)

    def _play(self) -> None:
        cut = self.table.cut
        if cut is None:
            return
        recording = self._recording(cut)
        self._services.playback.play(
            recording.path,
            name=recording.name,
            start_s=max(0.0, cut.start_s - AROUND_S),
            end_s=cut.end_s + AROUND_S,
        )

    def _moved(self, seconds: float) -> None:
        view = self.query_one(SpectrogramView)
        if view.path is not None and view.path == self._services.playback.path:
            view.set_playhead(seconds)

    @on(SpectrogramView.Seek)
    def _seek(self, event: SpectrogramView.Seek) -> None:
        event.stop()
        playback = self._services.playback
        if playback.path == event.view.path:
            playback.seek(event.seconds)
        elif event.view.path is not None:
            playback.play(event.view.path, start_s=event.seconds)
