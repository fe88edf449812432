"""Which windows the labels know, for the queue of windows that cost ROC-AUC."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import ScoresError
from birdscope.engine.audition_scores import OpenScores, desk_of, settings_of
from birdscope.metrics.truth import Truth, read_truth
from birdscope.postprocess.stack import file_scores

if TYPE_CHECKING:
    from birdscope.engine.audition_messages import QueueWanted
    from birdscope.engine.study import Study


@dataclass(frozen=True)
class Labelled:
    """The scores with labels beside them.

    Attributes:
        score: float64 [R]; where files are labelled, a file's score stands at its best window.
        truth: int8 [R], 1 there, 0 not, -1 unknown.
        note: What is counted, in a sentence.
    """

    score: npt.NDArray[np.float64]
    truth: npt.NDArray[np.int8]
    note: str


def labelled_rows(
    study: Study, opened: OpenScores, wanted: QueueWanted, score: npt.NDArray[np.float64]
) -> Labelled:
    """Labels of windows, or of whole recordings of train_audio.

    Raises:
        ScoresError: there are no labels.
        DatasetError: they can't be read.
    """
    path = wanted.labels or _own_labels(study, opened, wanted.source.dataset)
    truth = _read(study, path, opened.scores.classes)
    column = truth.values[:, truth.classes.index(wanted.label)]
    if truth.unit == "file":
        return _of_files(opened, wanted, truth, column, score)
    known = np.full(len(score), -1, dtype=np.int8)
    row_index = opened.scores.rows.row_index
    for name, value in zip(truth.row_ids, column.tolist(), strict=True):
        row = row_index.get(name)
        if row is not None:
            known[row] = value
    counted = int((known >= 0).sum())
    return Labelled(score, known, f"against the {counted:,} labelled windows of {path.name}")


def _own_labels(study: Study, opened: OpenScores, dataset: Path) -> Path:
    """The dataset's own labels of what was scored."""
    first = next(iter(opened.scores.rows.recordings), "")
    if first.startswith("train_audio/"):
        path: Path | None = dataset / "train.csv"
    else:
        path = desk_of(study).catalog(dataset).labels_path
    if path is None or not path.is_file():
        raise ScoresError(
            "this dataset has no labels of soundscapes: nothing is known to cost ROC-AUC",
            path=dataset,
            remedy="choose another queue, or open one from a class in Tune",
        )
    return path


def _read(study: Study, path: Path, classes: tuple[str, ...]) -> Truth:
    """The labels, read again only where the file has changed."""
    stat = path.stat()
    key = (path, stat.st_mtime_ns, stat.st_size, classes)
    kept = study.kept.get("audition labels")
    if kept is None or kept[0] != key:
        kept = study.kept["audition labels"] = (key, read_truth(path, classes))
    truth: Truth = kept[1]
    return truth


def _of_files(
    opened: OpenScores,
    wanted: QueueWanted,
    truth: Truth,
    column: npt.NDArray[np.bool_],
    score: npt.NDArray[np.float64],
) -> Labelled:
    """Each labelled file stands at its best window, with the pooled score of the file."""
    rows = opened.scores.rows
    pooling = settings_of(opened, wanted.source).file_pooling
    pooled = file_scores(score[:, None], rows.offsets, pooling)[:, 0]
    at_best, known = score.copy(), np.full(len(score), -1, dtype=np.int8)
    for key, value in zip(truth.row_ids, column.tolist(), strict=True):
        number = rows.position.get(key)
        if number is None or np.isnan(pooled[number]):
            continue
        span = rows.span(key)
        best = span.start + int(np.nanargmax(score[span]))
        at_best[best], known[best] = pooled[number], value
    counted = int((known >= 0).sum())
    note = f"against the {counted:,} labelled recordings, each shown at its best window"
    return Labelled(at_best, known, note)
