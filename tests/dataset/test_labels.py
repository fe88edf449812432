from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from birdscope.core.errors import DatasetError
from birdscope.dataset.catalog import Catalog
from birdscope.dataset.labels import file_labels, read_labels
from tests.dataset.folders import row, write_csv, write_taxonomy, write_train

SPANS = ("filename", "start", "end", "primary_label")


def labels_of(path: Path, rows: list[list[str]], header: tuple[str, ...] = SPANS) -> dict[str, str]:
    """Row id → its labels, in classes a, b."""
    write_csv(path, header, rows)
    labels = read_labels(path, ("a", "b"))
    return {
        name: "".join(c for c, there in zip("ab", line, strict=True) if there)
        for name, line in zip(labels.row_ids, labels.values, strict=True)
    }


def test_the_2026_form(tmp_path: Path) -> None:
    rows = [
        ["x.ogg", "00:00:00", "00:00:05", "a;b"],
        ["x.ogg", "00:00:05", "00:00:10", ""],
        ["x.ogg", "00:01:00", "00:01:05", "b"],
        ["x.ogg", "00:01:00", "00:01:05", "a"],
    ]
    assert labels_of(tmp_path / "l.csv", rows) == {"x_5": "ab", "x_10": "", "x_65": "ab"}


def test_a_span_off_the_grid_labels_what_it_touches(tmp_path: Path) -> None:
    rows = [["x.ogg", "4.5", "10", "a"], ["y.ogg", "6", "7", "b"]]
    assert labels_of(tmp_path / "l.csv", rows) == {"x_5": "a", "x_10": "a", "y_10": "b"}


def test_the_window_form_and_the_wide_form_agree(tmp_path: Path) -> None:
    windows = [["x_y_5", "a; b"], ["x_y_10", ""]]
    wide = [["x_y_5", "1", "1.0"], ["x_y_10", "0", ""]]
    expected = {"x_y_5": "ab", "x_y_10": ""}
    assert labels_of(tmp_path / "l.csv", windows, ("row_id", "labels")) == expected
    assert labels_of(tmp_path / "w.csv", wide, ("row_id", "a", "b")) == expected


def test_unknown_labels_are_counted_not_dropped_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    write_csv(path, SPANS, [["x.ogg", "0", "5", "a;ghost"], ["x.ogg", "5", "10", "ghost"]])
    labels = read_labels(path, ("a", "b"))
    assert labels.unknown_labels == {"ghost": 2}
    assert labels.values.tolist() == [[True, False], [False, False]]
    assert labels.stems == ("x", "x")


@pytest.mark.parametrize(
    ("header", "cells", "words"),
    [
        (SPANS, ["x.ogg", "0", "five", "a"], "row 2: not a time"),
        (SPANS, ["x.ogg", "5", "5", "a"], "row 2: the end"),
        (SPANS, ["", "0", "5", "a"], "row 2: the file name is empty"),
        (("row_id", "labels"), ["x", "a"], "row 2: 'x' is no row id"),
        (("row_id", "a"), ["x_5", "yes"], "row 2: a cell is not a number"),
        (("file", "label"), ["x", "a"], "not a file of soundscape labels"),
    ],
)
def test_damage_names_the_row(
    tmp_path: Path, header: tuple[str, ...], cells: list[str], words: str
) -> None:
    write_csv(tmp_path / "l.csv", header, [cells])
    with pytest.raises(DatasetError, match=words):
        read_labels(tmp_path / "l.csv", ("a", "b"))


def test_labels_of_recordings(tmp_path: Path) -> None:
    write_taxonomy(tmp_path, ["a", "b"])
    rows = [row("a", "1", secondary_labels="['b', 'ghost', 'a']"), row("ghost", "2")]
    write_train(tmp_path, rows, sound=False)
    labels = file_labels(Catalog.open(tmp_path))
    assert labels.primary.tolist() == [[True, False], [False, False]]
    assert labels.secondary.tolist() == [[False, True], [False, False]]
    np.testing.assert_array_equal(labels.targets(0.5), np.array([[1, 0.5], [0, 0]], np.float32))


@pytest.mark.real
def test_both_real_label_files_say_the_same(calfrog32: Path) -> None:
    classes = Catalog.open(calfrog32).taxonomy.labels
    spans = read_labels(calfrog32 / "train_soundscapes_labels.csv", classes)
    windows = read_labels(calfrog32 / "train_soundscapes_window_labels.csv", classes)
    assert spans.row_ids == windows.row_ids
    np.testing.assert_array_equal(spans.values, windows.values)
    assert (len(spans), int(spans.values.sum())) == (240, 224)
