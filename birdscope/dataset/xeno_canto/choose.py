"""Which recordings to take: good enough, not in a competition already, not too many of one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from birdscope.dataset.catalog import Catalog
from birdscope.dataset.xeno_canto.records import XenoRecord

Leakage = Literal["species", "recordings"]
_NUMBER = re.compile(r"(?:\bXC|xeno-canto\.org/(?:sounds/)?)(\d{1,12})", re.IGNORECASE)


@dataclass(frozen=True)
class Apart:
    """What must not be fetched, because it is trained on or scored elsewhere.

    Attributes:
        species: Scientific names (genus and species, lower case).
        numbers: Catalogue numbers, digits only.
    """

    species: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()

    def reason(self, number: str, scientific_name: str) -> str:
        """Why a recording is kept apart; empty where it isn't."""
        if number in self.numbers:
            return "recording is kept apart"
        if short_name(scientific_name) in self.species:
            return "species is kept apart"
        return ""

    @classmethod
    def of(cls, catalogs: Iterable[Catalog], leakage: Leakage = "species") -> Apart:
        """What some datasets hold.

        Args:
            catalogs: The datasets.
            leakage: `species` keeps apart all recordings of their species, `recordings` only
                the recordings that they hold themselves, by number.
        """
        species: set[str] = set()
        numbers: set[str] = set()
        for catalog in catalogs:
            if leakage == "species":
                known = (one.scientific_name for one in catalog.taxonomy)
                rows = (one.metadata.get("scientific_name", "")
                        for one in catalog.recordings("train_audio"))  # fmt: skip
                species.update(short_name(name) for name in (*known, *rows) if name)
            for one in catalog.recordings("train_audio"):
                text = f"{one.name} {one.metadata.get('url', '')}"
                numbers.update(_NUMBER.findall(text))
        return cls(frozenset(species), frozenset(numbers))


@dataclass(frozen=True)
class Wanted:
    """What recordings have to be like.

    Attributes:
        min_rating: Stars, 1 to 5 (A is 5, C is 3); 0 takes unrated ones too.
        min_length_s: Shorter ones are left.
        max_length_s: Longer ones are left; None takes any.
        per_species: At most so many of each species.
        no_derivatives: Take recordings whose licence forbids derivatives (nd).
        apart: What must not be fetched.
    """

    min_rating: float = 3.0
    min_length_s: float = 5.0
    max_length_s: float | None = 300.0
    per_species: int = 100
    no_derivatives: bool = True
    apart: Apart = field(default_factory=Apart)


def refusal(record: XenoRecord, wanted: Wanted) -> str:
    """Why a recording is not taken, as a short stable name; empty where it may be."""
    apart = wanted.apart.reason(record.number, record.scientific_name)
    if apart:
        return apart
    if not record.file_url:
        return "restricted"
    if record.rating < wanted.min_rating:
        return "rating"
    if record.length_s is not None and record.length_s < wanted.min_length_s:
        return "too short"
    if wanted.max_length_s is not None and (record.length_s or 0) > wanted.max_length_s:
        return "too long"
    if not wanted.no_derivatives and "nd" in record.license.split(" ")[0].split("-"):
        return "licence"
    return ""


def in_order(records: Iterable[XenoRecord]) -> list[XenoRecord]:
    """The recordings of one species, best first.

    Higher ratings come first; among equals the recordists take turns, so that a cap keeps as
    many voices and places as it can.
    """
    turn: dict[tuple[float, str], int] = {}
    keyed = []
    for one in sorted(records, key=lambda one: (-one.rating, int(one.number))):
        place = turn.get((one.rating, one.author), 0)
        turn[one.rating, one.author] = place + 1
        keyed.append(((-one.rating, place, int(one.number)), one))
    return [one for _, one in sorted(keyed, key=lambda pair: pair[0])]


def by_species(records: Iterable[XenoRecord]) -> dict[str, list[XenoRecord]]:
    """Scientific name → its recordings, each number once, best first; names in order."""
    each = {one.number: one for one in records}
    found: dict[str, list[XenoRecord]] = {}
    for one in each.values():
        found.setdefault(one.scientific_name, []).append(one)
    return {name: in_order(found[name]) for name in sorted(found)}


def short_name(scientific_name: str) -> str:
    """Genus and species in lower case, without a subspecies."""
    return " ".join(scientific_name.lower().split()[:2])


def label_of(scientific_name: str, catalogs: Sequence[Catalog] = ()) -> str:
    """A class label: that of a dataset which knows the species, else `genus-species`."""
    for catalog in catalogs:
        for one in catalog.taxonomy:
            if short_name(one.scientific_name) == short_name(scientific_name):
                return one.label
    return re.sub(r"[^a-z0-9]+", "-", short_name(scientific_name)).strip("-")
