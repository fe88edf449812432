"""What Browse finds: the query, what fits it, and what files must be asked for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from birdscope.core.types import Recording, Species
from birdscope.dataset.facets import Facet, Pick, Query
from birdscope.tui.listing import BYS, By, Listing, pick
from birdscope.tui.outline import OutlineData, OutlineRow, recordings_behind
from birdscope.tui.probing import Probes

if TYPE_CHECKING:
    from birdscope.dataset.catalog import Catalog
    from birdscope.dataset.search import Hits, Search

BATCH = 64
_CHIPS: Mapping[Facet, str] = {
    "class": "{}",
    "rating": "★ {}",
    "collection": "{}",
    "length": "{}",
    "secondary": "{} secondary",
    "problems": "problems",
}


class Finder:
    """The query over one dataset.

    Args:
        probes: Lengths of files.

    Attributes:
        query: What is wanted.
        by: How soundscapes are grouped.
        auc: Label → ROC-AUC as last measured.
    """

    def __init__(self, probes: Probes) -> None:
        self._probes = probes
        self._catalog: Catalog | None = None
        self._search: Search | None = None
        self._whole = OutlineData()
        self._hits: Hits = {}
        self._listing = Listing()
        self.query = Query()
        self.by: By = "site"
        self.auc: Mapping[str, float] = {}

    def open(self, catalog: Catalog) -> Search:
        """Gather a dataset. Takes a moment: call it in a thread, then `take` in the app's."""
        from birdscope.dataset.search import Search

        search = Search(catalog)
        search.facts.lengths = self._probes.lengths
        return search

    def take(self, catalog: Catalog, search: Search) -> OutlineData:
        """Use what was gathered, under the present query."""
        self._catalog, self._search = catalog, search
        hits = search.select(Query())
        self._whole = OutlineData.of(catalog, Listing.of(search, hits, self.by))
        return self.find(self.query)

    @property
    def is_ready(self) -> bool:
        """Whether a dataset is listed."""
        return self._search is not None

    @property
    def search(self) -> Search:
        """The index of the dataset; there once it is taken."""
        assert self._search is not None
        return self._search

    @property
    def found(self) -> int:
        """Recordings and soundscapes that fit."""
        return sum(len(one) for one in self._hits.values())

    @property
    def total(self) -> int:
        """Recordings and soundscapes there are."""
        return sum(len(one.keys) for one in self.search.splits.values())

    def find(self, query: Query) -> OutlineData:
        """Make a query the present one."""
        self.query = query
        if self._search is None:
            return self._whole
        self._hits = self._search.select(query)
        self._listing = Listing.of(self._search, self._hits, self.by)
        return self.data

    def group_by(self, by: By) -> OutlineData:
        """List soundscapes by something else."""
        self.by = by
        self._listing = self._listing.regrouped(self.search, self._hits, by)
        return self.data

    def next_grouping(self) -> OutlineData:
        """List soundscapes by the next of site, date and hour."""
        return self.group_by(BYS[(BYS.index(self.by) + 1) % len(BYS)])

    @property
    def data(self) -> OutlineData:
        """The species and soundscapes that fit, for the list."""
        return self._whole.narrow(self._listing, self.query).with_auc(self.auc)

    @property
    def species(self) -> list[Species]:
        """Every species of the dataset."""
        return [one.species for one in self._whole.entries]

    @property
    def counts(self) -> Mapping[str, int]:
        """Label → recordings that fit."""
        return {label: len(one) for label, one in self._listing.of_label.items()}

    def behind(self, row: OutlineRow) -> Sequence[Recording]:
        """The recordings of a row that fit."""
        assert self._catalog is not None
        return recordings_behind(self._catalog, row, self._listing)

    def problems_of(self, recording: Recording) -> Sequence[str]:
        """What is known to be wrong with a recording's row or file."""
        return self.search.facts.problems.get(recording.key, ()) if self._search else ()

    def unread(self) -> list[Recording]:
        """Recordings whose length decides whether they fit, and is not known."""
        if self._catalog is None or self._search is None:
            return []
        rest = replace(self.query, picked=frozenset(
            one for one in self.query.picked if one[0] != "length"))  # fmt: skip
        lengths = self._probes.lengths
        found: list[Recording] = []
        for split, positions in self._search.select(rest).items():
            keys = self._search.splits[split].keys
            new = [position for position in positions if keys[position] not in lengths]
            found += pick(self._catalog, split, new)
        return found

    async def read_lengths(self, recordings: Sequence[Recording]) -> None:
        """Read the next headers, in a thread."""

        def read() -> None:
            for one in recordings[:BATCH]:
                self._probes.ask(one)

        await asyncio.to_thread(read)

    async def read_problems(self) -> None:
        """Check tables and files, in a thread; nothing to do where that was done."""
        catalog, search = self._catalog, self._search
        if catalog is None or search is None or search.facts.problems_read:
            return
        from birdscope.dataset.problems import recording_problems

        search.facts.problems = await asyncio.to_thread(recording_problems, catalog)
        search.facts.problems_read = True


def chips(picked: frozenset[Pick]) -> list[str]:
    """What is filtered by, a few words each, in the order of the form."""
    order = list(_CHIPS)
    return [
        _CHIPS[facet].format("no " + facet if value == "unknown" else value)
        for facet, value in sorted(picked, key=lambda one: (order.index(one[0]), one[1]))
    ]
