"""The labels that settings can be tuned against, each with what is counted in it.

Comes in: a file of labels, a training run with out-of-fold predictions, or verdicts. Goes out:
a `TuneTruth`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import DatasetError, ScoresError
from birdscope.dataset.labels import FileLabels
from birdscope.dataset.tables import read_table
from birdscope.metrics.truth import Truth, read_truth
from birdscope.metrics.tune_folds import recording_folds
from birdscope.metrics.tune_truth import NO_FOLD, POSITIVE, TuneTruth
from birdscope.metrics.verdict_truth import Drawn, verdict_truth

__all__ = [
    "FOLDS",
    "Drawn",
    "file_truth",
    "out_of_fold_folder",
    "out_of_fold_truth",
    "read_fold_table",
    "soundscape_truth",
    "verdict_truth",
]

FOLDS = 5
_SHOWN = 5


def soundscape_truth(
    path: Path, classes: Sequence[str], *, folds: int = FOLDS, seed: int = 0
) -> TuneTruth:
    """Labels of soundscapes, such as train_soundscapes_labels.csv: every window, all classes.

    Args:
        path: In any form that `dataset.labels.read_labels` takes.
        classes: The scores' classes.
        folds: Of recordings, dealt out so that each class's positives spread over them.
        seed: Of the folds.

    Raises:
        DatasetError: if the file is no table of labels, or a cell is wrong.
        ScoresError: if it labels whole files, or nothing.
    """
    truth = file_truth(path, classes, folds=folds, seed=seed)
    if truth.unit != "window":
        raise ScoresError(
            "has labels of whole files, not of soundscapes",
            path=path,
            remedy="give train_soundscapes_labels.csv, or tune against out-of-fold predictions",
        )
    return truth


def file_truth(
    path: Path, classes: Sequence[str], *, folds: int = FOLDS, seed: int = 0
) -> TuneTruth:
    """Any file of labels: of windows, or (a train.csv) of whole recordings.

    Raises:
        DatasetError: if the file is no table of labels, or a cell is wrong.
        ScoresError: if it labels nothing.
    """
    truth = read_truth(path, classes)
    if not truth.row_ids:
        raise ScoresError("labels no window", path=path, remedy="add labelled rows")
    values = truth.values.astype(np.int8)
    names = _recording_names(truth)
    number = np.unique(np.array(names, dtype=object), return_inverse=True)[1]
    of_rows = recording_folds(values, number.astype(np.int64), folds, seed)
    recordings = int(number.max()) + 1
    counted = _windows_counted if truth.unit == "window" else _files_counted
    return TuneTruth(
        truth.classes,
        truth.row_ids,
        truth.unit,
        values,
        None,
        of_rows,
        "soundscape labels" if truth.unit == "window" else "file labels",
        (
            *counted(len(values), recordings),
            *_common(values, truth.unknown_labels),
            *_folds_counted(of_rows),
        ),
    )


def out_of_fold_folder(path: Path) -> Path:
    """The folder of a training run's out-of-fold scores: given itself, or the run's."""
    inner = Path(path) / "out_of_fold"
    return inner if inner.is_dir() else Path(path)


def read_fold_table(folder: Path) -> dict[str, int]:
    """Recording key → the fold that held it out, of the out-of-fold scores in a folder.

    Raises:
        DatasetError: if the table is missing or a cell is wrong.
    """
    table = read_table(Path(folder) / "folds.csv")
    key, fold = table.column("recording"), table.column("fold")
    try:
        return {row[key]: int(row[fold]) for row in table.rows}
    except ValueError as error:
        raise DatasetError(
            f"a fold is not a whole number: {error}",
            path=table.path,
            remedy="resume the training run, which writes it",
        ) from None


def out_of_fold_truth(labels: FileLabels, fold_of: Mapping[str, int]) -> TuneTruth:
    """Labels of train_audio for predictions that each came from models which did not see them.

    Args:
        labels: Of train_audio, in the scores' classes (`dataset.labels.file_labels`).
        fold_of: Recording key → the fold that held it out; those in none are left out.

    Raises:
        ScoresError: if no labelled recording was held out.
    """
    folds = np.array([fold_of.get(key, NO_FOLD) for key in labels.keys], dtype=np.int64)
    kept = np.flatnonzero(folds != NO_FOLD)
    if not len(kept):
        raise ScoresError(
            "no labelled recording was held out by this run",
            remedy="train with folds, on the dataset that --data names",
        )
    values = (labels.primary | labels.secondary)[kept].astype(np.int8)
    never = len(labels.keys) - len(kept)
    left_out = f"{never:,} recordings were in every fold's training, or in none: not scored"
    return TuneTruth(
        labels.classes,
        tuple(labels.keys[row] for row in kept),
        "file",
        values,
        None,
        folds[kept],
        "out of fold",
        (
            *_files_counted(len(kept), len(kept)),
            "each recording's scores are of the models that did not train on it",
            *_common(values, {}),
            f"{len(np.unique(folds[kept]))} folds: the training run's own",
            *([left_out] if never else []),
        ),
    )


def _recording_names(truth: Truth) -> Sequence[str]:
    if truth.unit == "file":
        return truth.row_ids
    return [name.rpartition("_")[0] for name in truth.row_ids]


def _windows_counted(rows: int, recordings: int) -> tuple[str, ...]:
    return (
        f"a row is a labelled 5 s window: {rows:,} windows of {recordings:,} soundscapes",
        "a class named in a row is a positive, every other class of that row a negative; an "
        "empty label is a negative for all",
        "a window without a row is unknown: it takes part in smoothing, but is not scored",
    )


def _files_counted(_: int, recordings: int) -> tuple[str, ...]:
    return (
        f"a row is a whole recording: {recordings:,}, windows pooled as the settings say",
        "primary and secondary labels are positives, every other class a negative (a species "
        "in the background that nobody wrote down counts as absent)",
    )


def _common(values: npt.NDArray[np.int8], unknown: Mapping[str, int]) -> tuple[str, ...]:
    """How many classes there is something to score of; labels that are no class."""
    positive = values == POSITIVE
    scored = int((positive.any(axis=0) & ~positive.all(axis=0)).sum())
    sentences = [
        f"{scored} of {values.shape[1]} classes have a positive and a negative row; macro "
        "ROC-AUC is the mean over those"
    ]
    if unknown:
        names = sorted(unknown)
        more = ", …" if len(names) > _SHOWN else ""
        are = "label is no class and counts" if len(names) == 1 else "labels are no class and count"
        listed = ", ".join(names[:_SHOWN])
        sentences.append(f"{len(names)} {are} for nobody: {listed}{more}")
    return tuple(sentences)


def _folds_counted(folds: npt.NDArray[np.int64] | None) -> tuple[str, ...]:
    if folds is None:
        return ("there are no folds: they need two recordings or more",)
    count = len(np.unique(folds))
    return (
        f"{count} folds of whole recordings, each class's positives spread over them as evenly "
        "as that allows",
    )
