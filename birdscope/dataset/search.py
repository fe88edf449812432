"""Find recordings by words and facets, on the columns of train.csv: no Recording is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from birdscope.core.types import SPLITS, Split
from birdscope.core.windows import stem_of
from birdscope.dataset.catalog import Catalog
from birdscope.dataset.facets import (
    ANY_PROBLEM,
    FACETS,
    LENGTHS,
    RATINGS,
    UNKNOWN,
    WITH,
    WITHOUT,
    Facet,
    Facts,
    Pick,
    Query,
    rating_band,
)
from birdscope.dataset.fields import parse_coordinate, parse_labels, parse_rating
from birdscope.dataset.rows import LazyRecordings
from birdscope.dataset.times import recorded_at

Hits = Mapping[Split, Sequence[int]]
"""Positions of the recordings of each split that fit, in its order."""
SPLIT_TITLES: Mapping[Split, str] = {
    "train_audio": "Recordings",
    "train_soundscapes": "Train soundscapes",
    "test_soundscapes": "Test soundscapes",
}


class SplitIndex:
    """One split as columns.

    Args:
        catalog: The dataset.
        split: The split.

    Attributes:
        keys: Of its recordings, in order.
        labels: Their primary labels; empty texts for soundscapes.
    """

    def __init__(self, catalog: Catalog, split: Split) -> None:
        self._catalog = catalog
        self._split: Split = split
        recordings = catalog.recordings(split)
        if isinstance(recordings, LazyRecordings):
            self.keys = recordings.keys
        else:
            self.keys = [one.key for one in recordings]
        self._rows = catalog.train_rows if split == "train_audio" else None
        if split != "train_audio":
            self.labels: Sequence[str] = [""] * len(self.keys)
        elif self._rows is not None:
            self.labels = self._rows.labels
        else:
            self.labels = [key.split("/")[1] for key in self.keys]

    @cached_property
    def texts(self) -> Sequence[str]:
        """What words are looked for in: code, names, class, author, place and file, folded."""
        if self._split != "train_audio":
            return [self._soundscape_text(key) for key in self.keys]
        known = {label: self._species_text(label) for label in set(self.labels)}
        columns = [self.cells(name) for name in ("author", "latitude", "longitude")]
        cells = zip(self.labels, self.keys, *columns, strict=True)
        return [
            f"{known[label]}{key.rpartition('/')[2]} {author} {_place(north, east)}".casefold()
            for label, key, author, north, east in cells
        ]

    def values(self, facet: Facet, facts: Facts) -> Sequence[str]:
        """The facet's value of each recording; empty where it has none."""
        if facet == "length":
            return [facts.length_band(key) for key in self.keys]
        if facet == "problems":
            return [ANY_PROBLEM if facts.has_problem(key) else "" for key in self.keys]
        if self._split != "train_audio":
            return [""] * len(self.keys)
        return self._table_values[facet]

    def select(self, query: Query, facts: Facts) -> Sequence[int]:
        """Positions of the recordings that fit."""
        found: Sequence[int] = range(len(self.keys))
        for word in query.words.casefold().split():
            texts = self.texts
            found = [position for position in found if word in texts[position]]
        for facet in dict.fromkeys(one for one, _ in query.picked):
            wanted, values = query.values(facet), self.values(facet, facts)
            found = [position for position in found if values[position] in wanted]
        return found

    def cells(self, name: str) -> Sequence[str]:
        """A column of train.csv; empty texts where there is none."""
        rows = self._rows
        if rows is None or name not in rows.header:
            return [""] * len(self.keys)
        return rows.cells(name)

    @cached_property
    def _table_values(self) -> dict[Facet, Sequence[str]]:
        classes = {label: self._class_of(label) for label in set(self.labels)}
        return {
            "class": [classes[label] for label in self.labels],
            "rating": _mapped(self.cells("rating"), lambda text: rating_band(parse_rating(text))),
            "collection": [cell or UNKNOWN for cell in self.cells("collection")],
            "secondary": _mapped(
                self.cells("secondary_labels"),
                lambda text: WITH if parse_labels(text) else WITHOUT,
            ),
        }

    def _class_of(self, label: str) -> str:
        return self._catalog.taxonomy.get(label).class_name or UNKNOWN

    def _species_text(self, label: str) -> str:
        one = self._catalog.taxonomy.get(label)
        return f"{label} {one.common_name} {one.scientific_name} {one.class_name} "

    def _soundscape_text(self, key: str) -> str:
        when = recorded_at(key)
        told = f"{when:%Y-%m-%d %H:%M}" if when is not None else ""
        return f"{SPLIT_TITLES[self._split]} {stem_of(key)} {told}".casefold()


class Search:
    """Every split of a dataset, searchable.

    Args:
        catalog: The dataset.

    Attributes:
        facts: What only files tell, as far as it is known; its owner fills it.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.splits: Mapping[Split, SplitIndex] = {
            split: SplitIndex(catalog, split) for split in SPLITS
        }
        self.facts = Facts()

    def select(self, query: Query) -> Hits:
        """What fits a query, by split."""
        return {split: one.select(query, self.facts) for split, one in self.splits.items()}

    def counts(self) -> Mapping[Pick, int]:
        """How many recordings have each value of each facet, values in the order of a form."""
        # what only files tell may be ticked before anybody has read it
        counted: Counter[Pick] = Counter({("length", band): 0 for _, band in LENGTHS})
        counted["problems", ANY_PROBLEM] = 0
        for index in self.splits.values():
            for facet in FACETS:
                values = Counter(index.values(facet, self.facts))
                counted.update({(facet, one): n for one, n in values.items() if one})
        return {pick: counted[pick] for pick in sorted(counted, key=_form_order)}

    def warm(self) -> None:
        """Build what the first search needs. Takes a moment: call it in a thread."""
        self.select(Query("a", frozenset({("class", "")})))


def _mapped(cells: Sequence[str], value: Callable[[str], str]) -> list[str]:
    """The value of each cell; equal cells, of which there are many, are looked at once."""
    known = {cell: value(cell) for cell in set(cells)}
    return [known[cell] for cell in cells]


def _place(north: str, east: str) -> str:
    """Coordinates as the table of recordings shows them."""
    latitude, longitude = parse_coordinate(north, 90), parse_coordinate(east, 180)
    return "" if latitude is None or longitude is None else f"{latitude:.2f},{longitude:.2f}"


_CLASSES = ("Aves", "Amphibia", "Mammalia", "Insecta")
_ORDERS: Mapping[str, Sequence[str]] = {
    "class": _CLASSES,
    "rating": [band for _, band in RATINGS],
    "collection": (),
    "length": [band for _, band in reversed(LENGTHS)],
    "secondary": (WITH, WITHOUT),
    "problems": (ANY_PROBLEM,),
}


def _form_order(pick: Pick) -> tuple[int, bool, int, str]:
    facet, value = pick
    order = _ORDERS[facet]
    place = order.index(value) if value in order else len(order)
    return FACETS.index(facet), value == UNKNOWN, place, value
