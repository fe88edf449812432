"""What the session keeps of a recording's scores: Scope's own windows, and those of jobs."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np

from birdscope.core.errors import ScoresError
from birdscope.engine.messages import Recall, Recalled


def recall(question: Recall) -> Recalled | None:
    """Kept scores of a recording; None where there are none.

    Windows that Scope did not predict come from the newest job that finished the recording.

    Raises:
        ScoresError: the sound file has gone, or what Scope kept is damaged.
    """
    own = _own(question)
    if own is not None and not np.isnan(own.values).any():
        return own
    theirs = _of_jobs(question)
    if own is None or theirs is None:
        return own or theirs
    if (own.classes, own.checkpoints) != (theirs.classes, theirs.checkpoints):
        return own
    if own.values.shape != theirs.values.shape:
        return own
    values = np.where(np.isnan(own.values), theirs.values, own.values)
    return Recalled(values, own.checkpoints, own.classes, own.weights)


def _own(question: Recall) -> Recalled | None:
    from birdscope.session.live_scores import META_FILE, LiveScores

    if not (question.folder / META_FILE).exists():
        return None
    if not question.path.exists():
        raise ScoresError("there is no such file", path=question.path)
    live = LiveScores.open(question.folder)
    values = live.read(question.recording, question.path)
    if values is None:
        return None
    return Recalled(values, live.meta.checkpoints, live.meta.classes, live.meta.weights)


def _of_jobs(question: Recall) -> Recalled | None:
    """The newest job's, from a folder `<code>/<part>` for each."""
    from birdscope.inference.store_files import META

    if question.jobs is None:
        return None
    metas = sorted(question.jobs.glob(f"*/*/{META}"), key=_age, reverse=True)
    # a damaged store of a job is for Audition and the job's page to tell of
    for meta in metas:
        with suppress(ScoresError):
            found = _of_store(meta.parent, question.recording)
            if found is not None:
                return found
    return None


def _of_store(folder: Path, recording: str) -> Recalled | None:
    from birdscope.inference.store import ScoresStore

    store = ScoresStore.open(folder)
    if recording not in store.done:
        return None
    values = np.array(store.raw_values[:, store.rows.span(recording)], np.float32)
    meta = store.meta
    return Recalled(values, meta.checkpoints, meta.classes, dict(meta.weights))


def _age(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
