"""The queue of a species' own training clips, to be heard one by one.

With fewer than 30 clips a wrong one does harm, and listening to all takes minutes (the 5th
place of BirdCLEF+ 2025 did so for its rare classes).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from birdscope.core.types import Recording
from birdscope.core.verdicts import Verdict
from birdscope.core.windows import WINDOW_S
from birdscope.engine.audition_messages import QueueFound, QueueItem, QueueWanted
from birdscope.engine.audition_scores import OpenScores, desk_of, settings_of

if TYPE_CHECKING:
    from birdscope.engine.study import Study
    from birdscope.metrics.columns import Column


def queue_of_clips(study: Study, wanted: QueueWanted, verdicts: list[Verdict]) -> QueueFound:
    """One window of each clip of the species.

    With scores of train_audio: the clip's best window, the least sure clip first. Without: its
    first window, the best rated clip first.

    Raises:
        BirdscopeError: dataset or scores can't be read.
    """
    catalog = desk_of(study).catalog(wanted.source.dataset)
    clips = sorted(catalog.recordings_of(wanted.label), key=lambda one: -one.rating)
    text = wanted.recording.strip().casefold()
    passing = [one for one in clips if text in one.key.casefold()]
    heard = {one.recording for one in verdicts} if wanted.skip_judged else set()
    open_clips = [one for one in passing if one.key not in heard]
    opened, column = _scored(study, wanted)
    items = [_item(one, opened, column) for one in open_clips]
    if opened is not None:
        items.sort(key=lambda one: (np.isnan(one.score), one.score))
    scored = sum(not np.isnan(one.score) for one in items)
    return QueueFound(
        items=tuple(items[: wanted.limit]),
        total=len(items),
        judged=len(passing) - len(open_clips),
        recordings=len(clips),
        of_recordings=len(clips),
        source="train_audio",
        ensemble=opened.ensemble if opened is not None else "",
        note=(
            "each clip at its best window, the least sure clip first"
            if scored
            else "each clip from its beginning, the best rated first: train_audio has no scores"
        ),
        problem="" if items else _why_empty(wanted, clips),
    )


def _scored(study: Study, wanted: QueueWanted) -> tuple[OpenScores | None, Column | None]:
    """The scores of train_audio, where there are any that know the species."""
    opened = desk_of(study).open(wanted.source, clips=True)
    if opened is None or wanted.label not in opened.scores.classes:
        return None, None
    return opened, opened.columns.column(wanted.label, settings_of(opened, wanted.source))


def _item(clip: Recording, opened: OpenScores | None, column: Column | None) -> QueueItem:
    index, score, members = 0, float("nan"), {}
    if opened is not None and column is not None and clip.key in opened.scores.rows.position:
        span = opened.scores.rows.span(clip.key)
        values = column.final[span]
        if not np.isnan(values).all():
            index = int(np.nanargmax(values))
            score = float(values[index])
            members = {name: float(one[span][index]) for name, one in column.members.items()}
    start_s = index * float(WINDOW_S)
    return QueueItem(clip.key, clip.path, index, start_s, start_s + WINDOW_S, score, members)


def _why_empty(wanted: QueueWanted, clips: list[Recording]) -> str:
    if not clips:
        return f"train_audio has no clip of {wanted.label}"
    return "every clip of this species is judged, or none passes the filter"
