from __future__ import annotations

import sys
from pathlib import Path
from subprocess import run

import pytest

from birdscope.core.errors import DatasetError
from birdscope.dataset.catalog import Catalog
from tests.dataset.folders import (
    row,
    write_csv,
    write_sample,
    write_sound,
    write_taxonomy,
    write_train,
)


def test_classes_follow_the_sample_not_the_taxonomy(tmp_path: Path) -> None:
    write_taxonomy(tmp_path, ["1139490", "grekis", "amakin1"])
    write_sample(tmp_path, ["grekis", "1139490", "amakin1"])
    write_train(tmp_path, [row("1139490", "a"), row("grekis", "b")], sound=False, bom="\ufeff")
    catalog = Catalog.open(tmp_path)
    assert catalog.taxonomy.labels == ("grekis", "1139490", "amakin1")
    assert catalog.taxonomy.get("1139490").common_name == "Bird 1139490"
    assert catalog.species_counts == {"grekis": 1, "1139490": 1, "amakin1": 0}
    assert catalog.sample_columns == catalog.taxonomy.labels
    assert catalog.sample_row_ids() == ("a_5",)


def test_without_a_sample_the_taxonomy_orders_and_without_both_the_labels(tmp_path: Path) -> None:
    write_train(tmp_path, [row("b", "1", common_name="Bee"), row("a", "2")], sound=False)
    catalog = Catalog.open(tmp_path)
    assert catalog.taxonomy.labels == ("a", "b")
    assert catalog.taxonomy.get("b").name == "Bee"
    write_taxonomy(tmp_path, ["b", "a"])
    assert Catalog.open(tmp_path).taxonomy.labels == ("b", "a")


def test_a_row_becomes_a_recording(tmp_path: Path) -> None:
    cells = {"secondary_labels": "['b', '7']", "rating": "0.0", "latitude": "", "extra": "kept"}
    write_train(tmp_path, [row("a", "1", **cells)])
    one = Catalog.open(tmp_path).recordings("train_audio")[0]
    assert (one.key, one.name, one.stem) == ("train_audio/a/1.ogg", "1.ogg", "1")
    assert one.path.is_file()
    assert one.primary_label == "a"
    assert one.secondary_labels == ("b", "7")
    assert (one.rating, one.author, one.latitude, one.longitude) == (0.0, "A", None, -74.2)
    assert one.metadata["extra"] == "kept"
    assert "group" not in one.metadata


def test_missing_columns_leave_unknown_values(tmp_path: Path) -> None:
    write_csv(tmp_path / "train.csv", ("filename",), [["grekis/x.ogg"]])
    one = Catalog.open(tmp_path).recordings("train_audio")[0]
    assert one.primary_label == "grekis"
    assert (one.secondary_labels, one.rating, one.author) == ((), 0.0, "")


def test_a_train_table_without_file_names_is_refused(tmp_path: Path) -> None:
    write_csv(tmp_path / "train.csv", ("primary_label",), [["a"]])
    with pytest.raises(DatasetError, match="no column 'filename'"):
        Catalog.open(tmp_path)


def test_provenance_gives_groups(tmp_path: Path) -> None:
    write_train(tmp_path, [row("a", "1"), row("a", "2")], sound=False)
    write_csv(tmp_path / "PROVENANCE.csv", ("file", "group"), [["train_audio/a/1.ogg", "g1"]])
    first, second = Catalog.open(tmp_path).recordings("train_audio")
    assert first.metadata["group"] == "g1"
    assert "group" not in second.metadata


def test_rows_without_a_file_are_known_as_missing(tmp_path: Path) -> None:
    write_train(tmp_path, [row("a", "1")])
    write_csv(
        tmp_path / "train.csv", ("primary_label", "filename"), [["a", "a/1.ogg"], ["a", "a/2.ogg"]]
    )
    catalog = Catalog.open(tmp_path)
    assert [catalog.is_missing(one) for one in catalog.recordings_of("a")] == [False, True]


def test_soundscapes_alone_are_a_dataset(tmp_path: Path) -> None:
    for name in ("b.ogg", "a.ogg", "notes.txt", ".hidden.ogg"):
        (tmp_path / "test_soundscapes").mkdir(exist_ok=True)
        (tmp_path / "test_soundscapes" / name).touch()
    catalog = Catalog.open(tmp_path)
    assert [one.name for one in catalog.soundscapes("test_soundscapes")] == ["a.ogg", "b.ogg"]
    assert len(catalog.recordings("train_audio")) == 0
    assert len(catalog.taxonomy) == 0


def test_folders_of_train_audio_without_a_table_are_labels(tmp_path: Path) -> None:
    write_sound(tmp_path / "train_audio" / "grekis" / "x.ogg")
    catalog = Catalog.open(tmp_path)
    assert catalog.species_counts == {"grekis": 1}
    assert catalog.recordings_of("grekis")[0].primary_label == "grekis"


def test_find_by_key_name_and_stem(tmp_path: Path) -> None:
    write_train(tmp_path, [row("a", "one"), row("a", "same"), row("b", "same")], sound=False)
    catalog = Catalog.open(tmp_path)
    key = "train_audio/a/one.ogg"
    assert {catalog.find(form).key for form in (key, "one.ogg", "one")} == {key}
    assert catalog.find("train_audio/b/same.ogg").primary_label == "b"
    with pytest.raises(DatasetError, match="no recording"):
        catalog.find("same.ogg")
    with pytest.raises(DatasetError, match="did you mean"):
        catalog.find("train_audio/a/onee.ogg")


def test_lazy_recordings_are_made_once(tiny_dataset: Path) -> None:
    catalog = Catalog.open(tiny_dataset)
    recordings = catalog.recordings("train_audio")
    assert recordings[-1] is recordings[len(recordings) - 1]
    assert recordings[:2][1] is recordings[1]
    label = recordings[0].primary_label
    assert catalog.recordings_of(label)[0] is recordings[0]
    with pytest.raises(IndexError):
        recordings[len(recordings)]


def test_location_from_the_text_or_the_recordings(tmp_path: Path) -> None:
    write_train(tmp_path, [row("a", "1"), row("a", "2", latitude="7.0")], sound=False)
    assert Catalog.open(tmp_path).location() == pytest.approx((6.9, -74.2))
    (tmp_path / "recording_location.txt").write_text("Latitude: 6.76\nLongitude: -74.21\n")
    assert Catalog.open(tmp_path).location() == (6.76, -74.21)


def test_the_fingerprint_follows_rows_and_soundscapes_but_not_the_place(tmp_path: Path) -> None:
    prints = []
    for name, rows in (("one", 1), ("two", 1), ("three", 2)):
        root = tmp_path / name
        root.mkdir()
        write_train(root, [row("a", str(number)) for number in range(rows)], sound=False)
        prints.append(Catalog.open(root).fingerprint())
    assert prints[0] == prints[1] != prints[2]
    write_sound(tmp_path / "one" / "test_soundscapes" / "s.ogg")
    assert Catalog.open(tmp_path / "one").fingerprint() != prints[0]


@pytest.mark.parametrize("name", ["absent", "empty", "outer"])
def test_a_folder_that_is_no_dataset_says_what_to_do(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "outer" / "inner").mkdir(parents=True)
    (tmp_path / "outer" / "inner" / "train.csv").write_text("filename\n")
    with pytest.raises(DatasetError) as caught:
        Catalog.open(tmp_path / name)
    assert caught.value.path == tmp_path / name
    assert caught.value.remedy
    assert ("inner" in caught.value.remedy) == (name == "outer")


def test_an_unknown_split_names_the_nearest(tiny_dataset: Path) -> None:
    with pytest.raises(DatasetError, match="did you mean 'test_soundscapes'"):
        Catalog.open(tiny_dataset).recordings("test_soundscape")  # type: ignore[arg-type]


def test_opening_imports_no_heavy_library(tiny_dataset: Path) -> None:
    code = (
        "import sys; from birdscope.dataset.catalog import Catalog;"
        f"len(Catalog.open({str(tiny_dataset)!r}).recordings('train_audio')[0].metadata);"
        "print([n for n in ('numpy', 'pandas', 'scipy', 'torch', 'sklearn', 'soundfile')"
        " if n in sys.modules])"
    )
    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.real
def test_real_recordings(calfrog32: Path) -> None:
    catalog = Catalog.open(calfrog32)
    assert len(catalog.taxonomy) == 32
    assert sum(catalog.species_counts.values()) == 361
    assert len(catalog.soundscapes("train_soundscapes")) == 23
    assert len(catalog.soundscapes("test_soundscapes")) == 6
    assert len(catalog.sample_row_ids()) == 72
    assert catalog.labels_path == calfrog32 / "train_soundscapes_labels.csv"
    assert all(one.metadata["group"] for one in catalog.recordings("train_audio"))
    assert not any(catalog.is_missing(one) for one in catalog.recordings("train_audio"))


@pytest.mark.real
def test_the_real_2025_taxonomy(shared: Path) -> None:
    catalog = Catalog.open(shared / "data" / "birdclef2025-meta")
    assert len(catalog.taxonomy) == 206
    assert catalog.taxonomy.labels[0] == "1139490"
    assert catalog.location() == (6.76, -74.21)
