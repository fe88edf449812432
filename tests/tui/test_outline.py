from __future__ import annotations

from pathlib import Path

import pytest

from birdscope.core.types import Recording, Species
from birdscope.dataset.catalog import Catalog
from birdscope.tui.columns import DURATION, EMPTY, columns_for, plain, recorded_at, usual
from birdscope.tui.outline import (
    OutlineData,
    OutlineRow,
    SpeciesEntry,
    places_of,
    recordings_behind,
    rows,
    site_of,
)
from birdscope.tui.probing import Probed

BIRD = Species("grekis", "Pitangus sulphuratus", "Great Kiskadee", "Aves")
OTHER = Species("bkmtou1", "Ramphastos ambiguus", "Black-mandibled Toucan", "Aves")
FROG = Species("22973", "Scinax ruber", "Red Snouted Treefrog", "Amphibia")
NAMELESS = Species("x1")
DATA = OutlineData(
    entries=(
        SpeciesEntry(BIRD, 3, 4.5),
        SpeciesEntry(OTHER, 9, None),
        SpeciesEntry(FROG, 0, None),
        SpeciesEntry(NAMELESS, 1, None),
    ),
    sites=(
        ("train_soundscapes", "H01", 4),
        ("train_soundscapes", "H02", 2),
        ("test_soundscapes", "H01", 1),
    ),
)
SOUNDSCAPE = Recording(
    "train_soundscapes/H02_20230420_074000.ogg", Path("x.ogg"), "train_soundscapes"
)


def titles(found: list[OutlineRow]) -> list[str]:
    return [one.title for one in found]


def test_classes_come_in_the_fields_order_with_species_by_name() -> None:
    found = rows(DATA, closed=frozenset({"train_soundscapes"}))
    assert titles(found) == [
        "Aves", "Black-mandibled Toucan", "Great Kiskadee",
        "Amphibia", "Red Snouted Treefrog",
        "Class unknown", "x1",
        "Train soundscapes", "Test soundscapes",
    ]  # fmt: skip
    assert [one.open for one in found if one.kind == "split"] == [False, None]


@pytest.mark.parametrize(
    ("sort", "first"),
    [("count", "Black-mandibled Toucan"), ("rating", "Great Kiskadee"), ("code", "Black-mandib")],
)
def test_sorts(sort: str, first: str) -> None:
    assert rows(DATA, sort=sort, closed=frozenset())[1].title.startswith(first)


@pytest.mark.parametrize(
    ("wanted", "labels"),
    [
        ("kis", ["grekis"]),
        ("GREAT pitangus", ["grekis"]),
        ("aves", ["bkmtou1", "grekis"]),
        ("229", ["22973"]),
        ("owl", []),
    ],
)
def test_filter_needs_every_word_in_code_name_or_class(wanted: str, labels: list[str]) -> None:
    found = rows(DATA, wanted=wanted, closed=frozenset({"Aves", "Amphibia"}))
    assert [one.key for one in found if one.kind == "species"] == labels


def test_an_open_split_lists_its_sites() -> None:
    found = rows(DATA, wanted="h02", closed=frozenset({"train_soundscapes"}))
    assert [(one.kind, one.title, one.count) for one in found] == [
        ("split", "Train soundscapes", 2),
        ("site", "H02", 2),
    ]


def test_what_a_row_stands_for(tiny_dataset: Path) -> None:
    catalog = Catalog.open(tiny_dataset)
    data = OutlineData.of(catalog)
    assert sum(one.count for one in data.entries) == len(catalog.recordings("train_audio"))
    found = {one.key: one for one in rows(data, closed=frozenset())}
    frogs = recordings_behind(catalog, found["Amphibia"])
    labels = {one.label for one in catalog.taxonomy if one.class_name == "Amphibia"}
    assert {one.primary_label for one in frogs} == labels
    site = next(one for one in found.values() if one.kind == "site")
    behind = recordings_behind(catalog, site)
    assert len(behind) == site.count
    assert {site_of(one.key) for one in behind} == {site.title}
    known = [one.rating for one in catalog.recordings_of("synchi1") if one.rating > 0]
    rated = next(one for one in data.entries if one.species.label == "synchi1").rating
    assert rated == pytest.approx(sum(known) / len(known))


def test_places_are_few_and_known() -> None:
    here = Recording("a", Path("a"), "train_audio", latitude=6.5, longitude=-74.0)
    nowhere = Recording("b", Path("b"), "train_audio")
    assert places_of([here, nowhere]) == [(6.5, -74.0)]
    assert len(places_of([here] * 3000)) <= 400


def test_columns_of_soundscapes_read_the_file_name() -> None:
    texts = {one.key: one.text(SOUNDSCAPE, Probed(61.0)) for one in columns_for([SOUNDSCAPE])}
    assert texts == {"duration": "1:01", "site": "H02", "date": "2023-04-20", "time": "07:40"}
    assert recorded_at(Recording("a/b.ogg", Path("b"), "test_soundscapes")) is None


def test_columns_without_a_word_in_them_are_not_usual() -> None:
    recording = Recording(
        "train_audio/a/b.ogg", Path("b"), "train_audio", author="Ann",
        metadata={"type": "['']", "author": "Ann", "url": "https://x", "odd": "7"},
    )  # fmt: skip
    assert usual([recording]) == {"duration", "author", "odd"}
    assert "url" in {one.key for one in columns_for([recording])}
    assert DURATION.text(recording, None) == "…"
    assert DURATION.text(recording, Probed(None, "gone")) == "✗"
    assert EMPTY not in usual([recording])


@pytest.mark.parametrize(
    ("text", "shown"),
    [("['song', 'call']", "song, call"), ("['']", ""), ("[]", ""), ("4.5", "4.5")],
)
def test_lists_of_train_csv_are_read_as_words(text: str, shown: str) -> None:
    assert plain(text) == shown
