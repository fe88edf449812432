from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from birdscope.core.errors import DatasetError
from birdscope.core.types import Recording
from birdscope.dataset.catalog import Catalog
from birdscope.dataset.folds import EVERYWHERE, assign_folds, report_folds


def recording(number: int, label: str, author: str, **metadata: str) -> Recording:
    key = f"train_audio/{label}/{number}.ogg"
    return Recording(
        key, Path(key), "train_audio", primary_label=label, author=author, metadata=metadata
    )


def many() -> list[Recording]:
    """Sixty recordings of two species by ten authors, each author has both."""
    return [recording(n, "ab"[n % 2], f"author {n // 2 % 10}", group=str(n)) for n in range(60)]


def test_a_group_never_sits_on_both_sides() -> None:
    recordings = many()
    folds = assign_folds(recordings, 5)
    by_author: dict[str, set[int]] = {}
    for one, fold in zip(recordings, folds, strict=True):
        by_author.setdefault(one.author, set()).add(int(fold))
    assert all(len(found) == 1 for found in by_author.values())
    assert np.bincount(folds).tolist() == [12] * 5


def test_the_seed_decides_alone() -> None:
    recordings = many()
    first = assign_folds(recordings, 5, seed=1)
    np.testing.assert_array_equal(first, assign_folds(recordings, 5, seed=1))
    assert (first != assign_folds(recordings, 5, seed=2)).any()


def test_any_column_or_function_groups() -> None:
    recordings = many()
    assert sorted(np.bincount(assign_folds(recordings, 30, group="group"))) == [2] * 30
    by_rest = assign_folds(recordings, 3, group=lambda one: str(int(one.stem) % 3))
    assert {tuple(set(by_rest[n::3].tolist())) for n in range(3)} == {(0,), (1,), (2,)}
    with pytest.raises(DatasetError, match="no column 'nothing'"):
        assign_folds(recordings, 5, group="nothing")


def test_no_author_is_no_common_group() -> None:
    recordings = [recording(n, "a", "") for n in range(6)]
    assert sorted(np.bincount(assign_folds(recordings, 3))) == [2, 2, 2]


def test_a_class_of_one_group_is_trained_everywhere() -> None:
    rare = [recording(100 + n, "rare", "author 3") for n in range(3)]
    recordings = many() + rare
    folds = assign_folds(recordings, 5)
    assert folds[60:].tolist() == [EVERYWHERE] * 3
    assert (folds[:60] >= 0).all()
    report = report_folds(recordings, folds, 5)
    assert report.trained_everywhere == ("rare",)
    assert report.counts["a"] == (6, 6, 6, 6, 6)
    assert report.absent == {}
    assert "rare" in report.lines()[0]


def test_the_report_names_folds_a_class_does_not_reach() -> None:
    recordings = [*many(), recording(100, "two", "author 1"), recording(101, "two", "author 2")]
    folds = assign_folds(recordings, 5)
    report = report_folds(recordings, folds, 5)
    reached = {int(fold) for fold in folds[60:]}
    assert set(report.absent) == {"two"}
    assert set(report.absent["two"]) == set(range(5)) - reached


def test_too_few_groups_are_refused() -> None:
    recordings = [recording(n, "a", f"author {n % 2}") for n in range(8)]
    with pytest.raises(DatasetError, match="3 folds need as many groups, but there are 2"):
        assign_folds(recordings, 3)
    with pytest.raises(DatasetError, match="no class has more than 2"):
        assign_folds([recording(n, str(n // 2), str(n)) for n in range(8)], 3)
    with pytest.raises(DatasetError, match="not enough"):
        assign_folds(recordings, 1)


@pytest.mark.real
def test_pieces_of_a_real_recording_stay_together(calfrog32: Path) -> None:
    recordings = Catalog.open(calfrog32).recordings("train_audio")
    folds = assign_folds(recordings, 5, group="group")
    fold_of: dict[str, int] = {}
    for one, fold in zip(recordings, folds, strict=True):
        assert fold_of.setdefault(one.metadata["group"], int(fold)) == fold
    assert (folds >= 0).all()
