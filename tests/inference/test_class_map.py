from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from birdscope.core.errors import CheckpointError
from birdscope.inference.class_map import map_classes

FILE = Path("sed0.pth")
OUTPUTS = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], np.float32)


def test_known_classes_are_mapped_by_name_and_absent_ones_get_zero() -> None:
    found = map_classes(FILE, 3, ("a", "b", "c"), ("c", "x", "a", "y"))
    assert found.known == 2
    wanted = np.array([[0.3, 0, 0.1, 0], [0.6, 0, 0.4, 0]], np.float32)
    assert np.array_equal(found.apply(OUTPUTS), wanted)


def test_unknown_lists_follow_the_dataset_when_the_counts_agree() -> None:
    assert np.array_equal(map_classes(FILE, 3, None, ("p", "q", "r")).apply(OUTPUTS), OUTPUTS)


@pytest.mark.parametrize(
    ("known", "dataset", "what", "remedy"),
    [
        (None, ("p", "q"), "3 classes and the dataset 2", 'classes = "classes.txt"'),
        (("a", "b"), ("a", "b"), "its class list names 2", "trained with"),
        (("a", "b", "c"), ("x", "y"), "none of the dataset's classes", "trained for this"),
    ],
)
def test_what_cannot_be_mapped_is_refused(
    known: tuple[str, ...] | None, dataset: tuple[str, ...], what: str, remedy: str
) -> None:
    with pytest.raises(CheckpointError) as caught:
        map_classes(FILE, 3, known, dataset)
    assert what in caught.value.what
    assert remedy in str(caught.value.remedy)
    assert caught.value.path == FILE
