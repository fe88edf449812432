"""Folds over labelled recordings: the windows of one recording are never divided."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from birdscope.metrics.tune_truth import NO_FOLD, POSITIVE


def recording_folds(
    values: npt.NDArray[np.int8],
    recording_of_row: npt.NDArray[np.int64],
    folds: int,
    seed: int = 0,
) -> npt.NDArray[np.int64] | None:
    """Divide recordings into folds so that each class's positives spread over them.

    Iterative stratification (Sechidis et al. 2011) over recordings: the class that fewest
    recordings have is dealt out first, each of its recordings to the fold that has fewest of
    that class, of equal ones to the smallest fold. Recordings without a positive fill up.

    Args:
        values: int8 [R, C] as in `TuneTruth`.
        recording_of_row: Number of each row's recording from 0, [R].
        folds: How many; as many as there are recordings at most.
        seed: Decides between equals, so that it is no accident of file names.

    Returns:
        int64 [R]; None where there are fewer than two recordings or folds.
    """
    recordings = int(recording_of_row.max()) + 1 if len(recording_of_row) else 0
    count = min(folds, recordings)
    if count < 2:
        return None
    heard = np.zeros((recordings, values.shape[1]), dtype=bool)
    rows, columns = np.nonzero(values == POSITIVE)
    heard[recording_of_row[rows], columns] = True
    fold_of = _deal(heard, count, np.random.default_rng(seed))
    of_rows: npt.NDArray[np.int64] = fold_of[recording_of_row]
    return of_rows


def _deal(
    heard: npt.NDArray[np.bool_], folds: int, generator: np.random.Generator
) -> npt.NDArray[np.int64]:
    """The fold of each recording, int64 [N], from which classes it has, bool [N, C]."""
    fold_of = np.full(len(heard), NO_FOLD, dtype=np.int64)
    with_class = np.zeros((folds, heard.shape[1]), dtype=np.int64)
    size = np.zeros(folds, dtype=np.int64)
    order = generator.permutation(len(heard))

    def put(recording: int, wanted: npt.NDArray[np.int64]) -> None:
        fold = int(np.lexsort((size, wanted))[0])
        fold_of[recording] = fold
        with_class[fold] += heard[recording]
        size[fold] += 1

    left = heard.copy()
    while left.any():
        counts = left.sum(axis=0)
        rarest = int(np.argmin(np.where(counts > 0, counts, np.iinfo(np.int64).max)))
        for recording in order[left[order, rarest]]:
            put(int(recording), with_class[:, rarest])
            left[recording] = False
    for recording in order[fold_of[order] == NO_FOLD]:
        put(int(recording), size)
    return fold_of
