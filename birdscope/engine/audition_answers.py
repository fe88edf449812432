"""How the study lane answers Audition's questions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from birdscope.core.verdicts import Verdict
from birdscope.core.windows import WINDOW_S
from birdscope.dataset.times import recorded_at
from birdscope.engine.audition_clips import queue_of_clips
from birdscope.engine.audition_labels import labelled_rows
from birdscope.engine.audition_messages import (
    JudgeSummary,
    JudgeWanted,
    QueueFound,
    QueueItem,
    QueueWanted,
)
from birdscope.engine.audition_scores import OpenScores, desk_of, settings_of
from birdscope.metrics.columns import Column
from birdscope.metrics.queues import Candidates, Queue, build_queue
from birdscope.session.verdicts import VERDICTS_FILE, Verdicts

if TYPE_CHECKING:
    from birdscope.engine.study import Study

_NOTHING = "no recording has scores of this ensemble yet"
_REMEDY = "predict: R on Submit for all soundscapes, r on Scope for one"


def answer_queue(study: Study, wanted: QueueWanted) -> QueueFound:
    """The windows to listen to.

    Raises:
        BirdscopeError: scores, dataset or verdicts can't be read, or don't know the species.
    """
    if wanted.kind == "clips":
        return queue_of_clips(study, wanted, _verdicts(study, wanted))
    opened = desk_of(study).open(wanted.source)
    if opened is None or not opened.recordings:
        total = opened.of_recordings if opened is not None else 0
        return QueueFound((), 0, 0, 0, total, problem=f"{_NOTHING}\n  → {_REMEDY}")
    column = opened.columns.column(wanted.label, settings_of(opened, wanted.source))
    candidates, notes = _candidates(study, wanted, opened, column)
    queue = _drawn(wanted, candidates)
    return _found(wanted, opened, column, candidates, queue, notes)


def answer_judge(study: Study, wanted: JudgeWanted) -> JudgeSummary:
    """What the verdicts about a species say.

    Raises:
        BirdscopeError: as `answer_queue`.
    """
    from birdscope.engine.audition_summary import summarise

    verdicts = _verdicts(study, wanted)
    opened = desk_of(study).open(wanted.source)
    if opened is None or wanted.label not in opened.scores.classes:
        return summarise(wanted, verdicts, None, None)
    column = opened.columns.column(wanted.label, settings_of(opened, wanted.source))
    return summarise(wanted, verdicts, opened, column)


HANDLERS: dict[type, Callable[[Study, Any], object]] = {
    QueueWanted: answer_queue,
    JudgeWanted: answer_judge,
}


def _verdicts(study: Study, wanted: QueueWanted | JudgeWanted) -> list[Verdict]:
    """Those about the species that count, by the wanted annotator."""
    folder = wanted.source.session
    found = _open_verdicts(study, folder).of(wanted.label)
    return [one for one in found if wanted.annotator in ("", one.annotator)]


def _open_verdicts(study: Study, folder: Path) -> Verdicts:
    """Open for reading, once for each file: one that was set aside has another inode."""
    path = folder / VERDICTS_FILE
    inode = path.stat().st_ino if path.exists() else 0
    kept = study.kept.get("verdicts")
    if kept is None or kept[:2] != (path, inode):
        if kept is not None:
            kept[2].close()
        kept = study.kept["verdicts"] = (path, inode, Verdicts.open(folder, read_only=True))
    verdicts: Verdicts = kept[2]
    return verdicts


def _candidates(
    study: Study, wanted: QueueWanted, opened: OpenScores, column: Column
) -> tuple[Candidates, list[str]]:
    """The species' windows, and what should be known of them."""
    notes: list[str] = []
    if opened.recordings < opened.of_recordings:
        notes.append(
            f"{opened.recordings:,} of {opened.of_recordings:,} recordings have scores so far"
        )
    members = np.stack(list(column.members.values()))
    if wanted.kind == "disagreement" and len(members) < 2:
        members = column.checkpoints
        notes.append("one member only: its checkpoints are compared")
    score, truth = column.final, None
    if wanted.kind == "auc_loss":
        labelled = labelled_rows(study, opened, wanted, score)
        score, truth = labelled.score, labelled.truth
        notes.append(labelled.note)
    judged = _judged(wanted, opened, _verdicts(study, wanted))
    return Candidates(score, members, _allowed(wanted, opened), judged, truth), notes


def _judged(
    wanted: QueueWanted, opened: OpenScores, verdicts: list[Verdict]
) -> npt.NDArray[np.bool_]:
    """Which rows to leave out, bool [R].

    What another queue showed stays in a sample drawn by chance: without it the sample would
    be of the windows that nobody found interesting.
    """
    judged = np.zeros(len(opened.scores.rows), dtype=np.bool_)
    if not wanted.skip_judged:
        return judged
    for one in verdicts:
        row = opened.row_of(one.recording, one.index)
        if row is not None and (wanted.kind != "stratified" or one.queue == "stratified"):
            judged[row] = True
    return judged


def _allowed(wanted: QueueWanted, opened: OpenScores) -> npt.NDArray[np.bool_]:
    """Which rows pass the filters by recording and hour, bool [R]."""
    allowed = np.ones(len(opened.scores.rows.recordings), dtype=np.bool_)
    if wanted.recording.strip():
        text = wanted.recording.strip().casefold()
        allowed &= np.array([text in key for key in opened.folded_keys], dtype=np.bool_)
    if wanted.hours is not None:
        first, end = wanted.hours
        after, before = opened.hours >= first, opened.hours < end
        inside = after & before if first <= end else after | before
        allowed &= inside & (opened.hours >= 0)
    return allowed[opened.columns.recording_of_row]


def _drawn(wanted: QueueWanted, candidates: Candidates) -> Queue:
    """The queue; a sample that is judged to the end is drawn on in batches of the limit.

    The same seed with a higher limit draws the same windows and more.
    """
    batches = 1
    if wanted.kind == "stratified":
        batches += int(candidates.judged.sum()) // wanted.limit
    return build_queue(
        wanted.kind,
        candidates,
        limit=wanted.limit * batches,
        threshold=wanted.threshold,
        seed=wanted.seed,
    )


def _found(
    wanted: QueueWanted,
    opened: OpenScores,
    column: Column,
    candidates: Candidates,
    queue: Queue,
    notes: list[str],
) -> QueueFound:
    if queue.probability is not None:
        notes.append("drawn by chance from every level of the score: figures from it are fair")
    return QueueFound(
        items=tuple(
            _item(wanted, opened, column, candidates, queue, place)
            for place in range(min(len(queue.rows), wanted.limit))
        ),
        total=queue.total,
        judged=queue.judged,
        recordings=opened.recordings,
        of_recordings=opened.of_recordings,
        source=opened.source,
        ensemble=opened.ensemble,
        note="; ".join(notes),
        problem="" if len(queue.rows) else _why_empty(wanted, candidates, queue),
    )


def _item(
    wanted: QueueWanted,
    opened: OpenScores,
    column: Column,
    candidates: Candidates,
    queue: Queue,
    place: int,
) -> QueueItem:
    row = int(queue.rows[place])
    rows = opened.scores.rows
    number = int(opened.columns.recording_of_row[row])
    key, index = rows.recordings[number], row - int(rows.offsets[number])
    began = recorded_at(key)
    truth = candidates.truth[row] if candidates.truth is not None else -1
    return QueueItem(
        recording=key,
        path=wanted.source.dataset / key,
        index=index,
        start_s=index * float(WINDOW_S),
        end_s=(index + 1) * float(WINDOW_S),
        score=float(candidates.score[row]),
        members={name: float(values[row]) for name, values in column.members.items()},
        sampling_probability=_number(queue.probability, place),
        cost=_number(queue.cost, place),
        spread=_spread(candidates, row) if wanted.kind == "disagreement" else None,
        hour=None if began is None else began.hour,
        truth=None if truth < 0 else bool(truth),
    )


def _spread(candidates: Candidates, row: int) -> float:
    opinions = candidates.members[:, row]
    return float(np.nanmax(opinions) - np.nanmin(opinions))


def _number(values: npt.NDArray[np.float64] | None, place: int) -> float | None:
    return None if values is None else float(values[place])


def _why_empty(wanted: QueueWanted, candidates: Candidates, queue: Queue) -> str:
    if queue.judged:
        return "every window that would be here is judged\n  → choose another queue or species"
    if not candidates.allowed.any():
        return "no recording passes the filters\n  → widen the filter by recording or by hour"
    if wanted.kind == "auc_loss":
        return "no labelled window costs this species any ROC-AUC"
    return f"no window that passes the filters has a score\n  → {_REMEDY}"
