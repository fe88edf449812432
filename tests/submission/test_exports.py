from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from birdscope.core.errors import DatasetError, UsageError
from birdscope.core.scores import ScoreRows
from birdscope.core.types import Species, Taxonomy
from birdscope.submission.detections import Detection, find_detections
from birdscope.submission.exports import RAVEN_COLUMNS, WRITERS, read_audacity, read_raven

CLASSES = ("grekis", "1139490")
TAXONOMY = Taxonomy(
    (Species("grekis", "Pitangus sulphuratus", "Great Kiskadee"), Species("1139490"))
)
ROWS = ScoreRows(
    row_ids=("a_5", "a_10", "a_15", "b_5"),
    recordings=("train_soundscapes/a.ogg", "train_soundscapes/b.ogg"),
    offsets=np.array([0, 3, 4]),
    start_s=np.array([0.0, 5.0, 10.0, 0.0]),
)
PROBABILITIES = np.array([[0.9, 0.1], [0.7, 0.6], [0.2, 0.8], [0.5, np.nan]])


def _found(join: bool = False) -> list[Detection]:
    return find_detections(PROBABILITIES, ROWS, CLASSES, 0.5, join=join)


def test_a_window_at_the_threshold_counts_and_nan_never_does() -> None:
    assert [(one.recording[-5:], one.start_s, one.label) for one in _found()] == [
        ("a.ogg", 0.0, "grekis"),
        ("a.ogg", 5.0, "grekis"),
        ("a.ogg", 5.0, "1139490"),
        ("a.ogg", 10.0, "1139490"),
        ("b.ogg", 0.0, "grekis"),
    ]


def test_joined_windows_keep_the_highest_score_and_stay_in_their_recording() -> None:
    joined = _found(join=True)
    assert [(one.label, one.start_s, one.end_s, one.score) for one in joined] == [
        ("grekis", 0.0, 10.0, 0.9),
        ("1139490", 5.0, 15.0, 0.8),
        ("grekis", 0.0, 5.0, 0.5),
    ]


def test_a_threshold_of_its_own_for_each_species() -> None:
    found = find_detections(PROBABILITIES, ROWS, CLASSES, {"grekis": 0.8})
    assert [(one.label, one.start_s) for one in found] == [("grekis", 0.0)]


def test_a_threshold_outside_zero_to_one_is_refused() -> None:
    with pytest.raises(UsageError, match=r"1\.5"):
        find_detections(PROBABILITIES, ROWS, CLASSES, 1.5)


def test_raven_tables_follow_the_formats_rules_and_come_back(tmp_path: Path) -> None:
    files = WRITERS["raven"](tmp_path, _found(), TAXONOMY)
    assert [file.name for file in files] == [
        "a.Table.1.selections.txt",
        "b.Table.1.selections.txt",
    ]
    table = pd.read_csv(files[0], sep="\t")
    assert tuple(table.columns) == RAVEN_COLUMNS
    assert list(table["Selection"]) == [1, 2, 3, 4]
    assert (table["End Time (s)"] > table["Begin Time (s)"]).all()
    assert (table["High Freq (Hz)"] > table["Low Freq (Hz)"]).all()
    assert table["Common Name"][0] == "Great Kiskadee"
    back = [one for file in files for one in read_raven(file)]
    assert sorted(back, key=repr) == sorted(_found(), key=repr)


def test_audacity_tracks_follow_the_formats_rules_and_come_back(tmp_path: Path) -> None:
    files = WRITERS["audacity"](tmp_path, _found(), TAXONOMY)
    for line in files[0].read_text().splitlines():
        start, end, text = line.split("\t")
        assert float(start) < float(end) and text
    back = read_audacity(files[0])
    assert [(one.start_s, one.label, one.score) for one in back] == sorted(
        (one.start_s, one.label, one.score) for one in _found()[:4]
    )


def test_frequency_lines_of_audacity_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "track.txt"
    path.write_text("0.0\t5.0\tgrekis\n\\\t1000.0\t4000.0\n")
    assert [one.label for one in read_audacity(path)] == ["grekis"]


@pytest.mark.parametrize("name", ["csv", "parquet"])
def test_tables_come_back(tmp_path: Path, name: str) -> None:
    (file,) = WRITERS[name](tmp_path, _found(), TAXONOMY)
    table = pd.read_csv(file, dtype={"label": str}) if name == "csv" else pd.read_parquet(file)
    assert list(table["label"]) == [one.label for one in _found()]
    assert list(table["score"]) == pytest.approx([one.score for one in _found()])


def test_equal_stems_of_different_folders_do_not_meet(tmp_path: Path) -> None:
    found = [Detection(f"train_audio/{label}/x.ogg", 0.0, 5.0, label, 0.5) for label in CLASSES]
    files = WRITERS["raven"](tmp_path, found, TAXONOMY)
    assert len(set(files)) == 2 and all(file.is_file() for file in files)


def test_damaged_tables_are_named_with_line_and_column(tmp_path: Path) -> None:
    table, track = tmp_path / "table.txt", tmp_path / "track.txt"
    table.write_text("Selection\tBegin Time (s)\n1\t0\n")
    track.write_text("0.0\t5.0\tok\nnonsense\n")
    with pytest.raises(DatasetError, match="Species Code"):
        read_raven(table)
    with pytest.raises(DatasetError, match="line 2"):
        read_audacity(track)
