"""The rows of the species list: classes with their species, soundscapes by site. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from birdscope.core.types import Recording, Species, Split
from birdscope.core.windows import stem_of

if TYPE_CHECKING:
    from birdscope.dataset.catalog import Catalog

Kind = Literal["class", "species", "split", "site"]
SORTS: tuple[str, ...] = ("name", "count", "rating", "code")
_SPLITS: tuple[tuple[Split, str], ...] = (
    ("train_soundscapes", "Train soundscapes"),
    ("test_soundscapes", "Test soundscapes"),
)
_PLACES_SEEN = 400
_CLASS_ORDER = ("Aves", "Amphibia", "Mammalia", "Insecta")


@dataclass(frozen=True, slots=True)
class SpeciesEntry:
    """A species with what the list says of it.

    Attributes:
        species: The species.
        count: Its recordings as primary label.
        rating: Their mean rating, without unknown ones; None where all are unknown.
    """

    species: Species
    count: int
    rating: float | None


@dataclass(frozen=True, slots=True)
class OutlineRow:
    """One row of the list.

    Attributes:
        kind: What it stands for.
        key: Unique: class name, label, split, or `split/site`.
        title: What it is called.
        count: Recordings behind it (species behind a class).
        open: Whether what it holds is shown; None for rows that hold nothing.
        entry: The species of a species row.
    """

    kind: Kind
    key: str
    title: str
    count: int
    open: bool | None = None
    entry: SpeciesEntry | None = None


@dataclass(frozen=True)
class OutlineData:
    """All that the list is made of, gathered once per dataset."""

    entries: tuple[SpeciesEntry, ...] = ()
    sites: tuple[tuple[Split, str, int], ...] = ()

    @classmethod
    def of(cls, catalog: Catalog) -> OutlineData:
        """Gather a catalog: one pass over its tables; no Recording is made for that."""
        counts, ratings = catalog.species_counts, _mean_ratings(catalog)
        entries = tuple(
            SpeciesEntry(one, counts.get(one.label, 0), ratings.get(one.label))
            for one in catalog.taxonomy
        )
        sites = tuple(
            (split, site, count)
            for split, _ in _SPLITS
            for site, count in sorted(Counter(map(site_of, _keys(catalog, split))).items())
        )
        return cls(entries, sites)


def site_of(key: str) -> str:
    """The recorder of a soundscape: what stands before the date in its file name."""
    return stem_of(key).split("_", 1)[0]


def rows(
    data: OutlineData, *, wanted: str = "", sort: str = SORTS[0], closed: frozenset[str]
) -> list[OutlineRow]:
    """The rows to show.

    Args:
        data: What there is.
        wanted: Words that a species' code, names or class must all contain.
        sort: One of SORTS.
        closed: Keys of classes and splits whose content is hidden.
    """
    words = wanted.casefold().split()
    entries = [one for one in data.entries if _matches(one, words)]
    return [
        *_species_rows(entries, sort, frozenset() if words else closed),
        *_soundscape_rows(data, words, closed),
    ]


def recordings_behind(catalog: Catalog, row: OutlineRow) -> Sequence[Recording]:
    """What a row stands for: recordings of a species or a class, soundscapes of a site."""
    if row.kind == "species":
        return catalog.recordings_of(row.key)
    if row.kind == "class":
        labels = {one.label for one in catalog.taxonomy if class_title(one) == row.key}
        return _picked(catalog, "train_audio", lambda key: key.split("/")[1] in labels)
    name, _, site = row.key.partition("/")
    split = next(split for split, _ in _SPLITS if split == name)
    if not site:
        return catalog.soundscapes(split)
    return _picked(catalog, split, lambda key: site_of(key) == site)


def places_of(recordings: Sequence[Recording]) -> list[tuple[float, float]]:
    """(latitude, longitude) where known, of at most a few hundred of the recordings."""
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
        is_open = title not in closed
        found.append(OutlineRow("class", title, title, len(groups[title]), is_open))
        if is_open:
            found += [_species_row(one) for one in sorted(groups[title], key=_KEYS[sort])]
    return found


def _species_row(entry: SpeciesEntry) -> OutlineRow:
    species = entry.species
    return OutlineRow("species", species.label, species.name, entry.count, entry=entry)


def _soundscape_rows(
    data: OutlineData, words: list[str], closed: frozenset[str]
) -> list[OutlineRow]:
    found = []
    for split, title in _SPLITS:
        every = [(site, count) for one, site, count in data.sites if one == split]
        sites = [one for one in every if _contains(f"{title} {one[0]}", words)]
        if not sites:
            continue
        is_open = (bool(words) or split not in closed) if len(every) > 1 else None
        total = sum(count for _, count in sites)
        found.append(OutlineRow("split", split, title, total, is_open))
        if is_open:
            found += [OutlineRow("site", f"{split}/{site}", site, n) for site, n in sites]
    return found


def _matches(entry: SpeciesEntry, words: list[str]) -> bool:
    one = entry.species
    text = f"{one.label} {one.common_name} {one.scientific_name} {class_title(one)}"
    return _contains(text, words)


def _contains(text: str, words: list[str]) -> bool:
    folded = text.casefold()
    return all(word in folded for word in words)


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
    for position, label in enumerate(rows.labels):
        rating = parse_rating(rows.cell(position, "rating"))
        if rating > 0:
            known.setdefault(label, []).append(rating)
    return {label: sum(ratings) / len(ratings) for label, ratings in known.items()}


def _keys(catalog: Catalog, split: Split) -> Sequence[str]:
    from birdscope.dataset.rows import LazyRecordings

    recordings = catalog.recordings(split)
    if isinstance(recordings, LazyRecordings):
        return recordings.keys
    return [one.key for one in recordings]


def _picked(catalog: Catalog, split: Split, wanted: Callable[[str], bool]) -> Sequence[Recording]:
    """Recordings whose key is wanted, still unmade."""
    from birdscope.dataset.rows import LazyRecordings

    recordings = catalog.recordings(split)
    positions = [number for number, key in enumerate(_keys(catalog, split)) if wanted(key)]
    if isinstance(recordings, LazyRecordings):
        return recordings.pick(positions)
    return [recordings[number] for number in positions]


_KEYS: dict[str, Callable[[SpeciesEntry], tuple[object, ...]]] = {
    "name": lambda one: (one.species.name.casefold(),),
    "count": lambda one: (-one.count, one.species.name.casefold()),
    "rating": lambda one: (-(one.rating or 0.0), one.species.name.casefold()),
    "code": lambda one: (one.species.label,),
}
