"""Which file of labels is which, and what a train.csv says of whole recordings."""

import numpy as np
import pytest

from birdscope.core.errors import DatasetError
from birdscope.metrics.truth import read_truth

CLASSES = ("b", "a")


def test_a_train_csv_labels_whole_recordings(tmp_path):
    path = tmp_path / "train.csv"
    path.write_text(
        "primary_label,secondary_labels,filename\n"
        "a,\"['b', 'q']\",a/1.ogg\n"
        "b,[''],b/2.ogg\n"
        "q,[],q/3.ogg\n"
    )
    truth = read_truth(path, CLASSES)
    assert truth.unit == "file" and truth.unknown_labels == {"q": 2}
    assert truth.row_ids == tuple(f"train_audio/{n}.ogg" for n in ("a/1", "b/2", "q/3"))
    np.testing.assert_array_equal(truth.values, [[1, 1], [1, 0], [0, 0]])


def test_rows_of_the_same_file_are_joined(tmp_path):
    path = tmp_path / "train.csv"
    path.write_text("primary_label,filename\na,x/1.ogg\nb,x/1.ogg\n")
    truth = read_truth(path, CLASSES)
    assert len(truth.row_ids) == 1 and truth.values.all()


def test_labels_of_soundscapes_label_windows(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("filename,start,end,primary_label\ns.ogg,00:00:00,00:00:05,a;z\n")
    truth = read_truth(path, CLASSES)
    assert (truth.unit, truth.row_ids) == ("window", ("s_5",))
    np.testing.assert_array_equal(truth.values, [[False, True]])
    assert truth.unknown_labels == {"z": 1}


def test_another_table_is_refused(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("some,thing\n1,2\n")
    with pytest.raises(DatasetError, match="not a file of soundscape labels"):
        read_truth(path, CLASSES)
