"""The rows of the species list: classes with their species, soundscapes in groups. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from birdscope.core.types import Recording, Species, Split
from birdscope.tui.listing import SOUNDSCAPE_SPLITS, Listing, pick, site_of

if TYPE_CHECKING:
    from birdscope.dataset.catalog import Catalog
    from birdscope.dataset.facets import Query

__all__ = ["SORTS", "OutlineData", "OutlineRow", "SpeciesEntry", "recordings_behind", "rows",
           "site_of"]  # fmt: skip

Kind = Literal["all", "class", "species", "split", "group"]
SORTS: tuple[str, ...] = ("name", "count", "rating", "AUC", "code")
SPLIT_TITLES: Mapping[Split, str] = {
    "train_soundscapes": "Train soundscapes",
    "test_soundscapes": "Test soundscapes",
}
ALL = "all recordings"
_PLACES_SEEN = 2_000
_CLASS_ORDER = ("Aves", "Amphibia", "Mammalia", "Insecta")


@dataclass(frozen=True, slots=True)
class SpeciesEntry:
    """A species with what the list says of it.

    Attributes:
        species: The species.
        count: Its recordings as primary label, of those that fit.
        rating: Their mean rating, without unknown ones; None where all are unknown.
        auc: Its ROC-AUC as last measured; None where unknown.
    """

    species: Species
    count: int
    rating: float | None
    auc: float | None = None


@dataclass(frozen=True, slots=True)
class OutlineRow:
    """One row of the list.

    Attributes:
        kind: What it stands for.
        key: Unique: class name, label, split, or `split/site`.
        title: What it is called.
        count: Recordings behind it.
        open: Whether what it holds is shown; None for rows that hold nothing.
        entry: The species of a species row.
        species: Of a class: those that fit.
    """

    kind: Kind
    key: str
    title: str
    count: int
    open: bool | None = None
    entry: SpeciesEntry | None = None
    species: int = 0


@dataclass(frozen=True)
class OutlineData:
    """All that the list is made of.

    Attributes:
        entries: The species that fit the query.
        listing: The recordings that do.
        narrowed: Whether there is a query: what has nothing that fits is not listed then.
    """

    entries: tuple[SpeciesEntry, ...] = ()
    listing: Listing = field(default_factory=Listing)
    narrowed: bool = False

    @classmethod
    def of(cls, catalog: Catalog, listing: Listing) -> OutlineData:
        """Gather a catalog: one pass over its tables; no Recording is made for that."""
        ratings = _mean_ratings(catalog)
        found = listing.of_label
        entries = tuple(
            SpeciesEntry(one, len(found.get(one.label, ())), ratings.get(one.label))
            for one in catalog.taxonomy
        )
        return cls(entries, listing)

    def narrow(self, listing: Listing, query: Query) -> OutlineData:
        """What is left of the whole list; a species without recordings stays for its name."""
        if query.is_all:
            return replace(self, listing=listing)
        words = query.words.casefold().split()
        entries = []
        for one in self.entries:
            count = len(listing.of_label.get(one.species.label, ()))
            by_name = not one.count and not query.picked and _named(one.species, words)
            if count or by_name:
                entries.append(replace(one, count=count))
        return OutlineData(tuple(entries), listing, narrowed=True)

    def with_auc(self, auc: Mapping[str, float]) -> OutlineData:
        """The same, with the ROC-AUC of some species."""
        known = (replace(one, auc=auc.get(one.species.label)) for one in self.entries)
        return replace(self, entries=tuple(known))


def rows(
    data: OutlineData, *, sort: str = SORTS[0], closed: frozenset[str] = frozenset()
) -> list[OutlineRow]:
    """The rows to show.

    Args:
        data: What there is.
        sort: One of SORTS.
        closed: Keys of classes and splits whose content is hidden.
    """
    folded = frozenset() if data.narrowed else closed
    clips = data.listing.clips
    every = [OutlineRow("all", ALL, "All recordings", clips)] if clips else []
    return [*every, *_species_rows(data.entries, sort, folded), *_soundscape_rows(data, folded)]


def recordings_behind(catalog: Catalog, row: OutlineRow, listing: Listing) -> Sequence[Recording]:
    """What a row stands for, of the listed recordings: of a species, a class, a site."""
    if row.kind == "species":
        return pick(catalog, "train_audio", listing.of_label.get(row.key, ()))
    if row.kind in ("all", "class"):
        labels = {
            one.label
            for one in catalog.taxonomy
            if row.kind == "all" or class_title(one) == row.key
        }
        unknown = () if row.kind == "class" else listing.of_label.keys() - labels
        wanted = [listing.of_label.get(label, ()) for label in (*labels, *unknown)]
        return pick(catalog, "train_audio", sorted(one for part in wanted for one in part))
    name, _, group = row.key.partition("/")
    split = next(split for split in SOUNDSCAPE_SPLITS if split == name)
    return pick(catalog, split, listing.soundscapes(split, group))


def places_of(recordings: Sequence[Recording]) -> list[tuple[float, float]]:
    """(latitude, longitude) where known; of more than two thousand recordings only some."""
    step = max(1, -(-len(recordings) // _PLACES_SEEN))
    return [
        (one.latitude, one.longitude)
        for one in recordings[::step]
        if one.latitude is not None and one.longitude is not None
    ]


def class_title(species: Species) -> str:
    """The class of a species as the list calls it."""
    return species.class_name or "Class unknown"


def _species_rows(
    entries: Iterable[SpeciesEntry], sort: str, closed: frozenset[str]
) -> list[OutlineRow]:
    groups: dict[str, list[SpeciesEntry]] = {}
    for entry in entries:
        groups.setdefault(class_title(entry.species), []).append(entry)
    found = []
    for title in sorted(groups, key=_class_rank):
        is_open, count = title not in closed, sum(one.count for one in groups[title])
        found.append(OutlineRow("class", title, title, count, is_open, species=len(groups[title])))
        if is_open:
            found += [_species_row(one) for one in sorted(groups[title], key=_KEYS[sort])]
    return found


def _species_row(entry: SpeciesEntry) -> OutlineRow:
    species = entry.species
    return OutlineRow("species", species.label, species.name, entry.count, entry=entry)


def _soundscape_rows(data: OutlineData, closed: frozenset[str]) -> list[OutlineRow]:
    found = []
    for split, title in SPLIT_TITLES.items():
        groups = data.listing.groups.get(split, {})
        if not groups:
            continue
        is_open = split not in closed if len(groups) > 1 else None
        total = sum(len(one) for one in groups.values())
        found.append(OutlineRow("split", split, title, total, is_open))
        if is_open:
            found += [
                OutlineRow("group", f"{split}/{group}", group, len(positions))
                for group, positions in groups.items()
            ]
    return found


def _named(species: Species, words: list[str]) -> bool:
    text = (
        f"{species.label} {species.common_name} {species.scientific_name} {class_title(species)}"
    ).casefold()
    return all(word in text for word in words)


def _class_rank(title: str) -> tuple[int, str]:
    known = title in _CLASS_ORDER
    return (_CLASS_ORDER.index(title) if known else len(_CLASS_ORDER)), title


def _mean_ratings(catalog: Catalog) -> dict[str, float]:
    """Label → mean of its known ratings, straight from train.csv."""
    from birdscope.dataset.fields import parse_rating

    rows = catalog.train_rows
    if rows is None or "rating" not in rows.header:
        return {}
    known: dict[str, list[float]] = {}
    for label, cell in zip(rows.labels, rows.cells("rating"), strict=True):
        rating = parse_rating(cell)
        if rating > 0:
            known.setdefault(label, []).append(rating)
    return {label: sum(ratings) / len(ratings) for label, ratings in known.items()}


_KEYS: dict[str, Callable[[SpeciesEntry], tuple[object, ...]]] = {
    "name": lambda one: (one.species.name.casefold(),),
    "count": lambda one: (-one.count, one.species.name.casefold()),
    "rating": lambda one: (-(one.rating or 0.0), one.species.name.casefold()),
    "AUC": lambda one: (one.auc is None, one.auc or 0.0, one.species.name.casefold()),
    "code": lambda one: (one.species.label,),
}
