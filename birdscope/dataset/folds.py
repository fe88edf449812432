"""Divide recordings into folds without letting one source sit on both sides."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from birdscope.core.errors import DatasetError
from birdscope.core.types import Recording

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Group = str | Callable[[Recording], str]
EVERYWHERE = -1
"""The fold of recordings that every fold trains on and none is scored on."""


def assign_folds(
    recordings: Sequence[Recording], n_folds: int, seed: int = 0, group: Group = "author"
) -> npt.NDArray[np.int64]:
    """Folds stratified by primary label; recordings of one group stay together.

    A class whose recordings all belong to one group would be unknown to the fold that holds
    it out, so they get EVERYWHERE: trained on in each fold, scored in none. (Their group's
    recordings of other classes do have a fold.)

    Args:
        recordings: N recordings of train_audio.
        n_folds: 2 or more.
        seed: Of the shuffle.
        group: "author", a column of train.csv (or "group", where PROVENANCE.csv gives it), or
            a function. An empty group makes a recording its own group.

    Returns:
        int64 [N]: 0 to n_folds - 1, or EVERYWHERE.

    Raises:
        DatasetError: if there are fewer groups than folds, if no class has a recording for
            each fold, or if there is no such column.
    """
    import numpy as np

    if n_folds < 2:
        raise DatasetError(f"{n_folds} folds are not enough", remedy="use 2 folds or more")
    groups = group_names(recordings, group)
    labels = [one.primary_label for one in recordings]
    lonely = _one_group_labels(labels, groups)
    kept = np.array([n for n, label in enumerate(labels) if label not in lonely], np.int64)
    _check_enough([labels[n] for n in kept], {groups[n] for n in kept}, n_folds)
    folds = np.full(len(labels), EVERYWHERE, np.int64)
    folds[kept] = _stratified([labels[n] for n in kept], [groups[n] for n in kept], n_folds, seed)
    return folds


def _check_enough(labels: Sequence[str], groups: set[str], n_folds: int) -> None:
    """Refuse what StratifiedGroupKFold can't divide."""
    if len(groups) < n_folds:
        raise DatasetError(
            f"{n_folds} folds need as many groups, but there are {len(groups)}",
            remedy="use fewer folds, or group by another column",
        )
    largest = max(Counter(labels).values())
    if largest < n_folds:
        raise DatasetError(
            f"{n_folds} folds are too many: no class has more than {largest} recordings",
            remedy=f"use {largest} folds or fewer" if largest > 1 else "add recordings",
        )


def group_names(recordings: Sequence[Recording], group: Group = "author") -> list[str]:
    """The group of each recording; one without a group is its own.

    Raises:
        DatasetError: if no recording has such a column.
    """
    if callable(group):
        found = [group(one) for one in recordings]
    elif group == "author":
        found = [one.author for one in recordings]
    else:
        if recordings and not any(group in one.metadata for one in recordings):
            columns = ", ".join(recordings[0].metadata)
            raise DatasetError(
                f"there is no column {group!r} to group folds by", remedy=f"use one of {columns}"
            )
        found = [one.metadata.get(group, "") for one in recordings]
    return [name or one.key for name, one in zip(found, recordings, strict=True)]


@dataclass(frozen=True)
class FoldReport:
    """Which class reaches which fold.

    Attributes:
        counts: Label → recordings in each fold.
        absent: Label → folds in which it has no recording and so no score; only labels that
            lack some fold.
        trained_everywhere: Labels whose recordings are in every fold's training set.
    """

    counts: Mapping[str, tuple[int, ...]]
    absent: Mapping[str, tuple[int, ...]]
    trained_everywhere: tuple[str, ...]

    def lines(self) -> list[str]:
        """The report for people; empty where every class reaches every fold."""
        text = []
        if self.trained_everywhere:
            names = ", ".join(self.trained_everywhere)
            text.append(f"one group only, trained in every fold and never scored: {names}")
        for label, folds in self.absent.items():
            text.append(f"{label} has no recording in fold {', '.join(map(str, folds))}")
        return text


def report_folds(
    recordings: Sequence[Recording], folds: Sequence[int] | npt.NDArray[np.int64], n_folds: int
) -> FoldReport:
    """Count the recordings of each class in each fold."""
    counts: dict[str, list[int]] = {}
    everywhere: dict[str, None] = {}
    for one, fold in zip(recordings, folds, strict=True):
        row = counts.setdefault(one.primary_label, [0] * n_folds)
        if fold == EVERYWHERE:
            everywhere[one.primary_label] = None
        else:
            row[int(fold)] += 1
    absent = {
        label: tuple(fold for fold, count in enumerate(row) if count == 0)
        for label, row in sorted(counts.items())
        if label not in everywhere and 0 in row
    }
    totals = {label: tuple(row) for label, row in sorted(counts.items())}
    return FoldReport(totals, absent, tuple(sorted(everywhere)))


def _one_group_labels(labels: Sequence[str], groups: Sequence[str]) -> set[str]:
    seen: dict[str, set[str]] = {}
    for label, name in zip(labels, groups, strict=True):
        seen.setdefault(label, set()).add(name)
    return {label for label, names in seen.items() if len(names) == 1}


def _stratified(
    labels: Sequence[str], groups: Sequence[str], n_folds: int, seed: int
) -> npt.NDArray[np.int64]:
    import numpy as np
    from sklearn.model_selection import StratifiedGroupKFold

    _, strata = np.unique(labels, return_inverse=True)
    _, clusters = np.unique(groups, return_inverse=True)
    folds = np.zeros(len(labels), np.int64)
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # FoldReport says, class by class, what sklearn warns of in general.
        warnings.simplefilter("ignore", UserWarning)
        for fold, (_, held_out) in enumerate(splitter.split(strata, strata, clusters)):
            folds[held_out] = fold
    return folds
