from __future__ import annotations

import csv
from pathlib import Path

import pytest

from birdscope.core.errors import DatasetError
from birdscope.dataset.balance import balance, rating_counts
from birdscope.dataset.catalog import Catalog
from birdscope.dataset.facets import Facts, Query, length_band, rating_band
from birdscope.dataset.listed import read_listed, write_listed
from birdscope.dataset.problems import recording_problems
from birdscope.dataset.search import Search

HEADER = "primary_label,secondary_labels,filename,collection,rating,latitude,longitude,author"
ROWS = (
    "grekis,['bkmtou1'],grekis/XC1.ogg,XC,4.5,4.61,-74.08,Ann Doe",
    "grekis,[''],grekis/iNat2.ogg,iNat,0.0,,,Bob",
    "22973,[''],22973/XC3.ogg,XC,3.0,6.5,-73.9,Ann Lee",
    "odd1,[''],odd1/XC4.ogg,,9.9,6.5,-73.9,Cid",
)
TAXONOMY = (
    "primary_label,inat_taxon_id,scientific_name,common_name,class_name\n"
    "grekis,1,Pitangus sulphuratus,Great Kiskadee,Aves\n"
    "bkmtou1,2,Ramphastos ambiguus,Black-mandibled Toucan,Aves\n"
    "22973,3,Scinax ruber,Red Snouted Treefrog,Amphibia\n"
)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    root = tmp_path / "data"
    for row in ROWS[:3]:
        path = root / "train_audio" / row.rsplit("]", 1)[1].split(",")[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (root / "train_soundscapes").mkdir()
    (root / "train_soundscapes" / "H02_20230420_074000.ogg").touch()
    (root / "train.csv").write_text("\n".join([HEADER, *ROWS]) + "\n", encoding="utf-8")
    (root / "taxonomy.csv").write_text(TAXONOMY, encoding="utf-8")
    return Catalog.open(root)


@pytest.mark.parametrize(
    ("words", "clips", "soundscapes"),
    [
        ("", [0, 1, 2, 3], [0]),
        ("GRE kisk", [0, 1], []),
        ("ann", [0, 2], []),
        ("ann tree", [2], []),
        ("4.61,-74", [0], []),
        ("inat2", [1], []),
        ("amphibia", [2], []),
        ("train soundscapes 2023-04-20", [], [0]),
        ("zzz", [], []),
    ],
)
def test_every_word_must_stand_somewhere(
    words: str, clips: list[int], soundscapes: list[int], catalog: Catalog
) -> None:
    hits = Search(catalog).select(Query(words))
    assert list(hits["train_audio"]) == clips
    assert list(hits["train_soundscapes"]) == soundscapes


@pytest.mark.parametrize(
    ("picked", "clips"),
    [
        ({("class", "Aves")}, [0, 1]),
        ({("class", "Aves"), ("class", "Amphibia")}, [0, 1, 2]),
        ({("class", "unknown")}, [3]),
        ({("rating", "4.5–5"), ("rating", "3–4")}, [0, 2]),
        ({("rating", "unknown")}, [1, 3]),
        ({("collection", "XC"), ("class", "Aves")}, [0]),
        ({("secondary", "with")}, [0]),
        ({("length", "<5 s")}, [0]),
        ({("length", "unknown")}, [1, 2, 3]),
        ({("problems", "any")}, [1, 3]),
    ],
)
def test_values_of_a_facet_are_alternatives_and_facets_add_up(
    picked: set[tuple[str, str]], clips: list[int], catalog: Catalog
) -> None:
    search = Search(catalog)
    keys = search.splits["train_audio"].keys
    search.facts = Facts({keys[0]: 2.0, keys[1]: None}, recording_problems(catalog))
    hits = search.select(Query("", frozenset(picked)))  # type: ignore[arg-type]
    assert list(hits["train_audio"]) == clips
    with_facet = {facet for facet, _ in picked}
    assert not hits["train_soundscapes"] or with_facet == {"length"}


def test_counts_have_the_order_of_a_form(catalog: Catalog) -> None:
    counts = Search(catalog).counts()
    classes = [value for facet, value in counts if facet == "class"]
    assert classes == ["Aves", "Amphibia", "unknown"]
    assert counts["class", "Aves"] == 2 and counts["collection", "XC"] == 2
    assert counts["length", "unknown"] == 5 and counts["length", "<5 s"] == 0
    assert counts["problems", "any"] == 0


def test_problems_are_told_of_the_recordings_that_have_them(catalog: Catalog) -> None:
    problems = recording_problems(catalog)
    assert problems.keys() == {"train_audio/odd1/XC4.ogg"}
    told = " ".join(problems["train_audio/odd1/XC4.ogg"])
    assert "no such file" in told and "no class" in told and "rating" in told


def test_bands_hold_their_lower_end() -> None:
    assert [rating_band(one) for one in (0.0, 0.5, 3.0, 4.0, 4.5, 5.0)] == [
        "unknown", "<3", "3–4", "4–4.5", "4.5–5", "4.5–5",
    ]  # fmt: skip
    assert [length_band(one) for one in (0.0, 5.0, 10.0, 30.0, 60.0, 300.0)] == [
        "<5 s", "5–10 s", "10–30 s", "30–60 s", "1–5 min", "≥5 min",
    ]  # fmt: skip


def test_balance_ranks_species_and_names_the_rare(catalog: Catalog) -> None:
    found = balance(catalog.taxonomy.species, {"grekis": 100, "22973": 3})
    assert found.labels == ("grekis", "22973", "bkmtou1")
    assert found.counts == (100, 3, 0) and found.powers[0] == pytest.approx(2.0)
    assert found.classes == {"Aves": (0, 2), "Amphibia": (1,)}
    assert (found.median, found.rare, found.without) == (3.0, 1, 1)


def test_ratings_are_counted_in_halves(catalog: Catalog) -> None:
    counts = rating_counts(catalog.recordings("train_audio"))
    assert (counts[4.5], counts[3.0], counts[0.0]) == (1, 1, 2)
    assert sum(counts.values()) == 4 and list(counts)[-1] == 0.0


def test_lists_are_written_whole_and_read_back(catalog: Catalog, tmp_path: Path) -> None:
    recordings = catalog.recordings("train_audio")
    out = tmp_path / "list.csv"
    write_listed(out, recordings, {recordings[0].key: 2.5, recordings[1].key: None})
    with open(out, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [one["key"] for one in rows] == [one.key for one in recordings]
    assert [one["duration_s"] for one in rows] == ["2.500", "", "", ""]
    assert rows[0]["author"] == "Ann Doe"
    listed = tmp_path / "list.txt"
    listed.write_text(f"{recordings[2].key}\n\nXC1.ogg\n", encoding="utf-8")
    assert read_listed(listed, recordings) == [recordings[2], recordings[0]]


@pytest.mark.parametrize(("text", "said"), [("", "lists no"), ("XC1.wav\n", "XC1")])
def test_a_list_of_nothing_or_of_what_is_not_there_is_refused(
    text: str, said: str, catalog: Catalog, tmp_path: Path
) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError, match=said):
        read_listed(listed, catalog.recordings("train_audio"))
