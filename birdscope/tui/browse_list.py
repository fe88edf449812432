"""The recordings of the chosen row, brought into an order; lengths are read where they decide."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from textual.content import Content

from birdscope.core.types import Recording
from birdscope.tui.browse_find import BATCH, Finder
from birdscope.tui.columns import SortBy, ordered
from birdscope.tui.listing import in_positions
from birdscope.tui.outline import OutlineRow
from birdscope.tui.places import keys_of
from birdscope.tui.probing import Probes
from birdscope.tui.widgets.recordings import RecordingsTable

if TYPE_CHECKING:
    from textual.widget import Widget

# sorting more rows than this takes longer than a key press may
_SORTED_AT_ONCE = 2_000
_GROUP = "browse-order"


class RowList:
    """Fills the table of recordings.

    Args:
        owner: Its workers are used.
        table: The table.
        finder: Knows what fits.
        probes: Lengths of files.
        shown: Called with the recordings after each time that others are listed.
    """

    def __init__(
        self,
        owner: Widget,
        table: Callable[[], RecordingsTable],
        finder: Finder,
        probes: Probes,
        shown: Callable[[Sequence[Recording]], None],
    ) -> None:
        self._owner = owner
        self._table_of = table
        self._finder = finder
        self._probes = probes
        self._shown = shown
        self.row: OutlineRow | None = None

    @property
    def _table(self) -> RecordingsTable:
        return self._table_of()

    def show(self, row: OutlineRow, *, stay: bool = False) -> None:
        """List the recordings of a row that fit; `stay` keeps the cursor on its recording."""
        self.row = row
        table, order = self._table, self._table.sort
        what = "Soundscapes" if row.kind in ("split", "group") else "Recordings"
        title = f"{row.key}  {row.title}" if row.kind == "species" else row.title
        alone = row.kind in ("split", "all")
        table.border_title = Content(title if alone else f"{what} of {title}")
        fits = self._finder.query.is_all
        table.empty_text = "no recordings in this dataset" if fits else "no recording fits"
        recordings = self._finder.behind(row)
        at_once = len(recordings) <= _SORTED_AT_ONCE
        self._owner.workers.cancel_group(self._owner, _GROUP)
        self._put(self._in_order(recordings) if at_once else recordings, stay=stay)
        if order.key and (not at_once or order.key == "duration"):
            self._run(self._bring_into_order(recordings))

    def show_nothing(self) -> None:
        """No row is chosen."""
        self.row = None
        table = self._table
        self._owner.workers.cancel_group(self._owner, _GROUP)
        table.border_title, table.empty_text = "Recordings", "no species is chosen"
        self._put((), stay=False)
        table.border_subtitle = ""

    def sort(self, order: SortBy) -> None:
        """List the same recordings in another order."""
        self._table.sort = order
        if self.row is not None:
            self.show(self.row, stay=True)

    def title(self) -> None:
        """How many are listed, and how many are marked."""
        table = self._table
        parts = [f"{len(table.recordings):,}"] if self.row is not None else []
        if len(table.marks):
            parts.append(f"{len(table.marks):,} marked")
        table.border_subtitle = " · ".join(parts)

    def progress(self, done: int, of: int) -> None:
        """Say how many lengths are read; nothing any more once all are."""
        if done < of:
            self._table.border_subtitle = f"reading lengths {done:,} of {of:,}"
        else:
            self.title()

    def _put(self, recordings: Sequence[Recording], *, stay: bool) -> None:
        mixed = self.row is not None and self.row.kind in ("all", "class")
        self._table.show(recordings, mixed=mixed, stay=stay)
        self.title()
        self._shown(recordings)

    def _in_order(self, recordings: Sequence[Recording]) -> Sequence[Recording]:
        table = self._table
        if not table.sort.key:
            return recordings
        columns = table.columns_of(recordings)
        positions = ordered(recordings, table.sort, columns, self._probes.get)
        return in_positions(recordings, positions)

    async def _bring_into_order(self, recordings: Sequence[Recording]) -> None:
        """Sort what takes a while to sort: many rows, or lengths that nobody has read."""
        if self._table.sort.key == "duration":
            await self._read_lengths(recordings)
        self._put(await asyncio.to_thread(self._in_order, recordings), stay=True)

    async def _read_lengths(self, recordings: Sequence[Recording]) -> None:
        """Read headers, and say how far it is."""
        known = self._probes.lengths
        unread = [number for number, key in enumerate(keys_of(recordings)) if key not in known]
        for start in range(0, len(unread), BATCH):
            batch = [recordings[number] for number in unread[start : start + BATCH]]
            await self._finder.read_lengths(batch)
            self.progress(start + len(batch), len(unread))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._owner.run_worker(work, group=_GROUP, exclusive=True, exit_on_error=False)
