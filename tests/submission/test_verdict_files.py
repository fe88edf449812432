"""Verdicts as files: written, read back, and what other tools' files become."""

import csv
from collections import Counter

import pytest

from birdscope.core.errors import DatasetError
from birdscope.core.types import Species, Taxonomy
from birdscope.core.verdicts import Verdict
from birdscope.dataset.catalog import Catalog
from birdscope.submission.annotation_files import read_annotations
from birdscope.submission.verdict_exports import CSV_COLUMNS, RAVEN_COLUMNS, WRITERS
from birdscope.submission.verdict_imports import (
    ImportOptions,
    Matcher,
    species_names,
    to_verdicts,
)

OPTIONS = ImportOptions("ada", "2026-01-01T00:00:00.000Z")
LATER = ImportOptions("ada", "2027-01-01T00:00:00.000Z")

# As BirdNET-Analyzer 2 writes them: see its analyze/utils.py.
TABLE_HEADER = (
    "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\t"
    "Common Name\tSpecies Code\tConfidence\tBegin Path\tFile Offset (s)\n"
)
CSV_HEADER = "Start (s),End (s),Scientific name,Common name,Confidence,File\n"
KALEIDOSCOPE_HEADER = (
    "INDIR,FOLDER,IN FILE,OFFSET,DURATION,scientific_name,common_name,confidence,"
    "lat,lon,week,overlap,sensitivity\n"
)


@pytest.fixture(scope="module")
def catalog(tiny_dataset):
    return Catalog.open(tiny_dataset)


@pytest.fixture(scope="module")
def matcher(catalog):
    return Matcher(catalog)


@pytest.fixture(scope="module")
def names(catalog):
    """Two species and the keys of two soundscapes of 20 s."""
    first, second = catalog.taxonomy.species[:2]
    keys = [one.key for one in catalog.soundscapes()[:2]]
    return first, second, keys


def verdict(key, index, label, answer="yes", **more):
    return Verdict(
        key, index, index * 5.0, index * 5.0 + 5, label, answer, "ada",
        f"2026-01-0{index + 1}T00:00:00.000Z", **more,
    )  # fmt: skip


@pytest.fixture
def given(names):
    first, second, keys = names
    return [
        verdict(keys[0], 0, first.label, queue="stratified", sampling_probability=0.1234567891),
        verdict(keys[0], 1, first.label, "no", queue="score", score=0.987654321),
        verdict(keys[1], 2, second.label, "correct", corrected_label=first.label, ensemble="ab12"),
        verdict(keys[1], 3, second.label, "maybe", origin="field, 2.csv"),
    ]


def taken(path, matcher, options=OPTIONS, known=()):
    return to_verdicts(read_annotations(path), matcher, options, known)


def accounted(report):
    """Every row is used or named."""
    left_out = (
        sum(report.unknown_species.values()) + sum(report.unknown_recordings.values())
        + report.beyond_end + report.without_species + report.no_calls + len(report.wrong)
    )  # fmt: skip
    return report.rows == report.used + left_out


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("form", ["csv", "raven"])
def test_csv_and_raven_come_back_field_by_field(tmp_path, catalog, matcher, given, form):
    files = WRITERS[form](tmp_path, given, catalog.taxonomy)
    found, reports = [], []
    for path in files:
        some, report = taken(path, matcher)
        found += some
        reports.append(report)
    assert all(accounted(one) for one in reports)
    for back, was in zip(sorted(found, key=str), sorted(given, key=str), strict=True):
        origin = was.origin or next(p.name for p in files if p.name == back.origin)
        assert back == Verdict(**{**_fields(was), "origin": origin})


def _fields(one):
    return {name: getattr(one, name) for name in one.__dataclass_fields__}


def test_audacity_comes_back_but_for_what_it_has_no_room_for(tmp_path, catalog, matcher, given):
    files = WRITERS["audacity"](tmp_path, given, catalog.taxonomy)
    assert [path.relative_to(tmp_path).parts[0] for path in files] == ["train_soundscapes"] * 2
    found = [one for path in files for one in taken(path, matcher)[0]]
    said = {(one.window, one.label, one.answer, one.corrected_label) for one in found}
    assert said == {(one.window, one.label, one.answer, one.corrected_label) for one in given}
    assert {(one.annotator, one.at) for one in found} == {("ada", OPTIONS.now)}


def test_the_tables_are_what_their_readers_expect(tmp_path, catalog, given):
    (path,) = WRITERS["csv"](tmp_path, given, catalog.taxonomy)
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == CSV_COLUMNS
    assert rows[0]["row_id"].endswith("_5")
    assert rows[0]["common_name"] == catalog.taxonomy.get(given[0].label).common_name
    raven = WRITERS["raven"](tmp_path, given, catalog.taxonomy)[0].read_text().splitlines()
    cells = dict(zip(raven[0].split("\t"), raven[1].split("\t"), strict=True))
    assert tuple(cells) == RAVEN_COLUMNS
    assert (cells["Selection"], cells["Begin Time (s)"], cells["answer"]) == ("1", "0.000", "yes")
    assert cells["Begin Path"] == given[0].recording


def test_what_is_there_already_is_not_taken_twice_nor_over_a_later_answer(
    tmp_path, catalog, matcher, given
):
    (path,) = WRITERS["csv"](tmp_path, given, catalog.taxonomy)
    found, report = taken(path, matcher, known=given)
    assert (found, report.already, report.used) == ([], 4, 4)
    changed = Verdict(**{**_fields(given[0]), "answer": "no", "at": "2026-06-01T00:00:00.000Z"})
    found, report = taken(path, matcher, known=[changed, *given[1:]])
    assert (found, report.older) == ([], 1)


def test_a_birdnet_selection_table(tmp_path, matcher, names):
    first, second, (key, _) = names
    row = "{0}\tSpectrogram 1\t1\t{1}\t{2}\t0\t15000\t{3}\t{4}\t0.8123\t{5}\t{1}\n"
    sound = rf"C:\field\june\{key.rpartition('/')[2]}"
    path = write(
        tmp_path / "x.BirdNET.selection.table.txt",
        TABLE_HEADER
        + row.format(1, 0, 3, first.common_name, first.label, sound)
        + row.format(2, 3, 6, second.common_name, "other", sound)
        + row.format(3, 9, 12, "Yeti", "yeti1", sound)
        + row.format(4, 0, 3, first.common_name, first.label, r"C:\field\gone.wav")
        + row.format(5, 900, 903, first.common_name, first.label, sound)
        + row.format(6, 0, 3, "nocall", "nocall", sound),
    )
    found, report = taken(path, matcher)
    assert [(one.index, one.label, one.answer) for one in found] == [
        (0, first.label, "maybe"),
        (0, second.label, "maybe"),
        (1, second.label, "maybe"),
    ]
    assert {(one.recording, one.score) for one in found} == {(key, 0.8123)}
    assert report.form == "Raven selection table"
    assert report.unknown_species == Counter({"yeti1 · Yeti": 1})
    assert report.unknown_recordings == Counter({r"C:\field\gone.wav": 1})
    assert (report.beyond_end, report.no_calls, report.spread) == (1, 1, 1)
    assert accounted(report)
    sure, _ = taken(path, matcher, ImportOptions("ada", OPTIONS.now, "yes"))
    assert {one.answer for one in sure} == {"yes"}


def test_in_a_combined_table_only_the_offset_is_a_time_in_the_file(tmp_path, matcher, names):
    first, _, (key, _) = names
    line = f"1\tSpectrogram 1\t1\t3605\t3610\t0\t15000\t{first.common_name}\t{first.label}\t0.9\t"
    path = write(tmp_path / "BirdNET_SelectionTable.txt", f"{TABLE_HEADER}{line}{key}\t5\n")
    ((one,), _) = taken(path, matcher)
    assert one.window == (key, 1)


def test_a_birdnet_csv_with_and_without_the_file_column(tmp_path, matcher, names):
    first, _, (key, _) = names
    row = f"5.0,8.0,{first.scientific_name},{first.common_name},0.9237"
    new = write(tmp_path / "a.csv", f"\ufeff{CSV_HEADER}{row},/data/{key}\n")
    stem = key.rpartition("/")[2].rpartition(".")[0]
    header = CSV_HEADER.replace(",File", "")
    old = write(tmp_path / f"{stem}.BirdNET.results.csv", f"{header}{row}\n")
    for path in (new, old):
        ((one,), report) = taken(path, matcher)
        assert (one.window, one.label, one.score) == ((key, 1), first.label, 0.9237)
        assert report.form == "BirdNET-Analyzer CSV"


def test_birdnet_audacity_lines_have_four_fields(tmp_path, matcher, names):
    first, _, (key, _) = names
    stem = key.rpartition("/")[2].rpartition(".")[0]
    path = write(
        tmp_path / f"{stem}.BirdNET.results.txt",
        f"0\t3.0\t{first.scientific_name}, {first.common_name}\t0.5\n"
        "\\\t0\t15000\n"
        "6.0\t9.0\tHomo sapiens, Human\t0.9\n"
        "no time\t9.0\tx\t1\n",
    )
    ((one,), report) = taken(path, matcher)
    assert (one.window, one.label, one.answer, one.score) == ((key, 0), first.label, "maybe", 0.5)
    assert sum(report.unknown_species.values()) == 1
    assert "Homo sapiens, Human" in next(iter(report.unknown_species))
    assert [line for line, _ in report.wrong] == [4]
    assert accounted(report)


def test_a_kaleidoscope_table(tmp_path, matcher, names):
    first, _, (key, _) = names
    name = key.rpartition("/")[2]
    row = f"/field,june,{name},10.0,3.0,{first.scientific_name},{first.common_name},0.7,4,-7,1,0,1"
    path = write(tmp_path / "BirdNET_Kaleidoscope.csv", f"{KALEIDOSCOPE_HEADER}{row}\n")
    ((one,), report) = taken(path, matcher)
    assert (one.window, one.label, one.score) == ((key, 2), first.label, 0.7)
    assert report.form == "Kaleidoscope table"


def test_labels_as_in_birdclef_2026(tmp_path, matcher, names):
    first, second, keys = names
    file = keys[0].rpartition("/")[2]
    path = write(
        tmp_path / "train_soundscapes_labels.csv",
        "filename,start,end,primary_label\n"
        f"{file},00:00:00,00:00:05,{first.label};{second.label}\n"
        f"{file},00:00:05,00:00:10,\n"
        f"{file},00:00:10,00:00:20,{first.label};zebra9\n"
        f"{file},00:00:20,00:00:15,{first.label}\n"
        f"gone.ogg,00:00:00,00:00:05,{first.label}\n",
    )
    found, report = taken(path, matcher)
    assert [(one.index, one.label, one.answer) for one in found] == [
        (0, first.label, "yes"),
        (0, second.label, "yes"),
        (2, first.label, "yes"),
        (3, first.label, "yes"),
    ]
    assert report.rows == 7, "a line counts once for each species it names"
    assert (report.without_species, report.spread, report.answer) == (1, 1, "yes")
    assert report.unknown_species == Counter({"zebra9": 1})
    assert report.unknown_recordings == Counter({"gone.ogg": 1})
    assert report.wrong == [(5, "the end 15 s is not after the start 20 s")]
    assert accounted(report)


def test_the_labels_of_the_dataset_itself_are_taken_over_whole(tiny_dataset, catalog, matcher):
    path = catalog.labels_path
    with open(path, newline="") as file:
        named = sum(
            len([one for one in row["primary_label"].split(";") if one])
            for row in csv.DictReader(file)
        )
    found, report = taken(path, matcher)
    assert named == len(found) > 0
    assert not report.unknown_species
    assert not report.unknown_recordings
    assert accounted(report)


def test_an_answer_that_is_none_is_named_with_its_line(tmp_path, catalog, matcher, given):
    (path,) = WRITERS["csv"](tmp_path, given, catalog.taxonomy)
    path.write_text(
        path.read_text().replace(",yes,", ",perhaps,").replace(",correct,", ",Correct,")
    )
    found, report = taken(path, matcher)
    assert len(found) == 3
    ((line, why),) = report.wrong
    assert line == 2
    assert "perhaps" in why
    assert accounted(report)


def test_other_files_are_refused(tmp_path):
    for name, text in (("a.csv", "x,y\n1,2\n"), ("b.txt", "some words\n"), ("c.csv", "")):
        with pytest.raises(DatasetError, match="no file of annotations") as refused:
            read_annotations(write(tmp_path / name, text))
        assert "BirdNET" in refused.value.remedy
    (tmp_path / "d.csv").write_bytes(b"start,end,label\n0,5,\xff\xfe\n")
    with pytest.raises(DatasetError, match="UTF-8"):
        read_annotations(tmp_path / "d.csv")
    with pytest.raises(DatasetError, match="can't be read"):
        read_annotations(tmp_path / "none.csv")


def test_a_name_that_two_species_share_means_neither():
    two = (Species("a1", "Aus bus", "Frog"), Species("b2", "Cus dus", "Frog"))
    taxonomy = Taxonomy((*two, Species("frog")))
    found = species_names(taxonomy)
    assert found["aus bus"] == "a1"
    assert found["frog"] == "frog", "a label comes before a common name"
    assert "a1" in found
    without = species_names(Taxonomy(two))
    assert "frog" not in without
