from __future__ import annotations

import pytest

from birdscope.dataset.xeno_canto.choose import Apart, Wanted, by_species, label_of, refusal
from birdscope.dataset.xeno_canto.records import (
    XenoRecord,
    narrowed,
    parse_length,
    parse_page,
    parse_record,
    species_query,
)
from tests.dataset.xeno_canto.server import entry


def record(number: int, **changes: object) -> XenoRecord:
    found = parse_record(entry(number, **changes))
    assert found is not None
    return found


def test_a_documented_entry_is_read() -> None:
    one = record(694038)
    assert (one.number, one.scientific_name, one.common_name) == (
        "694038",
        "Turdus merula",
        "Common Blackbird",
    )
    assert (one.rating, one.class_name, one.length_s) == (5.0, "Aves", 6.0)
    assert (one.license, one.latitude, one.longitude) == ("cc-by-nc-sa 4.0", 52.7, 23.8667)
    assert one.background == ("Erithacus rubecula",)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://creativecommons.org/licenses/by/4.0/", "cc-by 4.0"),
        ("//creativecommons.org/publicdomain/zero/1.0/", "cc0 1.0"),
        ("https://example.org/mine", "https://example.org/mine"),
        ("", ""),
    ],
)
def test_licences_are_named_as_in_birdclef(address: str, words: str) -> None:
    assert record(1, lic=address).license == words


def test_odd_entries_are_read_as_far_as_they_go() -> None:
    one = record(1, q="no score", length=None, lat="?", also=None, lng="10.5", lon=None, grp=None)
    assert (one.rating, one.length_s, one.latitude, one.longitude) == (0.0, None, None, 10.5)
    assert one.background == () and one.class_name == ""
    assert parse_record(entry(1, id="../../etc")) is None
    assert parse_record(entry(1, sp="")) is None
    assert parse_record("text") is None


def test_a_page_says_how_many_there_are() -> None:
    body = {"numRecordings": "7", "page": 1, "numPages": "3", "recordings": [entry(1), None]}
    page = parse_page(body)
    assert (page.total, page.pages, len(page.recordings), page.unreadable) == (7, 3, 1, 1)
    with pytest.raises(ValueError, match="not a page"):
        parse_page({"recordings": None})


def test_lengths() -> None:
    assert [parse_length(text) for text in ("0:05", "12:30", "1:00:02", "", "5", "1:2")] == [
        5.0, 750.0, 3602.0, None, None, None,
    ]  # fmt: skip


def test_queries_use_the_tags_of_the_api() -> None:
    assert species_query("Turdus merula aterrimus") == "gen:turdus sp:merula"
    assert narrowed("grp:birds", 3, 5) == 'grp:birds q:">D" len:">4"'
    assert narrowed("grp:birds", 4, 0) == 'grp:birds q:">C"'
    assert narrowed("grp:birds", 0, 0) == narrowed(" grp:birds ", 1, 0) == "grp:birds"
    assert narrowed("gen:turdus q:A len:10-20", 3, 5) == "gen:turdus q:A len:10-20"


def test_the_best_come_first_and_recordists_take_turns() -> None:
    records = [
        record(1, rec="a", q="B"),
        record(2, rec="a"),
        record(3, rec="a"),
        record(4, rec="b"),
        record(4, rec="b"),
        record(5, gen="Parus", sp="major"),
    ]
    found = by_species(records)
    assert list(found) == ["Parus major", "Turdus merula"]
    assert [one.number for one in found["Turdus merula"]] == ["2", "4", "3", "1"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"q": "C"}, ""),
        ({"q": "D"}, "rating"),
        ({"q": ""}, "rating"),
        ({"length": "0:04"}, "too short"),
        ({"length": "5:01"}, "too long"),
        ({"file": ""}, "restricted"),
        ({"gen": "Parus", "sp": "Major"}, "species is kept apart"),
        ({"id": "77"}, "recording is kept apart"),
        ({"lic": "//creativecommons.org/licenses/by-nc-nd/4.0/"}, "licence"),
    ],
)
def test_what_is_not_taken_says_why(changes: dict[str, str], reason: str) -> None:
    apart = Apart(frozenset({"parus major"}), frozenset({"77"}))
    assert refusal(record(1, **changes), Wanted(apart=apart, no_derivatives=False)) == reason


def test_a_label_is_made_of_the_name() -> None:
    assert label_of("Turdus merula") == "turdus-merula"
