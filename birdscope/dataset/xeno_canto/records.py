"""The API's JSON as values: one recording, a page of them, and the query that asks for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from birdscope.dataset.fields import parse_coordinate

QUALITIES = "ABCDE"
"""From best to worst; a rating of 5 to 1 stars."""
CLASSES = {
    "birds": "Aves",
    "frogs": "Amphibia",
    "grasshoppers": "Insecta",
    "bats": "Mammalia",
    "land mammals": "Mammalia",
}
"""Xeno-Canto's groups as BirdCLEF's classes."""
_CC = re.compile(r"creativecommons\.org/(?:licenses/([a-z-]+)|publicdomain/zero)/([\d.]+)")


@dataclass(frozen=True, slots=True)
class XenoRecord:
    """What the API says of one recording.

    Attributes:
        number: The catalogue number, digits only: XC<number>.
        scientific_name: Genus and species.
        common_name: In English.
        group: birds, grasshoppers, bats, frogs, land mammals; empty where unknown.
        author: Who recorded it.
        quality: A to E; empty where nobody rated it.
        length_s: Its length in whole seconds; None where unknown.
        file_url: Where the sound is; empty where it is restricted.
        page_url: Its page.
        license_url: Its licence.
        types: Song, call, …
        background: Scientific names heard in the background.
        latitude: In degrees; None where unknown.
        longitude: In degrees; None where unknown.
    """

    number: str
    scientific_name: str
    common_name: str
    group: str
    author: str
    quality: str
    length_s: float | None
    file_url: str
    page_url: str
    license_url: str
    types: tuple[str, ...]
    background: tuple[str, ...]
    latitude: float | None
    longitude: float | None

    @property
    def rating(self) -> float:
        """Stars as in BirdCLEF's train.csv: A 5 to E 1, 0 unknown."""
        place = QUALITIES.find(self.quality) if self.quality else -1
        return float(len(QUALITIES) - place) if place >= 0 else 0.0

    @property
    def class_name(self) -> str:
        """Aves, Amphibia, …; empty where the group is unknown."""
        return CLASSES.get(self.group, "")

    @property
    def license(self) -> str:
        """The licence in BirdCLEF's words: `cc-by-nc-sa 4.0`; its address if it is another."""
        found = _CC.search(self.license_url)
        if found is None:
            return self.license_url
        return f"cc-{found[1]} {found[2]}" if found[1] else f"cc0 {found[2]}"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of results.

    Attributes:
        recordings: Those that could be read.
        total: Recordings of the query over all pages.
        number: Of the page, from 1.
        pages: How many pages there are.
        unreadable: Entries that could not be understood.
    """

    recordings: tuple[XenoRecord, ...]
    total: int
    number: int
    pages: int
    unreadable: int = 0


def parse_page(body: Mapping[str, Any]) -> Page:
    """A page of the documented form.

    Raises:
        ValueError: it has another form.
    """
    try:
        entries = list(body["recordings"])
        records = [parse_record(one) for one in entries]
        return Page(
            recordings=tuple(one for one in records if one is not None),
            total=int(body["numRecordings"]),
            number=int(body["page"]),
            pages=int(body["numPages"]),
            unreadable=records.count(None),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a page of recordings ({error!r})") from None


def parse_record(entry: Any) -> XenoRecord | None:
    """One entry of a page; None where it has no number or species."""
    if not isinstance(entry, Mapping):
        return None
    number = _text(entry, "id")
    genus, species = _text(entry, "gen"), _text(entry, "sp")
    if not re.fullmatch(r"\d{1,12}", number) or not genus or not species:
        return None
    quality = _text(entry, "q").upper()
    return XenoRecord(
        number=number,
        scientific_name=f"{genus} {species}",
        common_name=_text(entry, "en"),
        group=_text(entry, "grp") or _text(entry, "group"),
        author=_text(entry, "rec"),
        quality=quality if len(quality) == 1 and quality in QUALITIES else "",
        length_s=parse_length(_text(entry, "length")),
        file_url=_text(entry, "file"),
        page_url=_address(_text(entry, "url")),
        license_url=_text(entry, "lic"),
        types=tuple(part for one in _text(entry, "type").split(",") if (part := one.strip())),
        background=_names(entry.get("also")),
        latitude=parse_coordinate(_text(entry, "lat"), 90),
        longitude=parse_coordinate(_text(entry, "lon") or _text(entry, "lng"), 180),
    )


def parse_length(text: str) -> float | None:
    """Seconds of `m:ss` or `h:mm:ss`; None for anything else.

    >>> parse_length("4:13")
    253.0
    """
    if not re.fullmatch(r"(\d+:)?\d+:\d{2}", text):
        return None
    seconds = 0.0
    for part in text.split(":"):
        seconds = 60 * seconds + int(part)
    return seconds


def species_query(scientific_name: str) -> str:
    """The query for one species.

    >>> species_query("Turdus merula")
    'gen:turdus sp:merula'
    """
    genus, _, species = scientific_name.strip().lower().partition(" ")
    return f"gen:{genus} sp:{species.split()[0]}" if species else f"gen:{genus}"


def narrowed(query: str, min_rating: float, min_length_s: float) -> str:
    """A query with the API's own tags for quality and length, unless it has them already.

    `q:">D"` asks for better than D, which leaves out what nobody has rated.
    """
    tags = [query.strip()]
    worst = len(QUALITIES) - int(min_rating)
    if min_rating >= 1 and not re.search(r"\bq:", query) and worst + 1 < len(QUALITIES):
        tags.append(f'q:">{QUALITIES[worst + 1]}"')
    if min_length_s >= 1 and not re.search(r"\blen:", query):
        tags.append(f'len:">{int(min_length_s) - 1}"')
    return " ".join(tags)


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    return "" if value is None else str(value).strip()


def _address(text: str) -> str:
    """The API gives some addresses without their scheme."""
    return f"https:{text}" if text.startswith("//") else text


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(name for one in value if one is not None and (name := str(one).strip()))
