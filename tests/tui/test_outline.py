from __future__ import annotations

from pathlib import Path

import pytest

from birdscope.core.types import Recording, Species
from birdscope.dataset.catalog import Catalog
from birdscope.dataset.facets import Query
from birdscope.dataset.search import Search
from birdscope.tui.columns import (
    DURATION,
    EMPTY,
    SortBy,
    columns_for,
    ordered,
    plain,
    recorded_at,
    usual,
)
from birdscope.tui.listing import NOT_TOLD, By, Listing, date_of, hour_of, site_of
from birdscope.tui.outline import (
    OutlineData,
    OutlineRow,
    SpeciesEntry,
    places_of,
    recordings_behind,
    rows,
)
from birdscope.tui.probing import Probed

BIRD = Species("grekis", "Pitangus sulphuratus", "Great Kiskadee", "Aves")
OTHER = Species("bkmtou1", "Ramphastos ambiguus", "Black-mandibled Toucan", "Aves")
FROG = Species("22973", "Scinax ruber", "Red Snouted Treefrog", "Amphibia")
NAMELESS = Species("x1")
LISTING = Listing(
    {"grekis": (0, 1, 2), "bkmtou1": range(3, 12), "x1": (12,)},
    {
        "train_soundscapes": {"H01": (0, 1, 2, 3), "H02": (4, 5)},
        "test_soundscapes": {"H01": (0,)},
    },
)
DATA = OutlineData(
    entries=(
        SpeciesEntry(BIRD, 3, 4.5),
        SpeciesEntry(OTHER, 9, None),
        SpeciesEntry(FROG, 0, None),
        SpeciesEntry(NAMELESS, 1, None),
    ),
    listing=LISTING,
)
SOUNDSCAPE = Recording(
    "train_soundscapes/H02_20230420_074000.ogg", Path("x.ogg"), "train_soundscapes"
)


def titles(found: list[OutlineRow]) -> list[str]:
    return [one.title for one in found]


def test_classes_come_in_the_fields_order_with_species_by_name() -> None:
    found = rows(DATA, closed=frozenset({"train_soundscapes"}))
    assert titles(found) == [
        "All recordings",
        "Aves", "Black-mandibled Toucan", "Great Kiskadee",
        "Amphibia", "Red Snouted Treefrog",
        "Class unknown", "x1",
        "Train soundscapes", "Test soundscapes",
    ]  # fmt: skip
    assert [one.open for one in found if one.kind == "split"] == [False, None]


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("count", "Black-mandibled Toucan"),
        ("rating", "Great Kiskadee"),
        ("code", "Black-mandib"),
        ("AUC", "Great Kiskadee"),
    ],
)
def test_sorts(sort: str, first: str) -> None:
    data = DATA.with_auc({"grekis": 0.71, "bkmtou1": 0.93})
    assert rows(data, sort=sort)[2].title.startswith(first)


def test_a_query_leaves_species_with_recordings_that_fit_and_names_without_any() -> None:
    left = Listing({"bkmtou1": (4, 7)}, {"train_soundscapes": {"H02": (4,)}})
    found = rows(DATA.narrow(left, Query("red")), closed=frozenset({"Aves", "train_soundscapes"}))
    assert [(one.kind, one.key, one.count) for one in found] == [
        ("all", "all recordings", 2),
        ("class", "Aves", 2),
        ("species", "bkmtou1", 2),
        # no recording at all, but its name fits
        ("class", "Amphibia", 0),
        ("species", "22973", 0),
        ("split", "train_soundscapes", 1),
    ]
    assert [one.species for one in found if one.kind == "class"] == [1, 1]
    ticked = DATA.narrow(left, Query("red", frozenset({("rating", "4–4.5")})))
    assert [one.species for one in ticked.entries] == [OTHER]


def test_an_open_split_lists_its_groups() -> None:
    found = [one for one in rows(DATA) if one.kind in ("split", "group")]
    assert [(one.kind, one.key, one.count) for one in found] == [
        ("split", "train_soundscapes", 6),
        ("group", "train_soundscapes/H01", 4),
        ("group", "train_soundscapes/H02", 2),
        ("split", "test_soundscapes", 1),
    ]


@pytest.mark.parametrize("by", ["site", "date", "hour"])
def test_what_a_row_stands_for(by: By, tiny_dataset: Path) -> None:
    catalog = Catalog.open(tiny_dataset)
    search = Search(catalog)
    listing = Listing.of(search, search.select(Query()), by)
    data = OutlineData.of(catalog, listing)
    assert sum(one.count for one in data.entries) == len(catalog.recordings("train_audio"))
    found = {one.key: one for one in rows(data)}
    frogs = recordings_behind(catalog, found["Amphibia"], listing)
    labels = {one.label for one in catalog.taxonomy if one.class_name == "Amphibia"}
    assert {one.primary_label for one in frogs} == labels
    every = recordings_behind(catalog, found["all recordings"], listing)
    assert list(every) == list(catalog.recordings("train_audio"))
    split = recordings_behind(catalog, found["train_soundscapes"], listing)
    assert list(split) == list(catalog.soundscapes("train_soundscapes"))
    name = {"site": site_of, "date": date_of, "hour": hour_of}[by]
    groups = [one for one in found.values() if one.kind == "group"]
    for group in groups:
        behind = recordings_behind(catalog, group, listing)
        assert len(behind) == group.count
        assert {name(one.key) for one in behind} == {group.title}
    known = [one.rating for one in catalog.recordings_of("synchi1") if one.rating > 0]
    rated = next(one for one in data.entries if one.species.label == "synchi1").rating
    assert rated == pytest.approx(sum(known) / len(known))


def test_names_tell_site_date_and_hour_or_nothing() -> None:
    assert (site_of(SOUNDSCAPE.key), date_of(SOUNDSCAPE.key)) == ("H02", "2023-04-20")
    assert hour_of(SOUNDSCAPE.key) == "07:00"
    assert date_of("train_soundscapes/noise.ogg") == hour_of("a/b_20231301_000000.ogg") == NOT_TOLD


def test_a_column_sorts_both_ways_and_unknown_values_come_last() -> None:
    def made(name: str, rating: float, seconds: float | None) -> tuple[Recording, Probed]:
        key = f"train_audio/a/{name}"
        return Recording(key, Path(name), "train_audio", rating=rating), Probed(seconds)

    listed = dict([made("b", 3.0, 10.0), made("a", 0.0, None), made("c", 5.0, 2.0)])
    recordings = list(listed)
    columns = columns_for(recordings)

    def names(sort: SortBy) -> str:
        return "".join(recordings[at].name for at in ordered(recordings, sort, columns, listed.get))

    assert names(SortBy("filename")) == "abc"
    assert names(SortBy("rating", down=True)) == "cba"
    assert names(SortBy("rating")) == "bca"
    assert names(SortBy("duration")) == "cba"
    assert names(SortBy()) == "bac"


def test_choosing_a_column_again_turns_the_order_and_then_drops_it() -> None:
    sort = SortBy()
    told = [str(sort := sort.turned(key)) for key in ("author", "author", "author", "rating")]
    assert told == ["author", "-author", "", "-rating"]
    assert SortBy.parse("-rating") == sort


def test_places_are_few_and_known() -> None:
    here = Recording("a", Path("a"), "train_audio", latitude=6.5, longitude=-74.0)
    nowhere = Recording("b", Path("b"), "train_audio")
    assert places_of([here, nowhere]) == [(6.5, -74.0)]
    assert 1000 < len(places_of([here] * 30_000)) <= 2000


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
